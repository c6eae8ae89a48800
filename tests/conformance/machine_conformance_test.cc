// SPDX-License-Identifier: GPL-2.0-or-later
// Every registered machine, in every form that a dump has: its dump tells what it is of, and gives the registers of
// each CPU and the memory. Nothing here is said of a machine by name: a new one is held to this by being registered.
#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "arch/architecture.h"
#include "conformance/dump_forms.h"
#include "kernel/switch_frame.h"
#include "support/fake_machine.h"
#include "target/target.h"
#include "unit/dump/dump_test_support.h"
#include "unwind/unwinders.h"

namespace whyhung {
namespace {

using arch::Architecture;
using test::Bytes;
using test::DumpForm;
using test::MemoryImage;

constexpr unsigned kCpus = 3;
constexpr std::uint32_t kFirstPid = 4711;

// A word of pr_reg that no other word of any CPU equals, and that every machine may have in any register.
std::uint64_t word_of(unsigned cpu, std::size_t index) {
  return 0xffff'ffff'8000'0000 + 0x10000 * cpu + 0x100 * index;
}

// struct elf_prstatus is the same up to pr_reg on all 64-bit machines.
Bytes prstatus(const Architecture& architecture, unsigned cpu, ByteOrder order) {
  constexpr std::size_t kPid = 32, kRegisters = 112;
  Bytes note(architecture.prstatus_size);
  for (std::size_t i = 0; kRegisters + 8 * i + 8 <= note.size(); ++i) {
    store(note.data() + kRegisters + 8 * i, word_of(cpu, i), order);
  }
  store(note.data() + kPid, kFirstPid + cpu, order);
  return note;
}

test::Origin origin_of(const Architecture& architecture) {
  test::Origin origin;
  origin.machine = architecture.uts_machines.front();
  origin.elf_machine = architecture.elf_machine;
  origin.order = architecture.byte_order;
  origin.notes = [&architecture](ByteOrder order) {
    Bytes notes;
    const auto append = [&](const Bytes& note) { notes.insert(notes.end(), note.begin(), note.end()); };
    for (unsigned cpu = 0; cpu < kCpus; ++cpu) {
      append(test::build_note("CORE", 1, prstatus(architecture, cpu, order), order));
    }
    append(test::build_note("VMCOREINFO", 0, test::bytes_of(test::kSampleVmcoreinfo), order));
    return notes;
  };
  return origin;
}

// What a hand-filled word may have become: without the bits that a machine keeps for something else.
bool is_word_of(unsigned cpu, std::optional<std::uint64_t> value) {
  if (!value) return false;
  for (std::size_t i = 0; i < 64; ++i) {
    if (*value == word_of(cpu, i) || *value == (word_of(cpu, i) & 0x7fff'ffff'ffff'ffff)) return true;
  }
  return false;
}

class MachineConformance : public testing::TestWithParam<std::tuple<const Architecture*, DumpForm>> {
 protected:
  const Architecture& architecture() const { return *std::get<0>(GetParam()); }
  std::unique_ptr<dump::Dump> open(const MemoryImage& image, const test::Origin& origin) const {
    return dump::must_open(dump::open_all(std::get<1>(GetParam()).build(image, origin)));
  }
  const Architecture* found(const dump::Dump& dump) const {
    std::optional<std::size_t> prstatus_size;
    for (const dump::Note& note : dump.notes()) {
      if (note.name == "CORE") prstatus_size = note.data.size();
    }
    return arch::find_architecture(dump.facts().elf_machine, dump.facts().machine, prstatus_size);
  }
  static bool has_notes(const dump::Dump& dump) { return !dump.notes().empty(); }
};

TEST_P(MachineConformance, TheDumpTellsWhatMachineItIsOf) {
  for (const std::string_view name : architecture().uts_machines) {
    test::Origin origin = origin_of(architecture());
    origin.machine = name;
    const auto dump = open(test::sample_image(1), origin);
    ASSERT_TRUE(dump);
    EXPECT_EQ(found(*dump), &architecture()) << name;
  }
}

TEST_P(MachineConformance, TheSizeOfTheNotesTellsItWhereNothingElseDoes) {
  // As QEMU names the machine in the kdump header of some guests.
  test::Origin origin = origin_of(architecture());
  origin.machine = "Unknown";
  const auto dump = open(test::sample_image(2), origin);
  ASSERT_TRUE(dump);
  const auto same_size = [&](const Architecture* one) {
    return !one->always_named && one->prstatus_size == architecture().prstatus_size;
  };
  const bool is_alone =
      !architecture().always_named && std::ranges::count_if(arch::all_architectures(), same_size) == 1;
  if (dump->facts().elf_machine || (has_notes(*dump) && is_alone)) {
    EXPECT_EQ(found(*dump), &architecture());
  } else {
    EXPECT_NE(found(*dump), &architecture()) << "a machine is not guessed";
  }
}

TEST_P(MachineConformance, GivesTheRegistersOfEachCpu) {
  target::Target target;
  target.dump = open(test::sample_image(3), origin_of(architecture()));
  ASSERT_TRUE(target.dump);
  target.architecture = &architecture();
  const auto registers = target::registers_in_file(target);
  if (!has_notes(*target.dump)) {
    EXPECT_TRUE(registers.empty());
    return;
  }
  ASSERT_EQ(registers.size(), kCpus);
  for (unsigned cpu = 0; cpu < kCpus; ++cpu) {
    EXPECT_EQ(registers[cpu].pid, kFirstPid + cpu);
    EXPECT_TRUE(is_word_of(cpu, registers[cpu].registers.get(architecture().program_counter)));
    EXPECT_TRUE(is_word_of(cpu, registers[cpu].registers.get(architecture().stack_pointer)));
  }
}

TEST_P(MachineConformance, GivesTheMemoryInPagesOfEachSize) {
  for (const std::uint32_t page_size : {4096u, 16384u, 65536u}) {
    const MemoryImage image = test::sample_image(4, page_size, 40);
    const auto dump = open(image, origin_of(architecture()));
    ASSERT_TRUE(dump);
    dump::expect_image(*dump, image);
  }
}

TEST_P(MachineConformance, NotesThatAreTooShortGiveNoRegisters) {
  test::Origin origin = origin_of(architecture());
  for (const std::size_t size : {std::size_t{0}, std::size_t{36}, architecture().prstatus_size / 2}) {
    origin.notes = [&](ByteOrder order) {
      Bytes note = prstatus(architecture(), 0, order);
      note.resize(size);
      return test::build_note("CORE", 1, note, order);
    };
    target::Target target;
    target.dump = open(test::sample_image(5), origin);
    ASSERT_TRUE(target.dump);
    target.architecture = &architecture();
    EXPECT_TRUE(target::registers_in_file(target).empty()) << size;
  }
}

std::string name_of(const testing::TestParamInfo<MachineConformance::ParamType>& info) {
  return fmt::format("{}_{}", std::get<0>(info.param)->name, std::get<1>(info.param).name);
}

INSTANTIATE_TEST_SUITE_P(Machines, MachineConformance,
                         testing::Combine(testing::ValuesIn(arch::all_architectures().begin(),
                                                            arch::all_architectures().end()),
                                          testing::ValuesIn(test::all_dump_forms())),
                         name_of);

class ArchitectureConformance : public testing::TestWithParam<const Architecture*> {
 protected:
  // Answers every question about the machine with the same.
  static arch::MachineFacts facts(std::optional<std::uint64_t> number, std::optional<std::uint64_t> symbol,
                                  std::optional<std::uint64_t> page_size) {
    arch::MachineFacts facts;
    facts.number = [=](std::string_view) { return number; };
    facts.symbol = [=](std::string_view) { return symbol ? std::optional(VirtualAddress(*symbol)) : std::nullopt; };
    facts.page_size = page_size;
    return facts;
  }
};

TEST_P(ArchitectureConformance, IsFoundByWhatItIsCalled) {
  const Architecture& one = *GetParam();
  EXPECT_EQ(arch::find_architecture(one.elf_machine, "", std::nullopt), &one);
  ASSERT_FALSE(one.uts_machines.empty());
  for (const std::string_view name : one.uts_machines) {
    EXPECT_EQ(arch::find_architecture(std::nullopt, name, std::nullopt), &one);
  }
  std::set<std::string_view> names;
  for (const Architecture* other : arch::all_architectures()) names.insert(other->name);
  EXPECT_EQ(names.size(), arch::all_architectures().size());
}

TEST_P(ArchitectureConformance, NamesItsRegistersOnce) {
  const Architecture& one = *GetParam();
  const std::set<std::string_view> names(one.register_names.begin(), one.register_names.end());
  EXPECT_EQ(names.size(), one.register_names.size());
  for (const std::size_t index : {one.program_counter, one.stack_pointer, one.frame_pointer}) {
    EXPECT_LT(index, one.register_names.size());
  }
  EXPECT_LT(one.percpu_base_register.value_or(0), one.register_names.size());
  EXPECT_LT(one.current_task_register.value_or(0), one.register_names.size());
  EXPECT_LT(one.soft_mask_register.value_or(0), one.register_names.size());
}

TEST_P(ArchitectureConformance, ReadsPtRegsOfTheSizeThatItAsksFor) {
  const Architecture& one = *GetParam();
  if (one.decode_pt_regs == nullptr) return;
  Bytes bytes(one.pt_regs_size);
  for (std::size_t i = 0; 8 * i + 8 <= bytes.size(); ++i) store(bytes.data() + 8 * i, word_of(0, i), one.byte_order);
  const arch::RegisterSet registers = one.decode_pt_regs(bytes);
  EXPECT_TRUE(is_word_of(0, registers.get(one.program_counter)));
  EXPECT_TRUE(is_word_of(0, registers.get(one.stack_pointer)));
}

TEST_P(ArchitectureConformance, AsksForWhatItsAddressSpaceNeedsAndSaysWhatIsMissing) {
  const Architecture& one = *GetParam();
  const test::MemoryImage image = test::sample_image(8);
  const auto dump = dump::must_open(dump::open_all(test::all_dump_forms().front().build(image, {})));
  ASSERT_TRUE(dump);
  for (const std::optional<std::uint64_t> number : {std::optional<std::uint64_t>(), {0}, {48}, {~0ull}}) {
    for (const std::optional<std::uint64_t> symbol : {std::optional<std::uint64_t>(), {0}, {word_of(0, 0)}, {~0ull}}) {
      for (const std::optional<std::uint64_t> page :
           {std::optional<std::uint64_t>(), {4096}, {16384}, {65536}, {3}, {~0ull}}) {
        const auto space = one.make_address_space(*dump, facts(number, symbol, page));
        if (!space) {
          EXPECT_NE(space.error().what, "");
          continue;
        }
        EXPECT_NE((*space)->description(), "");
        for (unsigned shift = 0; shift < 64; ++shift) {
          const VirtualAddress address(~std::uint64_t{0} << shift);
          const auto mapping = (*space)->translate(address);
          EXPECT_TRUE(!mapping || mapping->bytes_to_end >= 1) << fmt::format("{:#x}", address.value);
          (void)(*space)->translate_user(PhysicalAddress(0x1000), address);
          EXPECT_EQ((*space)->canonical((*space)->canonical(address)), (*space)->canonical(address));
        }
      }
    }
  }
}

TEST_P(ArchitectureConformance, HasAnUnwinderAndASwitchFrame) {
  const Architecture& one = *GetParam();
  test::FakeMachine machine(std::string_view(), one.byte_order);
  machine.symbols.add("_stext", word_of(0, 0), 0x1000);
  const auto unwinder = unwind::make_unwinder({one, machine.memory, machine.symbols, machine.types, nullptr});
  if (unwinder) {
    EXPECT_NE((*unwinder)->description(), "");
    EXPECT_TRUE((*unwinder)->walk({}).frames.empty());
  } else {
    EXPECT_NE(unwinder.error().kind, ErrorKind::kUnsupported) << unwinder.error().what;
  }
  // A machine without a row in the table of switch frames asks for no member and has no reader of its own.
  machine.types.add(
      "task_struct 64: stack@0:8 thread.sp@8:8 thread.ksp@8:8 thread.cpu_context.sp@8:8\n"
      "stack_frame 160: back_chain@0:8 gprs@16:80");
  machine.memory.write_u64(word_of(1, 8), word_of(1, 16));
  kernel::Binder binder(machine.types), frames(machine.types);
  const auto tasks = kernel::TaskView::bind(machine.access(), binder);
  const auto view = kernel::SwitchFrameView::bind(one, frames, machine.types);
  const VirtualAddress task(word_of(1, 8) - 8);
  const auto frame = view.read(machine.access(), tasks, task);
  const bool has_no_row = frames.missing().empty() && !frame && frame.error().address == word_of(1, 16) &&
                          frame.error().kind == FaultKind::kNoSuchField;
  EXPECT_FALSE(has_no_row);
}

INSTANTIATE_TEST_SUITE_P(Architectures, ArchitectureConformance,
                         testing::ValuesIn(arch::all_architectures().begin(), arch::all_architectures().end()),
                         [](const auto& one) { return std::string(one.param->name); });

}  // namespace
}  // namespace whyhung

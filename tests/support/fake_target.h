// SPDX-License-Identifier: GPL-2.0-or-later
// FakeTarget: an opened machine without a dump: memory, types and symbols are those of a FakeMachine, virtual addresses
// are physical ones, and stacks are what the test says.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "arch/x86_64.h"
#include "support/fake_machine.h"
#include "target/target.h"

namespace whyhung::test {

class FakeDump final : public dump::Dump {
 public:
  explicit FakeDump(const PagedMemory& memory) : memory_(memory) {
    about.format = "a dump of the test";
    about.page_size = 4096;
  }
  ReadResult<void> read(PhysicalAddress address, std::span<std::byte> out) const override {
    return memory_.read(VirtualAddress(address.value), out);
  }
  const dump::DumpFacts& facts() const override { return about; }
  std::span<const dump::Note> notes() const override { return notes_; }
  std::span<const dump::LoadSegment> segments() const override { return {}; }
  std::string_view vmcoreinfo() const override { return {}; }
  std::optional<PhysicalAddress> next_page(PhysicalAddress) const override { return std::nullopt; }
  dump::DumpStatistics statistics() const override { return {}; }
  std::vector<TouchedPage> touched_pages() const override { return {}; }

  // An ELF note of the file.
  void add_note(std::string name, std::uint32_t type, std::vector<std::byte> data);

  dump::DumpFacts about;

 private:
  const PagedMemory& memory_;
  std::vector<std::unique_ptr<std::pair<std::string, std::vector<std::byte>>>> note_bytes_;
  std::vector<dump::Note> notes_;
};

// Gives the stack that the test set for a stack pointer; else the one frame that the registers say.
class FakeUnwinder final : public unwind::Unwinder {
 public:
  unwind::Stack walk(const unwind::WalkStart& start) override;
  std::optional<unwind::FrameState> find_interruption(VirtualRange stack) override {
    const auto found = interruptions.find(stack.begin.value);
    return found == interruptions.end() ? std::nullopt : std::optional(found->second);
  }
  void add_module(const unwind::ModuleTables& tables) override { modules.push_back(tables); }
  std::string description() const override { return "stacks of the test"; }

  std::map<std::uint64_t, unwind::Stack> stacks;              // by stack pointer
  std::map<std::uint64_t, unwind::FrameState> interruptions;  // by the lowest address of the stack
  std::vector<unwind::ModuleTables> modules;
};

class FakeTarget {
 public:
  FakeTarget();
  FakeTarget(const FakeTarget&) = delete;
  FakeTarget& operator=(const FakeTarget&) = delete;

  FakeMachine machine;
  target::Target target;
  FakeDump* dump = nullptr;          // owned by `target`
  FakeUnwinder* unwinder = nullptr;  // owned by `target`
};

// A struct elf_prstatus of x86_64 with these registers.
std::vector<std::byte> prstatus_of(const arch::RegisterSet& registers, std::uint32_t pid);

}  // namespace whyhung::test

// SPDX-License-Identifier: GPL-2.0-or-later
// The CPU's line and its registers: where it was, and whether it took interrupts.
#include <algorithm>
#include <array>

#include "log/reader.h"

namespace whyhung::log {
namespace {

// "6.11.5-300.fc41.x86_64" behind the taint of a CPU's line.
std::string_view release_of(std::string_view rest) {
  for (std::string_view word = take_word(rest = trimmed_left(rest)); !word.empty();
       word = take_word(rest = trimmed_left(rest))) {
    if (is_digit(word.front()) && word.find('.') != std::string_view::npos) return word;
  }
  return {};
}

// Ends of "Comm: name Tainted: …".
std::string_view comm_of(std::string_view text, std::string_view& rest) {
  std::size_t end = text.size();
  for (const std::string_view mark : {" Tainted:", " Not tainted", " Kdump:", " tainted"}) {
    end = std::min(end, text.find(mark));
  }
  rest = text.substr(end);
  return trimmed(text.substr(0, end));
}

bool same_cpu(const Dump& dump, std::uint64_t cpu) {
  return dump.cpu && *dump.cpu == cpu;
}

// A CPU's line belongs to the report that has just named this CPU; otherwise somebody new begins to speak.
Dump& dump_of_cpu(Reader& reader, std::uint64_t cpu) {
  Dump* current = reader.next_cpu_line ? nullptr : reader.dump();
  if (current != nullptr && current->frames.empty() && (same_cpu(*current, cpu) || !current->cpu)) return *current;
  if (reader.lockup && !reader.next_cpu_line) {
    Lockup& lockup = reader.events().lockups[*reader.lockup];
    if (lockup.cpu == cpu && !lockup.dump) {
      const std::size_t index = reader.open_dump(lockup.hard ? DumpOrigin::kHardLockup : DumpOrigin::kSoftLockup);
      lockup.dump = index;
      return reader.events().dumps[index];
    }
  }
  const DumpOrigin origin = reader.next_cpu_line.value_or(reader.stall ? DumpOrigin::kRcu : DumpOrigin::kOther);
  reader.next_cpu_line.reset();
  const std::size_t index = reader.open_dump(origin);
  if (origin == DumpOrigin::kRcu && reader.stall) reader.events().stalls[*reader.stall].dumps.push_back(index);
  return reader.events().dumps[index];
}

void fill(Reader& reader, std::uint64_t cpu, std::uint64_t pid, std::string_view behind_comm) {
  Dump& dump = dump_of_cpu(reader, cpu);
  std::string_view rest;
  dump.cpu = static_cast<std::uint32_t>(cpu);
  if (pid <= UINT32_MAX) dump.pid = static_cast<std::uint32_t>(pid);
  dump.comm = comm_of(behind_comm, rest);
  dump.idle = pid == 0;  // "swapper/0" with pid 1 is the first task, which starts the machine
  if (dump.state == '?') dump.is_running = true;
  if (reader.events().release.empty()) reader.events().release = release_of(rest);
}

void set_point(Reader& reader, std::string_view text) {
  Dump* dump = reader.dump();
  if (dump == nullptr || !dump->point.empty()) return;
  std::string_view at = trimmed_left(text);
  for (int i = 0; i < 3; ++i) {  // "[<ffffffff81…>]  [<ffffffff81…>] f+0x1/0x2"
    std::string_view rest = at;
    if (!take(rest, "[")) break;
    take(rest, "<");
    if (!take_hex(rest)) break;
    take(rest, ">");
    if (!take(rest, "]")) break;
    at = trimmed_left(rest);
  }
  if (const auto frame = take_location(at)) {
    dump->point = frame->function;
    dump->point_module = frame->module;
  }
}

}  // namespace

void read_cpu_line(Reader& reader) {
  auto found = match(reader.text(), "CPU: %d PID: %d Comm: %s");
  if (!found) {
    found = match(reader.text(), "CPU: %d UID: %d PID: %d Comm: %s");
    if (found) found->number[1] = found->number[2];
  }
  if (found && found->number[0] <= 65535) fill(reader, found->number[0], found->number[1], found->text[0]);
}

void read_old_cpu_line(Reader& reader) {
  const auto found = match(reader.text(), "Pid: %d, comm: %s");
  if (!found) return;
  Dump* current = reader.dump();
  std::uint64_t cpu = current != nullptr && current->cpu ? *current->cpu : 0;
  if (reader.lockup) cpu = reader.events().lockups[*reader.lockup].cpu;
  fill(reader, cpu, found->number[0], found->text[0]);
}

void read_program_counter(Reader& reader) {
  const std::string_view text = reader.text();
  for (const std::string_view mark : {"RIP: 0010:", "pc : ", "PC is at ", "epc : ", "EIP: ", "EIP is at "}) {
    const std::size_t at = text.find(mark);
    if (at != std::string_view::npos) set_point(reader, text.substr(at + mark.size()));
  }
  // powerpc: "NIP [c000…] f+0x1/0x2" behind the line of registers.
  if (const std::size_t at = text.find("NIP ["); at != std::string_view::npos) set_point(reader, text.substr(at + 4));
}

void read_user_program_counter(Reader& reader) {
  Dump* dump = reader.dump();
  if (dump != nullptr && dump->frames.empty() && dump->point.empty()) dump->user_mode = true;
}

void read_flags(Reader& reader) {
  Dump* dump = reader.dump();
  const auto found = match(reader.text(), "FLAGS: %x");  // EFLAGS of a report, RFLAGS of crash
  if (dump == nullptr || !found || dump->interrupts_on || dump->user_mode) return;
  if (reader.text().starts_with("RSP: 002b") || reader.text().starts_with("RSP: 0023")) return;
  dump->interrupts_on = (found->number[0] & 0x200) != 0;
}

void read_pstate(Reader& reader) {
  Dump* dump = reader.dump();
  const auto found = match(reader.text(), "pstate: %x (%w %w");
  if (dump == nullptr || !found || dump->interrupts_on) return;
  const std::string_view mask = found->text[1].substr(0, 4);
  if (mask.size() == 4) dump->interrupts_on = mask[2] == 'i';
}

void read_msr(Reader& reader) {
  Dump* dump = reader.dump();
  const std::size_t at = reader.text().find("MSR:");
  if (dump == nullptr || at == std::string_view::npos || dump->interrupts_on) return;
  const std::string_view bits = reader.text().substr(at);
  const std::size_t open = bits.find('<');
  if (open == std::string_view::npos) return;
  const std::string_view names = bits.substr(open, bits.find('>'));
  dump->interrupts_on = names.find("EE") != std::string_view::npos;
  // ppc64 masks interrupts in software: the bit says nothing where the mask is told.
  if (const auto mask = match(reader.text(), "IRQMASK: %x")) dump->interrupts_on = mask->number[0] == 0;
}

void read_psw(Reader& reader) {
  Dump* dump = reader.dump();
  const std::string_view text = reader.text();
  if (dump == nullptr) return;
  if (const std::size_t at = text.find("Krnl PSW"); at != std::string_view::npos) {
    const std::size_t open = text.find('(', at);
    if (open != std::string_view::npos) set_point(reader, text.substr(open + 1));
  }
  if (const auto found = match(text, "R:%d T:%d IO:%d EX:%d")) {
    if (!dump->interrupts_on) dump->interrupts_on = found->number[3] != 0;
  }
}

void read_riscv_status(Reader& reader) {
  Dump* dump = reader.dump();
  const auto found = match(reader.text(), "status: %x badaddr");
  // The trap itself clears the bit for interrupts (2) and keeps what it was before (32).
  if (dump != nullptr && found && !dump->interrupts_on) dump->interrupts_on = (found->number[0] & 0x20) != 0;
}

void read_hardware(Reader& reader) {
  const std::string_view text = reader.text();
  const std::size_t at = text.find("Hardware name:");
  const std::string_view name = at != std::string_view::npos ? trimmed(text.substr(at + 14)) : text;
  if (reader.events().hardware.empty()) reader.events().hardware = name;
  constexpr std::array<std::string_view, 18> kHypervisors = {
      "QEMU",  "KVM",     "VMware",   "Virtual Machine", "VirtualBox", "Xen",   "Google", "Amazon EC2", "OpenStack",
      "Bochs", "Nutanix", "HVM domU", "Alibaba Cloud",   "Parallels",  "bhyve", "oVirt",  "RHEV",       "innotek"};
  const auto names = [&](std::string_view word) { return name.find(word) != std::string_view::npos; };
  if (std::ranges::any_of(kHypervisors, names)) reader.note(NoteKind::kGuest, name);
}

}  // namespace whyhung::log

// SPDX-License-Identifier: GPL-2.0-or-later
// search: where a value or a text stands in the memory that the dump holds.
#include <algorithm>
#include <cstring>

#include "base/text.h"
#include "commands/command.h"
#include "commands/expression.h"
#include "commands/task_choice.h"

namespace whyhung::commands {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::size_t kMostHits = 1u << 16;

constexpr auto kOptions =
    std::to_array<Option>({{"s", "START", "begin there; without it all of physical memory is searched"},
                           {"e", "END", "end there"},
                           {"l", "LENGTH", "end so many bytes behind the start"},
                           {"p", "", "physical addresses (as without -s)"},
                           {"m", "MASK", "bits that do not count"},
                           {"w", "", "units of 32 bits"},
                           {"h", "", "units of 16 bits"},
                           {"c", "", "what is looked for is text"},
                           {"t", "", "only the stacks of tasks"}});

struct Wanted {
  std::string shown;
  std::vector<std::byte> bytes;  // as they stand in memory
  std::uint64_t value = 0;
};

class Searcher {
 public:
  Searcher(Call& call, std::vector<Wanted> wanted, std::size_t unit, std::uint64_t mask)
      : call_(call), wanted_(std::move(wanted)), unit_(unit), mask_(mask) {}

  // False when enough was found or the user wants no more.
  bool page(std::uint64_t address, std::span<const std::byte> bytes) {
    const ByteOrder order = call_.machine().access.memory.byte_order();
    if (unit_ == 1) return text_in(address, bytes);
    for (std::size_t at = 0; at + unit_ <= bytes.size(); at += unit_) {
      const std::uint64_t value = unit_ == 8   ? load<std::uint64_t>(&bytes[at], order)
                                  : unit_ == 4 ? load<std::uint32_t>(&bytes[at], order)
                                               : load<std::uint16_t>(&bytes[at], order);
      for (const Wanted& wanted : wanted_) {
        if ((value & ~mask_) == (wanted.value & ~mask_) && !hit(address + at, fmt::format("{:x}", value))) {
          return false;
        }
      }
    }
    return !call_.context.is_stopped();
  }

 private:
  bool text_in(std::uint64_t address, std::span<const std::byte> bytes) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    for (const Wanted& wanted : wanted_) {
      const std::string_view needle(reinterpret_cast<const char*>(wanted.bytes.data()), wanted.bytes.size());
      for (std::size_t at = text.find(needle); at != std::string_view::npos; at = text.find(needle, at + 1)) {
        if (!hit(address + at, printable(text.substr(at, 48)))) return false;
      }
    }
    return !call_.context.is_stopped();
  }
  bool hit(std::uint64_t address, const std::string& shown) {
    Value row = Value::object();
    row.set("address", Value::address(address));
    row.set("value", shown);
    call_.output.row(fmt::format("{:x}: {}\n", address, shown), row);
    return ++hits_ < kMostHits;
  }

  Call& call_;
  std::vector<Wanted> wanted_;
  std::size_t unit_;
  std::uint64_t mask_;
  std::size_t hits_ = 0;
};

Result<std::vector<Wanted>> wanted_of(Call& call, std::size_t unit) {
  std::vector<Wanted> all;
  for (const std::string& word : call.words()) {
    Wanted wanted;
    wanted.shown = word;
    if (unit == 1) {
      for (const char c : word) wanted.bytes.push_back(static_cast<std::byte>(c));
    } else {
      // A symbol stands for its address, as an expression in parentheses for what it comes to.
      TRY_ASSIGN(wanted.value, parse_address(call, word));
    }
    all.push_back(std::move(wanted));
  }
  if (all.empty()) return fail(ErrorKind::kUsage, "search wants a value: search ffff888003c5a0a0");
  return all;
}

void search_virtual(Call& call, Searcher& searcher, VirtualRange range) {
  std::array<std::byte, kPage> bytes;
  for (std::uint64_t at = range.begin.value; at < range.end.value;) {
    const std::uint64_t page_end = std::min((at & ~(kPage - 1)) + kPage, range.end.value);
    const auto part = std::span(bytes).first(page_end - at);
    if (call.machine().access.memory.read(VirtualAddress(at), part) && !searcher.page(at, part)) return;
    if (call.context.is_stopped()) return;
    if (page_end < at) return;
    at = page_end;
  }
}

void search_physical(Call& call, Searcher& searcher) {
  const dump::Dump& dump = *call.machine().target.dump;
  std::array<std::byte, kPage> bytes;
  std::uint64_t next = 0;
  while (const auto page = dump.next_page(PhysicalAddress(next))) {
    if (dump.peek(*page, bytes) && !searcher.page(page->value, bytes)) return;
    if (call.context.is_stopped() || page->value + kPage < next) return;
    next = page->value + kPage;
  }
}

Result<void> run(Call& call) {
  const std::size_t unit = call.has("c") ? 1 : call.has("h") ? 2 : call.has("w") ? 4 : 8;
  TRY_ASSIGN(std::vector<Wanted> wanted, wanted_of(call, unit));
  std::uint64_t mask = 0;
  if (const auto text = call.arguments.value("m")) {
    TRY_ASSIGN(mask, parse_address(call, *text));
  }
  Searcher searcher(call, std::move(wanted), unit, mask);
  if (call.has("t")) {
    for (const model::Task& task : call.snapshot().tasks) {
      const VirtualAddress base(task.stack_base);
      if (task.stack_base != 0) search_virtual(call, searcher, {base, base + task.stack_size});
    }
  } else if (const auto start = call.arguments.value("s")) {
    VirtualRange range;
    TRY_ASSIGN(range.begin.value, parse_address(call, *start));
    range.end.value = ~0ull;
    if (const auto end = call.arguments.value("e")) {
      TRY_ASSIGN(range.end.value, parse_address(call, *end));
    } else if (const auto length = call.arguments.value("l")) {
      TRY_ASSIGN(const std::uint64_t bytes, parse_count(*length, ~0ull));
      range.end = range.begin + bytes;
    } else {
      return fail(ErrorKind::kUsage, "with -s search wants an end too: -e or -l");
    }
    search_virtual(call, searcher, range);
  } else {
    call.output.heading("(physical addresses)\n");
    search_physical(call, searcher);
  }
  if (call.context.is_stopped()) return fail(ErrorKind::kLimit, "stopped");
  return {};
}

}  // namespace

extern const Command kSearch = {.name = "search",
                                .usage = "search [-s START (-e END|-l LENGTH)] [-pt] [-whc] [-m MASK] VALUE|TEXT…",
                                .help = "where a value or a text stands in memory",
                                .options = kOptions,
                                .needs = Needs::kMachine,
                                .run = run};

}  // namespace whyhung::commands

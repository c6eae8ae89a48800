// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include "base/text.h"
#include "commands/desk.h"
#include "commands/expression.h"
#include "commands/kmem_parts.h"
#include "commands/object.h"
#include "commands/page_frames.h"
#include "commands/task_choice.h"

namespace whyhung::commands {
namespace {

constexpr std::uint64_t kMostAreaNodes = 4096;

// The heads of the lists of areas.
std::vector<std::uint64_t> area_lists(const Call& call) {
  auto& access = call.machine().access;
  if (const auto list = access.symbols.address_of("vmap_area_list")) return {list->value};
  // v6.9 (d093602919ad): many lists in place of one.
  std::vector<std::uint64_t> heads;
  const auto table = variable_number(call, "vmap_nodes", 8);
  const std::uint64_t count = std::min(variable_number(call, "nr_vmap_nodes", 4).value_or(1), kMostAreaNodes);
  const auto size = access.types.size_of("vmap_node");
  for (std::uint64_t i = 0; table && size && i < count; ++i) {
    if (const auto head = Object(call, "vmap_node", *table + i * *size).place({"busy.head"})) heads.push_back(*head);
  }
  return heads;
}

}  // namespace

Result<std::vector<VirtualArea>> virtual_areas(const Call& call, std::string& broken) {
  std::vector<VirtualArea> areas;
  const auto heads = area_lists(call);
  if (heads.empty()) return fail(ErrorKind::kNotFound, "how this kernel keeps the areas of vmalloc is not known");
  for (const std::uint64_t head : heads) {
    const Elements list = list_elements(call, head, "vmap_area", "list");
    if (broken.empty()) broken = list.broken;
    for (const std::uint64_t address : list.addresses) {
      const Object area(call, "vmap_area", address);
      const auto start = area.number({"va_start"});
      const auto end = area.number({"va_end"});
      if (start && end) areas.push_back({address, area.number({"vm"}).value_or(0), *start, *end});
    }
  }
  std::ranges::sort(areas, {}, &VirtualArea::start);
  return areas;
}

void show_virtual_area(Call& call, const VirtualArea& area) {
  Value value = Value::object();
  value.set("area", Value::address(area.address));
  value.set("vm_struct", Value::address(area.use));
  value.set("start", Value::address(area.start));
  value.set("end", Value::address(area.end));
  call.output.row(fmt::format("{:016x}  {:016x}  {:016x} - {:016x}  {:>7}\n", area.address, area.use, area.start,
                              area.end, area.end - area.start),
                  value);
}

Result<void> show_virtual_areas(Call& call) {
  std::string broken;
  TRY_ASSIGN(const auto areas, virtual_areas(call, broken));
  call.output.heading(kAreaHeading);
  for (const VirtualArea& area : areas) {
    if (call.context.is_stopped()) break;
    if (area.use != 0) show_virtual_area(call, area);
  }
  call.output.heading(broken_text(broken));
  return {};
}

Result<void> show_flags(Call& call, const std::vector<std::string>& words) {
  const PageRows rows(call);
  if (rows.names().empty()) return fail(ErrorKind::kNotFound, "this kernel's types do not name the flags of pages");
  if (!words.empty()) {
    TRY_ASSIGN(const std::uint64_t flags, parse_address(call, words.front()));
    Value value = Value::object();
    value.set("flags", Value::address(flags));
    value.set("names", rows.flags(flags));
    call.output.record(fmt::format("FLAGS: {:x}\n  {}\n", flags, rows.flags(flags)), value);
    return {};
  }
  std::size_t width = 0;
  for (const auto& [name, bit] : rows.names()) width = std::max(width, name.size());
  call.output.heading(fmt::format("{:<{}}  BIT  VALUE\n", "PAGE-FLAG", width));
  for (const auto& [name, bit] : rows.names()) {
    Value value = Value::object();
    value.set("name", name);
    value.set("bit", bit);
    call.output.row(fmt::format("{:<{}}  {:>3}  {:07x}\n", printable(name), width, bit, std::uint64_t{1} << bit),
                    value);
  }
  return {};
}

Result<void> show_offsets(Call& call) {
  const auto& percpu = call.machine().percpu();
  call.output.heading("PER-CPU OFFSET VALUES:\n");
  for (const std::uint32_t cpu : percpu.possible()) {
    Value value = Value::object();
    value.set("cpu", cpu);
    value.set("offset", Value::address(percpu.offset(cpu)));
    call.output.row(fmt::format("  CPU {}: {:016x}\n", cpu, percpu.offset(cpu)), value);
  }
  return {};
}

Result<void> show_pages(Call& call) {
  TRY_ASSIGN(const PageFrames frames, PageFrames::open(call));
  const PageRows rows(call);
  call.output.heading(kPageHeading);
  for (const MemorySection& section : frames.sections()) {
    const std::uint64_t first = section.number * frames.pages_per_section();
    for (std::uint64_t i = 0; i < frames.pages_per_section(); ++i) {
      if (call.context.is_stopped()) return {};
      rows.show(call.output, section.map + (first + i) * frames.struct_size(), (first + i) * frames.page_size());
    }
  }
  return {};
}

Result<void> show_address(Call& call, std::uint64_t address) {
  bool found = false;
  // Each kind of thing parted from the next by a blank line.
  const auto part = [&](std::string_view heading) {
    if (found) call.output.heading("\n");
    call.output.heading(heading);
    found = true;
  };
  if (const std::string symbol = call.desk.meaning().symbol(address); !symbol.empty()) {
    part("");
    Value value = Value::object();
    value.set("address", Value::address(address));
    value.set("symbol", symbol);
    const auto found_at = call.machine().access.symbols.find_covering(VirtualAddress(address));
    const char letter = found_at && found_at->symbol.type != 0 ? found_at->symbol.type : '?';
    call.output.row(fmt::format("{:x} ({}) {}\n", address, letter, printable(symbol)), value);
  }
  std::string broken;
  if (const auto areas = virtual_areas(call, broken)) {
    const auto area =
        std::ranges::find_if(*areas, [&](const VirtualArea& one) { return address >= one.start && address < one.end; });
    if (area != areas->end()) {
      part(kAreaHeading);
      show_virtual_area(call, *area);
    }
  }
  TRY_ASSIGN(const bool is_object, show_object_at(call, address, call.has("S")));
  found = found || is_object;
  if (call.has("S") && is_object) return {};
  const auto physical = call.machine().target.memory->translate(VirtualAddress(address));
  const model::Task* task = call.snapshot().find_task(address);
  const bool is_stack = task == nullptr;
  // Not for low addresses: a task that ended has no stack any more.
  if (is_stack && physical) task = call.machine().task_with_stack_at(address);
  if (task != nullptr) {
    part("");
    Value value = Value::object();
    value.set("pid", task->pid);
    value.set("comm", task->comm);
    value.set("task", Value::address(task->address));
    value.set("is_stack", is_stack);
    call.output.row(fmt::format("{}{}", is_stack ? "on the stack of\n" : "", task_line(*task)), value);
  }
  const auto frames = PageFrames::open(call);
  if (frames) {
    const PageRows rows(call);
    // A struct page, an address of the kernel, or one of physical memory.
    auto frame = frames->frame_of(address);
    if (!frame && physical) frame = physical->value / frames->page_size();
    if (!frame && frames->struct_of(address / frames->page_size())) frame = address / frames->page_size();
    const auto page = frame ? frames->struct_of(*frame) : std::nullopt;
    if (page) {
      part(kPageHeading);
      rows.show(call.output, *page, *frame * frames->page_size());
    }
  }
  if (!found) return fail(ErrorKind::kNotFound, "{:#x} is no address of the kernel's memory", address);
  return {};
}

}  // namespace whyhung::commands

// SPDX-License-Identifier: GPL-2.0-or-later
// dev: character and block devices; -d, -D: what the disks have in flight; -i: ports and memory of devices; -p: PCI.
#include <algorithm>
#include <set>

#include "base/text.h"
#include "commands/command.h"
#include "commands/desk.h"
#include "commands/disks.h"
#include "commands/object.h"
#include "commands/ps_forms.h"
#include "kernel/system.h"

namespace whyhung::commands {
namespace {

constexpr std::size_t kMajors = 255;  // places of the tables of majors
constexpr std::size_t kMostDevices = 1u << 14;
constexpr std::size_t kMostResources = 1u << 16;
constexpr unsigned kMinorBits = 20;
constexpr unsigned kDeepestBus = 32;

constexpr auto kOptions = std::to_array<Option>({{"d", "", "how many requests each disk has in flight"},
                                                 {"D", "", "the same, only of disks that have any"},
                                                 {"requests", "", "with -d or -D: each request, and how old it is"},
                                                 {"i", "", "ranges of I/O ports and of memory that devices have"},
                                                 {"p", "", "PCI devices"}});

// The entries of one of the kernel's tables of majors, each place of which is a chain.
Result<std::vector<std::uint64_t>> majors(const Call& call, std::string_view table, std::string_view type) {
  const auto at = call.machine().access.symbols.address_of(table);
  if (!at) return fail(ErrorKind::kNotFound, "this kernel names no {}", table);
  std::vector<std::uint64_t> entries;
  std::set<std::uint64_t> seen;
  for (std::size_t i = 0; i < kMajors; ++i) {
    const auto first = call.machine().access.memory.read_pointer(*at + i * 8);
    if (!first) return fail(to_error(first.error(), table));
    std::uint64_t next = first->value;
    while (next != 0 && entries.size() < kMostDevices && seen.insert(next).second) {
      entries.push_back(next);
      next = Object(call, type, next).pointer({"next"}).value_or(0);
    }
  }
  return entries;
}

void show_device(Call& call, std::string_view kind, const std::optional<std::uint64_t>& major, const std::string& name,
                 const std::optional<std::uint64_t>& object, const std::optional<std::uint64_t>& operations) {
  const std::string symbol = operations ? call.desk.meaning().symbol(*operations) : "";
  const std::string shown_operations = !operations ? "" : symbol.empty() ? fmt::format("{:x}", *operations) : symbol;
  Value value = Value::object();
  value.set("kind", kind);
  value.set("major", shown_value(major));
  value.set("name", name);
  value.set("object", object ? Value::address(*object) : Value());
  if (operations) value.set("operations", shown_operations);
  call.output.row(fmt::format("{:>4}      {:<13}  {}  {}\n", shown(major), printable(name),
                              object ? fmt::format("{:016x}", *object) : "     (none)     ", shown_operations),
                  value);
}

// A device that was not entered with its numbers stands in the map of devices by them.
std::optional<std::uint64_t> mapped_device(const Call& call, const Object& numbers) {
  const auto map = variable_number(call, "cdev_map", 8);
  const auto probes = Object(call, "kobj_map", map.value_or(0)).place({"probes"});
  const auto major = numbers.number({"major"});
  const auto minor = numbers.number({"baseminor"});
  if (!map || !probes || !major || !minor) return std::nullopt;
  const std::uint64_t wanted = *major << kMinorBits | *minor;
  std::optional<std::uint64_t> found;
  std::uint64_t next =
      call.machine().access.memory.read_u64(VirtualAddress(*probes + *major % kMajors * 8)).value_or(0);
  for (std::size_t i = 0; next != 0 && i < kMostDevices; ++i) {
    const Object probe(call, "probe", next);
    const auto first = probe.number({"dev"});
    const auto range = probe.number({"range"});
    // The narrowest range stands first.
    if (first && range && wanted >= *first && wanted - *first < *range) {
      found = probe.pointer({"data"});
      break;
    }
    next = probe.pointer({"next"}).value_or(0);
  }
  return found;
}

Result<void> show_devices(Call& call) {
  call.output.heading("CHRDEV    NAME                 CDEV        OPERATIONS      \n");
  TRY_ASSIGN(const auto characters, majors(call, "chrdevs", "char_device_struct"));
  for (const std::uint64_t address : characters) {
    const Object entry(call, "char_device_struct", address);
    auto device = entry.pointer({"cdev"});
    if (!device) device = mapped_device(call, entry);
    show_device(call, "character", entry.number({"major"}), entry.text({"name"}).value_or("?"), device,
                Object(call, "cdev", device.value_or(0)).pointer({"ops"}));
  }
  call.output.heading("\nBLKDEV    NAME                GENDISK      OPERATIONS      \n");
  TRY_ASSIGN(const auto blocks, majors(call, "major_names", "blk_major_name"));
  const auto all = all_disks(call);
  for (const std::uint64_t address : blocks) {
    const Object entry(call, "blk_major_name", address);
    const auto major = entry.number({"major"});
    std::optional<std::uint64_t> disk;
    if (all && major) {
      const auto found = std::ranges::find(all->disks, *major, &DiskEntry::major);
      if (found != all->disks.end()) disk = found->gendisk;
    }
    show_device(call, "block", major, entry.text({"name"}).value_or("?"), disk,
                Object(call, "gendisk", disk.value_or(0)).pointer({"fops"}));
  }
  return {};
}

Value request_value(const DiskRequest& request) {
  Value value = Value::object();
  value.set("request", Value::address(request.address));
  value.set("tag", request.tag);
  value.set("direction", request.is_write ? "write" : "read");
  value.set("in_flight", request.is_in_flight);
  value.set("sector", shown_value(request.sector));
  value.set("bytes", shown_value(request.bytes));
  value.set("age_nanoseconds", shown_value(request.age_nanoseconds));
  return value;
}

Result<void> show_requests(Call& call) {
  TRY_ASSIGN(const Disks all, all_disks(call));
  const auto now = kernel::read_clocks(call.machine().access).monotonic_nanoseconds;
  call.output.heading("MAJOR GENDISK            NAME       REQUEST_QUEUE      TOTAL  READ WRITE \n");
  for (const DiskEntry& disk : all.disks) {
    if (call.context.is_stopped()) break;
    DiskRequests found = requests_of(call, disk.queue, now);
    std::ranges::sort(found.requests, std::ranges::greater(),
                      [](const DiskRequest& one) { return one.age_nanoseconds.value_or(0); });
    std::uint64_t reads = 0;
    std::uint64_t writes = 0;
    Value list = Value::array();
    std::string rows;
    for (const DiskRequest& request : found.requests) {
      if (request.is_in_flight) ++(request.is_write ? writes : reads);
      list.push(request_value(request));
      rows += fmt::format("      {} {:016x} tag {:<4} {:<5} {:<9} sector {} + {}\n",
                          request.age_nanoseconds ? ago_text(*request.age_nanoseconds) : "[? ??:??:??.???]",
                          request.address, request.tag, request.is_write ? "write" : "read",
                          request.is_in_flight ? "in flight" : "waits", shown(request.sector), shown(request.bytes));
    }
    if (call.has("D") && reads + writes == 0 && found.broken.empty()) continue;
    Value value = Value::object();
    value.set("major", disk.major);
    value.set("gendisk", Value::address(disk.gendisk));
    value.set("name", disk.name);
    value.set("request_queue", Value::address(disk.queue));
    value.set("reads", reads);
    value.set("writes", writes);
    value.set("counts_requests", found.has_tags);
    if (!found.broken.empty()) value.set("broken", found.broken);
    value.set("requests", std::move(list));
    std::string text = fmt::format("{:>5} {:016x}   {:<10} {:016x}   {:>5} {:>5} {:>5} \n", disk.major, disk.gendisk,
                                   printable(disk.name), disk.queue, reads + writes, reads, writes);
    if (call.has("requests")) text += rows;
    if (!found.broken.empty()) text += fmt::format("      ({})\n", found.broken);
    call.output.row(text, value);
  }
  call.output.heading(broken_text(all.broken));
  return {};
}

// A tree of resources, each before those within it.
Result<void> show_resources(Call& call, std::string_view root, std::string_view heading, int digits) {
  const auto at = call.machine().access.symbols.address_of(root);
  if (!at) return fail(ErrorKind::kNotFound, "this kernel names no {}", root);
  call.output.heading(heading);
  std::vector<std::uint64_t> next = {at->value};
  std::set<std::uint64_t> seen;
  while (!next.empty() && !call.context.is_stopped()) {
    const std::uint64_t address = next.back();
    next.pop_back();
    if (seen.size() == kMostResources || !seen.insert(address).second) {
      call.output.heading("(the tree of resources is damaged)\n");
      break;
    }
    const Object resource(call, "resource", address);
    const auto start = resource.number({"start"});
    const auto end = resource.number({"end"});
    if (!start || !end) {
      call.output.heading(fmt::format("{:016x}  (unreadable)\n", address));
      continue;
    }
    const std::string name = resource.text({"name"}).value_or("");
    Value value = Value::object();
    value.set("resource", Value::address(address));
    value.set("start", Value::address(*start));
    value.set("end", Value::address(*end));
    value.set("name", name);
    call.output.row(
        fmt::format("{:016x}  {:0{}x}-{:0{}x}  {}\n", address, *start, digits, *end, digits, printable(name)), value);
    if (const auto sibling = resource.pointer({"sibling"})) next.push_back(*sibling);
    if (const auto child = resource.pointer({"child"})) next.push_back(*child);
  }
  return {};
}

// What a port or device of PCI Express is; of others whether it is a bridge.
std::string pci_kind(const Object& device) {
  constexpr std::array<std::string_view, 11> kKinds = {"ENDPOINT",    "LEG_END", "",          "",
                                                       "ROOT_PORT",   "UP_PORT", "DOWN_PORT", "PCI_BRIDGE",
                                                       "PCIE_BRIDGE", "RC_END",  "RC_EC"};
  const auto flags = device.number({"pcie_flags_reg"});
  if (device.number({"pcie_cap"}).value_or(0) != 0 && flags) {
    const std::uint64_t kind = *flags >> 4 & 0xf;
    return kind < kKinds.size() && !kKinds[kind].empty() ? std::string(kKinds[kind]) : fmt::format("(kind {})", kind);
  }
  return (device.number({"hdr_type"}).value_or(0) & 0x7f) == 1 ? "BRIDGE" : "ENDPOINT";
}

void show_bus(Call& call, std::uint64_t address, unsigned depth, std::set<std::uint64_t>& seen) {
  const Object bus(call, "pci_bus", address);
  const auto head = bus.place({"devices"});
  const Elements devices =
      head ? list_elements(call, *head, "pci_dev", "bus_list") : Elements{{}, "its devices are not known"};
  std::vector<std::uint64_t> buses;
  call.output.heading("      PCI DEV      DO:BU:SL.FN  CLASS   PCI_ID      TYPE   \n");
  for (const std::uint64_t one : devices.addresses) {
    if (call.context.is_stopped() || seen.size() == kMostDevices || !seen.insert(one).second) break;
    const Object device(call, "pci_dev", one);
    const std::string place = device.text({"dev.kobj.name"}).value_or("?");
    const auto class_code = device.number({"class"});
    const auto vendor = device.number({"vendor"});
    const auto model = device.number({"device"});
    const auto four = [](const std::optional<std::uint64_t>& number, unsigned shift) {
      return number ? fmt::format("{:04x}", *number >> shift & 0xffff) : std::string("????");
    };
    const std::string kind = pci_kind(device);
    Value value = Value::object();
    value.set("device", Value::address(one));
    value.set("bus", Value::address(address));
    value.set("place", place);
    value.set("class", four(class_code, 8));
    value.set("vendor", four(vendor, 0));
    value.set("model", four(model, 0));
    value.set("type", kind);
    call.output.row(fmt::format("  {:016x} {:<12}  {}  {}:{}  {} \n", one, printable(place), four(class_code, 8),
                                four(vendor, 0), four(model, 0), kind),
                    value);
    if (const auto below = device.pointer({"subordinate"})) buses.push_back(*below);
  }
  call.output.heading(broken_text(devices.broken));
  for (const std::uint64_t below : buses) {
    if (depth == kDeepestBus || !seen.insert(below).second) break;
    call.output.heading(fmt::format("\n     PCI BUS       PARENT BUS\n  {:016x} {:016x}\n", below, address));
    show_bus(call, below, depth + 1, seen);
  }
}

Result<void> show_pci(Call& call) {
  const auto head = call.machine().access.symbols.address_of("pci_root_buses");
  if (!head) return fail(ErrorKind::kNotFound, "this kernel knows no PCI");
  const Elements roots = list_elements(call, head->value, "pci_bus", "node");
  std::set<std::uint64_t> seen;
  for (const std::uint64_t root : roots.addresses) {
    call.output.heading("    ROOT BUS     BUSNAME\n");
    call.output.heading(fmt::format(
        "{:016x} {}\n", root, printable(Object(call, "pci_bus", root).text({"dev.kobj.name", "name"}).value_or("?"))));
    show_bus(call, root, 0, seen);
    call.output.heading("\n");
  }
  call.output.heading(broken_text(roots.broken));
  return {};
}

Result<void> run(Call& call) {
  if (!call.words().empty()) return fail(ErrorKind::kUsage, "dev takes options only");
  if (call.has("d") || call.has("D")) return show_requests(call);
  if (call.has("requests")) return fail(ErrorKind::kUsage, "--requests goes with -d or -D");
  if (call.has("p")) return show_pci(call);
  if (!call.has("i")) return show_devices(call);
  TRY_CHECK(show_resources(call, "ioport_resource", "    RESOURCE        RANGE    NAME\n", 4));
  return show_resources(call, "iomem_resource", "\n    RESOURCE            RANGE        NAME\n", 8);
}

}  // namespace

extern const Command kDev = {.name = "dev",
                             .usage = "dev [-d|-D [--requests]|-i|-p]",
                             .help = "devices, and what the disks have in flight",
                             .options = kOptions,
                             .needs = Needs::kMachine,
                             .run = run,
                             .rehearse = [](const model::Snapshot&) { return std::vector<std::string>{"dev -d"}; }};

}  // namespace whyhung::commands

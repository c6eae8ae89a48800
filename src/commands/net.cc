// SPDX-License-Identifier: GPL-2.0-or-later
// net: network devices and their addresses, neighbours that ARP found, the sockets that tasks have open.
#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "commands/command.h"
#include "commands/object.h"
#include "commands/objects.h"
#include "commands/process_files.h"
#include "commands/task_choice.h"

namespace whyhung::commands {
namespace {

constexpr unsigned kMostAddresses = 64;
constexpr std::uint64_t kMostBuckets = 1u << 16;
constexpr std::size_t kMostNeighbours = 1u << 16;
constexpr std::uint64_t kKindMask = 0170000, kSocketKind = 0140000;  // of an i_mode
constexpr std::uint64_t kFamilyUnix = 1, kFamilyInet = 2, kFamilyInet6 = 10;

constexpr auto kOptions =
    std::to_array<Option>({{"n", "PID|TASK", "the devices of this task's network namespace"},
                           {"s", "", "the sockets that tasks have open"},
                           {"S", "", "the same, with both structures in full"},
                           {"a", "", "the neighbours that ARP found"},
                           {"R", "TEXT", "with -s, -S: only sockets in whose row the text stands"},
                           {"x", "", "numbers in hexadecimal"},
                           {"d", "", "numbers in decimal"}});

// Dotted, from an address in the order of the net.
std::string dotted(std::uint64_t raw, ByteOrder order) {
  const auto byte = [&](unsigned i) { return raw >> (order == ByteOrder::kLittle ? 8 * i : 24 - 8 * i) & 0xff; };
  return fmt::format("{}.{}.{}.{}", byte(0), byte(1), byte(2), byte(3));
}

// A number of two bytes in the order of the net.
std::uint64_t port_of(std::uint64_t raw, ByteOrder order) {
  return order == ByteOrder::kLittle ? (raw & 0xff) << 8 | (raw >> 8 & 0xff) : raw;
}

Result<void> show_devices(Call& call) {
  std::optional<std::uint64_t> space;
  if (const auto who = call.arguments.value("n")) {
    TRY_ASSIGN(const model::Task* task, task_by_pid_or_address(call.snapshot(), *who));
    const auto proxy = Object(call, "task_struct", task->address).pointer({"nsproxy"});
    if (proxy) space = Object(call, "nsproxy", *proxy).pointer({"net_ns"});
  } else if (const auto init = call.machine().access.symbols.address_of("init_net")) {
    space = init->value;
  }
  const auto head = space ? Object(call, "net", *space).place({"dev_base_head"}) : std::nullopt;
  if (!head) return fail(ErrorKind::kNotFound, "the list of network devices was not found");
  const Elements devices = list_elements(call, *head, "net_device", "dev_list");
  const ByteOrder order = call.machine().access.memory.byte_order();
  call.output.heading("   NET_DEVICE     NAME       IP ADDRESS(ES)\n");
  for (const std::uint64_t address : devices.addresses) {
    const Object device(call, "net_device", address);
    const std::string name = device.text({"name"}).value_or("?");
    std::string addresses;
    Value list = Value::array();
    const auto internet = device.pointer({"ip_ptr"});
    auto next = internet ? Object(call, "in_device", *internet).pointer({"ifa_list"}) : std::nullopt;
    for (unsigned i = 0; next && i < kMostAddresses; ++i) {
      const Object one(call, "in_ifaddr", *next);
      if (const auto raw = one.number({"ifa_address"})) {
        addresses += (addresses.empty() ? "" : ", ") + dotted(*raw, order);
        list.push(dotted(*raw, order));
      }
      next = one.pointer({"ifa_next"});
    }
    Value value = Value::object();
    value.set("device", Value::address(address));
    value.set("name", name);
    value.set("addresses", std::move(list));
    call.output.row(fmt::format("{:016x}  {:<10} {}\n", address, printable(name), addresses), value);
  }
  call.output.heading(broken_text(devices.broken));
  return {};
}

std::string neighbour_state(std::uint64_t state) {
  constexpr std::array<std::string_view, 8> kNames = {"INCOMPLETE", "REACHABLE", "STALE", "DELAY",
                                                      "PROBE",      "FAILED",    "NOARP", "PERMANENT"};
  std::string text;
  for (std::size_t bit = 0; bit < kNames.size(); ++bit) {
    if ((state >> bit & 1) != 0) text += fmt::format("{}{}", text.empty() ? "" : "|", kNames[bit]);
  }
  return text.empty() ? "NONE" : text;
}

std::string_view hardware_name(std::uint64_t type) {
  switch (type) {
    case 1: return "ETHER";
    case 32: return "INFINIBAND";
    case 772: return "LOOPBACK";
    default: return "UNKNOWN";
  }
}

// The bytes of a neighbour's address on its wire.
std::string hardware_address(const Call& call, const Object& neighbour, std::uint64_t length) {
  const auto place = neighbour.place({"ha"});
  std::string text;
  std::array<std::byte, 8> bytes{};
  const auto part = std::span(bytes).first(std::min<std::uint64_t>(length, bytes.size()));
  if (!place || !call.machine().access.memory.read(VirtualAddress(*place), part)) return "?";
  for (const std::byte byte : part) {
    text += fmt::format("{}{:02x}", text.empty() ? "" : ":", std::to_integer<unsigned>(byte));
  }
  return text;
}

void show_neighbour(Call& call, const Object& neighbour) {
  const ByteOrder order = call.machine().access.memory.byte_order();
  const Object device(call, "net_device", neighbour.pointer({"dev"}).value_or(0));
  const auto key = neighbour.place({"primary_key"});
  const auto raw =
      key ? call.machine().access.memory.read_unsigned(VirtualAddress(*key), 4) : ReadResult<std::uint64_t>(0);
  const std::string address = key && raw ? dotted(*raw, order) : "?";
  const std::string kind(hardware_name(device.number({"type"}).value_or(0)));
  const std::string hardware = hardware_address(call, neighbour, device.number({"addr_len"}).value_or(6));
  const std::string name = device.text({"name"}).value_or("?");
  const std::string state = neighbour_state(neighbour.number({"nud_state"}).value_or(0));
  Value value = Value::object();
  value.set("neighbour", Value::address(neighbour.address()));
  value.set("address", address);
  value.set("hardware", hardware);
  value.set("device", name);
  value.set("state", state);
  call.output.row(fmt::format("{:016x}  {:<16}  {:<10}  {:<18} {:<7} {}\n", neighbour.address(), address, kind,
                              hardware, printable(name), state),
                  value);
}

// One chain of the table; false when there are more neighbours than can be. `node`, where there is one, is the place of
// what links them: since v6.13 a node in place of a pointer.
bool show_chain(Call& call, std::uint64_t first, std::optional<std::uint64_t> node, std::size_t& left) {
  for (std::uint64_t at = first; at != 0; --left) {
    if (left == 0) return false;
    const Object neighbour(call, "neighbour", at - node.value_or(0));
    show_neighbour(call, neighbour);
    at = (node ? neighbour.number({"hash.next"}) : neighbour.number({"next"})).value_or(0);
  }
  return true;
}

Result<void> show_arp(Call& call) {
  const auto table = call.machine().access.symbols.address_of("arp_tbl");
  if (!table) return fail(ErrorKind::kNotFound, "this kernel has no table of neighbours (arp_tbl)");
  const auto hashed = Object(call, "neigh_table", table->value).pointer({"nht"});
  const Object hash(call, "neigh_hash_table", hashed.value_or(0));
  const auto shift = hash.number({"hash_shift"});
  const auto buckets = hash.pointer({"hash_heads", "hash_buckets"});
  if (!shift || !buckets || *shift > 32) return fail(ErrorKind::kUnreadable, "the table of neighbours cannot be read");
  const auto node = hash.has({"hash_heads"}) ? Object(call, "neighbour", 0).place({"hash"}) : std::nullopt;
  call.output.heading("NEIGHBOUR         IP ADDRESS        HW TYPE     HW ADDRESS         DEVICE  STATE\n");
  std::size_t left = kMostNeighbours;
  for (std::uint64_t i = 0; i < std::min(std::uint64_t{1} << *shift, kMostBuckets); ++i) {
    if (call.context.is_stopped()) break;
    const auto first = call.machine().access.memory.read_u64(VirtualAddress(*buckets + i * 8));
    if (!first) return fail(to_error(first.error(), "the table of neighbours"));
    if (!show_chain(call, *first, node, left)) {
      call.output.heading("(the table is damaged: it goes in a circle)\n");
      break;
    }
  }
  return {};
}

std::string family_name(std::uint64_t family) {
  switch (family) {
    case kFamilyUnix: return "UNIX";
    case kFamilyInet: return "INET";
    case kFamilyInet6: return "INET6";
    case 16: return "NETLINK";
    case 17: return "PACKET";
    default: return fmt::format("{}", family);
  }
}

std::string socket_type(std::uint64_t type) {
  constexpr std::array<std::string_view, 7> kNames = {"", "STREAM", "DGRAM", "RAW", "RDM", "SEQPACKET", "DCCP"};
  if (type > 0 && type < kNames.size()) return std::string(kNames[type]);
  return type == 10 ? "PACKET" : fmt::format("{}", type);
}

std::string address6(const Call& call, const Object& sock, std::string_view member) {
  const auto place = sock.place({member});
  std::array<std::byte, 16> bytes{};
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (!place || !call.machine().access.memory.read(VirtualAddress(*place), bytes)) return "?";
  return ::inet_ntop(AF_INET6, bytes.data(), text.data(), text.size()) == nullptr ? "?" : text.data();
}

struct Ends {
  std::string source;
  std::string destination;
};

// "10.1.8.20-1023": both ends of a socket of the internet; of others nothing.
Ends ends_of(const Call& call, const Object& sock, std::uint64_t family) {
  if (family != kFamilyInet && family != kFamilyInet6) return {};
  const ByteOrder order = call.machine().access.memory.byte_order();
  const auto address = [&](std::string_view four, std::string_view six) {
    if (family == kFamilyInet6) return address6(call, sock, six);
    const auto raw = sock.number({four});
    return raw ? dotted(*raw, order) : std::string("?");
  };
  const auto port = [](const std::optional<std::uint64_t>& number) { return shown(number); };
  std::optional<std::uint64_t> there = sock.number({"__sk_common.skc_dport"});
  if (there) there = port_of(*there, order);
  return {fmt::format("{}-{}", address("__sk_common.skc_rcv_saddr", "__sk_common.skc_v6_rcv_saddr"),
                      port(sock.number({"__sk_common.skc_num"}))),
          fmt::format("{}-{}", address("__sk_common.skc_daddr", "__sk_common.skc_v6_daddr"), port(there))};
}

// A file that is a socket: its struct socket.
std::optional<std::uint64_t> socket_of(const Call& call, std::uint64_t address) {
  const Object file(call, "file", address);
  const auto mode = Object(call, "inode", file.pointer({"f_inode"}).value_or(0)).number({"i_mode"});
  if (!mode || (*mode & kKindMask) != kSocketKind) return std::nullopt;
  return file.pointer({"private_data"});
}

Result<std::string> both_structures(Call& call, std::uint64_t socket, std::uint64_t sock, Value& value) {
  TRY_ASSIGN(const ObjectChoice outer, parse_choice(call, "struct", "socket"));
  TRY_ASSIGN(const ObjectText shown_socket, show_object(call, outer, socket, radix_of(call)));
  std::string text = "\n" + shown_socket.text;
  value.set("struct_socket", shown_socket.value);
  if (sock == 0) return text;
  TRY_ASSIGN(const ObjectChoice inner, parse_choice(call, "struct", "sock"));
  TRY_ASSIGN(const ObjectText shown_sock, show_object(call, inner, sock, radix_of(call)));
  value.set("struct_sock", shown_sock.value);
  return text + shown_sock.text + "\n";
}

Result<void> show_sockets(Call& call) {
  TRY_ASSIGN(const auto tasks, tasks_of(call));
  const auto wanted = call.arguments.value("R");
  bool is_first = true;
  for (const model::Task* task : tasks) {
    if (call.context.is_stopped()) break;
    std::string why;
    std::string rows;
    Value list = Value::array();
    for (const OpenFile& open : open_files(call, *task, why)) {
      const auto socket = socket_of(call, open.file);
      if (!socket) continue;
      const Object outer(call, "socket", *socket);
      const std::uint64_t sock = outer.pointer({"sk"}).value_or(0);
      const Object inner(call, "sock", sock);
      const std::uint64_t family = inner.number({"__sk_common.skc_family"}).value_or(0);
      const std::string kind =
          fmt::format("{}:{}", family_name(family), socket_type(outer.number({"type"}).value_or(0)));
      const Ends ends = ends_of(call, inner, family);
      std::string row = fmt::format("{:>2}  {:016x}  {:016x}  {:<15}", open.descriptor, *socket, sock, kind);
      if (!ends.source.empty()) row += fmt::format("  {:<15}  {}", ends.source, ends.destination);
      while (row.ends_with(' ')) row.pop_back();
      if (wanted && row.find(*wanted) == std::string::npos) continue;
      Value one = Value::object();
      one.set("fd", open.descriptor);
      one.set("socket", Value::address(*socket));
      one.set("sock", Value::address(sock));
      one.set("kind", kind);
      if (!ends.source.empty()) one.set("source", ends.source);
      if (!ends.source.empty()) one.set("destination", ends.destination);
      rows += row + "\n";
      if (call.has("S")) {
        TRY_ASSIGN(const std::string structures, both_structures(call, *socket, sock, one));
        rows += structures;
      }
      list.push(std::move(one));
    }
    if (wanted && rows.empty()) continue;
    std::string text = (is_first ? "" : "\n") + task_line(*task);
    is_first = false;
    text += rows.empty()
                ? "No open sockets.\n"
                : "FD       SOCKET             SOCK       FAMILY:TYPE      SOURCE-PORT      DESTINATION-PORT\n" + rows;
    Value value = Value::object();
    value.set("pid", task->pid);
    value.set("sockets", std::move(list));
    call.output.row(text, value);
  }
  return {};
}

Result<void> run(Call& call) {
  if (call.has("s") || call.has("S")) return show_sockets(call);
  if (!call.words().empty()) return fail(ErrorKind::kUsage, "net takes a task only with -s, -S or -n");
  return call.has("a") ? show_arp(call) : show_devices(call);
}

}  // namespace

extern const Command kNet = {.name = "net",
                             .usage = "net [-n PID|TASK] | -a | -s|-S [-R TEXT] [PID|TASK|NAME]…",
                             .help = "network devices, neighbours (-a) and sockets (-s)",
                             .options = kOptions,
                             .needs = Needs::kMachine,
                             .per_task = PerTask::kYes,
                             .run = run};

}  // namespace whyhung::commands

// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/typed.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace whyhung::commands {
namespace {

using Kind = debuginfo::DeclaredType::Kind;

constexpr unsigned kDeepestNesting = 16;
constexpr unsigned kMostStars = 8;
constexpr std::uint64_t kPointerBytes = 8;
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 22;  // of one value

// Types of globals that the kernel's own types leave out: BTF knows only per-CPU variables.
struct KnownVariable {
  std::string_view name;
  std::string_view type;
};
constexpr auto kKnownVariables = std::to_array<KnownVariable>({{"all_bdi_list", "struct list_head"},
                                                               {"bdi_list", "struct list_head"},
                                                               {"boot_cpu_data", "struct cpuinfo_x86"},
                                                               {"cgrp_dfl_root", "struct cgroup_root"},
                                                               {"contig_page_data", "struct pglist_data"},
                                                               {"file_systems", "struct file_system_type *"},
                                                               {"inet_sk_diag", "void *"},
                                                               {"init_cred", "struct cred"},
                                                               {"init_files", "struct files_struct"},
                                                               {"init_ipc_ns", "struct ipc_namespace"},
                                                               {"init_mm", "struct mm_struct"},
                                                               {"init_net", "struct net"},
                                                               {"init_nsproxy", "struct nsproxy"},
                                                               {"init_pid_ns", "struct pid_namespace"},
                                                               {"init_signals", "struct signal_struct"},
                                                               {"init_task", "struct task_struct"},
                                                               {"init_user_ns", "struct user_namespace"},
                                                               {"init_uts_ns", "struct uts_namespace"},
                                                               {"iomem_resource", "struct resource"},
                                                               {"ioport_resource", "struct resource"},
                                                               {"jiffies", "unsigned long"},
                                                               {"jiffies_64", "u64"},
                                                               {"loops_per_jiffy", "unsigned long"},
                                                               {"max_low_pfn", "unsigned long"},
                                                               {"max_pfn", "unsigned long"},
                                                               {"modules", "struct list_head"},
                                                               {"module_mutex", "struct mutex"},
                                                               {"net_namespace_list", "struct list_head"},
                                                               {"nr_cpu_ids", "unsigned int"},
                                                               {"nr_threads", "int"},
                                                               {"oops_in_progress", "int"},
                                                               {"panic_cpu", "atomic_t"},
                                                               {"panic_on_oops", "int"},
                                                               {"panic_timeout", "int"},
                                                               {"pv_ops", "struct paravirt_patch_template"},
                                                               {"rcu_state", "struct rcu_state"},
                                                               {"root_task_group", "struct task_group"},
                                                               {"runqueues", "struct rq"},
                                                               {"saved_command_line", "char *"},
                                                               {"slab_caches", "struct list_head"},
                                                               {"slab_mutex", "struct mutex"},
                                                               {"super_blocks", "struct list_head"},
                                                               {"swapper_space", "struct address_space"},
                                                               {"sysctl_hung_task_timeout_secs", "unsigned long"},
                                                               {"tasklist_lock", "rwlock_t"},
                                                               {"total_forks", "unsigned long"},
                                                               {"totalram_pages", "unsigned long"},
                                                               {"_totalram_pages", "atomic_long_t"},
                                                               {"uts_sem", "struct rw_semaphore"},
                                                               {"vm_node_stat", "atomic_long_t"},
                                                               {"vmap_area_list", "struct list_head"},
                                                               {"watchdog_thresh", "int"},
                                                               {"workqueues", "struct list_head"},
                                                               {"wq_pool_mutex", "struct mutex"},
                                                               {"rtnl_mutex", "struct mutex"},
                                                               {"cgroup_mutex", "struct mutex"},
                                                               {"css_set_lock", "spinlock_t"},
                                                               {"cpu_hotplug_lock", "struct percpu_rw_semaphore"},
                                                               {"mmlist_lock", "spinlock_t"},
                                                               {"pidmap_lock", "spinlock_t"},
                                                               {"inode_hash_lock", "spinlock_t"},
                                                               {"logbuf_lock", "raw_spinlock_t"},
                                                               {"console_sem", "struct semaphore"},
                                                               {"xtime_lock", "seqlock_t"}});

debuginfo::Declarations& types_of(const Call& call, const Typed& value) {
  return call.desk.types().declarations(*value.type);
}

// The type itself, behind typedefs and qualifiers.
const debuginfo::DeclaredType& resolved(const Call& call, const Typed& value) {
  return types_of(call, value).resolved(value.type->id);
}

bool is_untyped_variable(const Call& call, const Typed& value) {
  return value.in_memory && value.type && !value.is_pointer() && value.bit_size == 0 &&
         resolved(call, value).kind == Kind::kVoid;
}

std::string place(const Typed& value) {
  return fmt::format("{:#x}", value.address);
}

std::optional<Typed> type_by_name(const Call& call, std::string_view name) {
  const auto found = call.desk.types().find(name);
  if (!found) return std::nullopt;
  Typed type;
  type.type = found;
  return type;
}

}  // namespace

Typed plain(std::uint64_t value) {
  Typed typed;
  typed.value = value;
  return typed;
}

std::optional<debuginfo::RawMember> find_member(debuginfo::Declarations& types, std::uint64_t type,
                                                std::string_view name) {
  struct Search {
    debuginfo::Declarations& types;
    std::string_view name;
    std::optional<debuginfo::RawMember> in(std::uint64_t id, unsigned depth) {
      if (depth == kDeepestNesting) return std::nullopt;
      const auto members = types.members_of(types.resolved_id(id));
      for (const auto& member : members) {
        if (member.name == name) return member;
      }
      for (const auto& member : members) {
        if (!member.name.empty() || !types.resolved(member.type).is_composite()) continue;
        if (auto found = in(member.type, depth + 1)) {
          found->bits += member.bits;
          return found;
        }
      }
      return std::nullopt;
    }
  };
  return Search{types, name}.in(type, 0);
}

std::optional<Typed> parse_type(const Call& call, std::string_view text) {
  unsigned stars = 0;
  std::string name;
  for (const char c : text) {
    if (c == '*') {
      if (++stars > kMostStars) return std::nullopt;
    } else if (stars != 0 && c != ' ') {
      return std::nullopt;
    } else {
      name += c;
    }
  }
  // One blank between words, none around them; qualifiers change nothing that is shown.
  std::string clean;
  for (std::string_view rest = name; !rest.empty();) {
    const std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
    if (word.empty() || word == "const" || word == "volatile") continue;
    clean += (clean.empty() ? "" : " ") + std::string(word);
  }
  if (clean.empty()) return std::nullopt;
  constexpr auto kSpellings = std::to_array<KnownVariable>({{"unsigned", "unsigned int"},
                                                            {"long", "long int"},
                                                            {"unsigned long", "long unsigned int"},
                                                            {"ulong", "long unsigned int"},
                                                            {"long unsigned int", "unsigned long"},
                                                            {"long int", "long"},
                                                            {"long long", "long long int"},
                                                            {"unsigned long long", "long long unsigned int"},
                                                            {"short", "short int"},
                                                            {"unsigned short", "short unsigned int"},
                                                            {"signed char", "signed char"},
                                                            {"bool", "_Bool"}});
  auto type = type_by_name(call, clean);
  for (const KnownVariable& spelling : kSpellings) {
    if (!type && spelling.name == clean) type = type_by_name(call, spelling.type);
  }
  if (!type && clean == "void" && stars != 0) {
    const auto sources = call.desk.types().sources();
    if (sources.empty()) return std::nullopt;
    type.emplace();
    type->type = debuginfo::TypeRef{sources.front(), 0};
  }
  if (type) type->stars = stars;
  return type;
}

Result<Typed> address_of(const Typed& value) {
  if (!value.in_memory || value.bit_size != 0) return fail(ErrorKind::kUsage, "& wants something that lies in memory");
  Typed pointer;
  pointer.type = value.type;
  pointer.stars = value.stars + 1;
  pointer.value = value.address;
  if (!value.type) pointer.stars = 0;
  return pointer;
}

Result<std::vector<std::byte>> bytes_of(const Call& call, const Typed& value) {
  if (is_untyped_variable(call, value)) {
    const std::string name = call.desk.meaning().symbol(value.address);
    return with_hint(fail(ErrorKind::kNotFound, "the type of {} is not known", name.empty() ? place(value) : name),
                     "say it in a cast, p (unsigned int)NAME, or ask for its bytes: rd NAME");
  }
  const auto size = size_of_typed(call, value);
  if (!size) return fail(ErrorKind::kNotFound, "the size of {} is not known", type_text(call, value));
  if (*size > kMostBytes) return fail(ErrorKind::kLimit, "{} bytes are too many for one value", *size);
  std::vector<std::byte> bytes(*size + (value.bit_size != 0 ? 1 : 0));
  if (value.in_memory) {
    std::span<std::byte> wanted(bytes);
    if (value.bit_size != 0) wanted = wanted.first((value.bit_offset + value.bit_size + 7) / 8);
    if (const auto done = call.machine().access.memory.read(VirtualAddress(value.address), wanted); !done) {
      return fail(to_error(done.error(), type_text(call, value)));
    }
    return bytes;
  }
  const bool is_little = call.machine().access.memory.byte_order() == ByteOrder::kLittle;
  for (std::size_t i = 0; i < std::min<std::size_t>(*size, 8); ++i) {
    bytes[is_little ? i : *size - 1 - i] = static_cast<std::byte>(value.value >> (8 * i));
  }
  return bytes;
}

Result<std::uint64_t> number_of(const Call& call, const Typed& value) {
  if (!value.in_memory) return value.value;
  if (value.type && !value.is_pointer()) {
    const Kind kind = resolved(call, value).kind;
    if (kind == Kind::kArray || kind == Kind::kPrototype || kind == Kind::kStruct || kind == Kind::kUnion) {
      return value.address;
    }
    TRY_ASSIGN(const auto bytes, bytes_of(call, value));
    const auto number = debuginfo::scalar_value(types_of(call, value), value.type->id, bytes, value.bit_offset,
                                                value.bit_size, call.machine().access.memory.byte_order());
    if (!number) return fail(ErrorKind::kUsage, "{} is not a number", type_text(call, value));
    return *number;
  }
  const auto word = call.machine().access.memory.read_u64(VirtualAddress(value.address));
  if (!word) return fail(to_error(word.error(), "a value"));
  return *word;
}

Result<Typed> pointed_at(const Call& call, const Typed& value) {
  Typed object;
  object.in_memory = true;
  object.type = value.type;
  if (value.is_pointer()) {
    object.stars = value.stars - 1;
    TRY_ASSIGN(object.address, number_of(call, value));
    return object;
  }
  if (!value.type) {
    TRY_ASSIGN(object.address, number_of(call, value));
    return object;
  }
  const debuginfo::DeclaredType type = resolved(call, value);
  if (type.kind != Kind::kPointer && type.kind != Kind::kArray) {
    return fail(ErrorKind::kUsage, "{} is not a pointer", type_text(call, value));
  }
  TRY_ASSIGN(object.address, number_of(call, value));
  object.type->id = type.target;
  return object;
}

Result<Typed> member_of(const Call& call, const Typed& object, std::string_view name) {
  if (name.empty()) return fail(ErrorKind::kUsage, "a member's name is missing");
  Typed holder = object;
  if (!holder.type)
    return fail(ErrorKind::kUsage, "a number has no member {}: say its type, (struct T *)…", printable(name));
  // A pointer in memory that the graph knows: what it points to is meant.
  if (!holder.is_pointer() && resolved(call, holder).kind == Kind::kPointer) {
    TRY_ASSIGN(holder, pointed_at(call, holder));
  }
  if (holder.is_pointer()) {
    TRY_ASSIGN(holder, pointed_at(call, holder));
  }
  auto& types = types_of(call, holder);
  const auto found = holder.in_memory ? find_member(types, holder.type->id, name) : std::nullopt;
  if (!found) return fail(ErrorKind::kNotFound, "{} has no member {}", type_text(call, holder), printable(name));
  Typed member;
  member.type = debuginfo::TypeRef{holder.type->source, found->type};
  member.in_memory = true;
  member.address = holder.address + found->bits / 8;
  member.bit_size = found->bit_size;
  member.bit_offset = found->bit_size == 0 ? 0 : static_cast<std::uint32_t>(found->bits % 8);
  return member;
}

Result<Typed> element_of(const Call& call, const Typed& array, std::uint64_t index) {
  TRY_ASSIGN(Typed element, pointed_at(call, array));
  const auto size = size_of_typed(call, element);
  if (!size) return fail(ErrorKind::kUsage, "the size of an element is not known");
  element.address += *size * index;
  return element;
}

Result<Typed> follow_path(const Call& call, Typed from, std::string_view path) {
  while (!path.empty()) {
    std::size_t end = path.find_first_of(".[");
    if (path.front() == '[') {
      end = path.find(']');
      if (end == std::string_view::npos) return fail(ErrorKind::kUsage, "a bracket is not closed");
      TRY_ASSIGN(const std::uint64_t index, parse_count(path.substr(1, end - 1), ~0ull));
      TRY_ASSIGN(from, element_of(call, from, index));
      path.remove_prefix(end + 1);
      if (path.starts_with('.')) path.remove_prefix(1);
      continue;
    }
    TRY_ASSIGN(from, member_of(call, from, path.substr(0, end)));
    path.remove_prefix(end == std::string_view::npos ? path.size() : end);
    if (path.starts_with('.')) path.remove_prefix(1);
  }
  return from;
}

Result<Typed> cast_to(const Call& call, const Typed& type, const Typed& value) {
  // A structure stays where it is: only its type changes. Anything else becomes a number of that type.
  // So does a variable whose type is not known: the cast says it.
  if ((!type.is_pointer() && resolved(call, type).is_composite()) || is_untyped_variable(call, value)) {
    Typed object = type;
    object.in_memory = true;
    if (value.in_memory) {
      object.address = value.address;
    } else {
      object.address = value.value;
    }
    return object;
  }
  Typed cast = type;
  TRY_ASSIGN(cast.value, number_of(call, value));
  return cast;
}

Result<Typed> combine(const Call& call, std::string_view operation, const Typed& left, const Typed& right) {
  TRY_ASSIGN(const std::uint64_t a, number_of(call, left));
  TRY_ASSIGN(std::uint64_t b, number_of(call, right));
  if (operation == "+" || operation == "-") {
    Typed sum = left;
    sum.in_memory = false;
    std::uint64_t scale = 1;
    const bool is_known_pointer = left.type && !left.is_pointer() && resolved(call, left).kind == Kind::kPointer;
    if (left.is_pointer() || is_known_pointer) {
      Typed element = left;
      if (left.is_pointer()) {
        --element.stars;
      } else {
        element.type->id = resolved(call, left).target;
      }
      scale = size_of_typed(call, element).value_or(1);
    } else {
      sum = plain(0);
    }
    sum.value = operation == "+" ? a + b * scale : a - b * scale;
    return sum;
  }
  if ((operation == "/" || operation == "%") && b == 0) return fail(ErrorKind::kUsage, "a division by zero");
  const auto signed_a = static_cast<std::int64_t>(a);
  if (operation == "*") return plain(a * b);
  if (operation == "/") return plain(a / b);
  if (operation == "%") return plain(a % b);
  if (operation == "<<") return plain(b < 64 ? a << b : 0);
  if (operation == ">>") return plain(b < 64 ? a >> b : 0);
  if (operation == "&") return plain(a & b);
  if (operation == "|") return plain(a | b);
  if (operation == "^") return plain(a ^ b);
  if (operation == "==") return plain(a == b ? 1 : 0);
  if (operation == "!=") return plain(a != b ? 1 : 0);
  if (operation == "&&") return plain(a != 0 && b != 0 ? 1 : 0);
  if (operation == "||") return plain(a != 0 || b != 0 ? 1 : 0);
  const auto signed_b = static_cast<std::int64_t>(b);
  if (operation == "<") return plain(signed_a < signed_b ? 1 : 0);
  if (operation == ">") return plain(signed_a > signed_b ? 1 : 0);
  if (operation == "<=") return plain(signed_a <= signed_b ? 1 : 0);
  return plain(signed_a >= signed_b ? 1 : 0);
}

Result<Typed> variable(const Call& call, std::string_view name) {
  auto& access = call.machine().access;
  const auto symbols = access.symbols.find_all(name, 1);
  if (symbols.empty()) {
    if (const auto value = access.types.enumerator(name)) return plain(static_cast<std::uint64_t>(*value));
    return fail(ErrorKind::kNotFound, "there is no symbol \"{}\"", printable(name));
  }
  Typed found;
  found.in_memory = true;
  found.address = symbols.front().address.value;
  found.type = symbols.front().may_be_code() && symbols.front().type != 0 ? call.desk.types().function(name)
                                                                          : call.desk.types().variable(name);
  if (symbols.front().may_be_code() && symbols.front().type != 0 && !found.type) {
    // Code of which no prototype is known: its address.
    return plain(found.address);
  }
  if (found.type) return found;
  const auto known = std::ranges::find(kKnownVariables, name, &KnownVariable::name);
  // Of others only the address is known: void, until a cast says more.
  const auto type = parse_type(call, known == kKnownVariables.end() ? "void *" : known->type);
  if (!type) return fail(ErrorKind::kNotFound, "the type of {} is not known here", printable(name));
  found.type = type->type;
  found.stars = known == kKnownVariables.end() ? 0 : type->stars;
  return found;
}

Result<Typed> per_cpu_variable(const Call& call, std::string_view name, std::string_view cpu) {
  TRY_ASSIGN(Typed found, variable(call, name));
  TRY_ASSIGN(const std::uint64_t number, parse_count(cpu, 1u << 16));
  const auto& possible = call.machine().percpu().possible();
  if (std::ranges::find(possible, number) == possible.end())
    return fail(ErrorKind::kNotFound, "there is no CPU {}", number);
  found.in_memory = true;
  found.address =
      call.machine().percpu().instance(VirtualAddress(found.address), static_cast<std::uint32_t>(number)).value;
  return found;
}

std::optional<std::uint64_t> size_of_typed(const Call& call, const Typed& value) {
  if (value.is_pointer()) return kPointerBytes;
  if (!value.type) return sizeof(std::uint64_t);
  return types_of(call, value).size_of(value.type->id);
}

std::string type_text(const Call& call, const Typed& value) {
  if (!value.type) return value.in_memory ? "a word at " + place(value) : "long";
  return debuginfo::declare(types_of(call, value), value.type->id, std::string(value.stars, '*'));
}

Result<std::string> text_of(const Call& call, const Typed& value, debuginfo::Radix radix, unsigned depth) {
  const bool is_hexadecimal = radix == debuginfo::Radix::kHexadecimal;
  if (value.is_pointer()) {
    TRY_ASSIGN(const std::uint64_t number, number_of(call, value));
    const std::string symbol = number == 0 ? std::string() : call.desk.meaning().symbol(number);
    return fmt::format("({}) {:#x}{}", type_text(call, value), number, symbol.empty() ? "" : " <" + symbol + ">");
  }
  if (!value.type) {
    TRY_ASSIGN(const std::uint64_t number, number_of(call, value));
    if (is_hexadecimal) return fmt::format("{:#x}", number);
    return std::to_string(static_cast<std::int64_t>(number));
  }
  auto& types = types_of(call, value);
  const debuginfo::DeclaredType type = resolved(call, value);
  if (type.kind == Kind::kPrototype) {
    return fmt::format("{{{}}} {:#x} <{}>", debuginfo::declare(types, value.type->id, {}), value.address,
                       call.desk.meaning().symbol(value.address));
  }
  TRY_ASSIGN(const auto bytes, bytes_of(call, value));
  if (value.bit_size != 0) {
    debuginfo::RawMember field;
    field.type = value.type->id;
    field.bits = value.bit_offset;
    field.bit_size = value.bit_size;
    return debuginfo::member_text(types, field, bytes, call.desk.meaning(), radix, depth);
  }
  std::string text = debuginfo::value_text(types, value.type->id, bytes, call.desk.meaning(), radix, depth);
  // gdb says the type of a pointer that is printed by itself.
  if (depth == 0 && type.kind == Kind::kPointer && !text.ends_with('"'))
    text = fmt::format("({}) {}", type_text(call, value), text);
  return text;
}

}  // namespace whyhung::commands

// SPDX-License-Identifier: GPL-2.0-or-later
// struct, union: a type's declaration, or what lies at an address, as crash prints both.
#include <algorithm>

#include "base/text.h"
#include "commands/command.h"
#include "commands/objects.h"
#include "commands/typed.h"

namespace whyhung::commands {
namespace {

constexpr std::uint64_t kMostObjects = 1u << 16;

constexpr auto kOptions = std::to_array<Option>({{"o", "", "offsets of members; with an address, their addresses"},
                                                 {"l", "OFFSET", "the address is that of a member: OFFSET or T.MEMBER"},
                                                 {"c", "COUNT", "so many objects, one behind the other"},
                                                 {"r", "", "the bytes, not what they mean"},
                                                 {"x", "", "numbers in hexadecimal"},
                                                 {"d", "", "numbers in decimal"}});

debuginfo::Declarations& types_of(const Call& call, const ObjectChoice& choice) {
  return call.desk.types().declarations(*choice.type.type);
}

Result<void> show_member_declarations(Call& call, const ObjectChoice& choice, std::uint64_t base) {
  auto& types = types_of(call, choice);
  const bool is_hexadecimal = call.has("x") || base != 0;
  const auto offsets = is_hexadecimal ? debuginfo::MemberOffsets::kHexadecimal : debuginfo::MemberOffsets::kDecimal;
  call.output.heading(choice.name + " {\n");
  for (const std::string& path : choice.members) {
    Typed object = choice.type;
    object.in_memory = true;
    TRY_ASSIGN(const Typed member, follow_path(call, object, path));
    debuginfo::RawMember raw;
    raw.name = path;
    raw.type = member.type->id;
    raw.bits = member.address * 8 + member.bit_offset;
    raw.bit_size = member.bit_size;
    Value value = Value::object();
    value.set("member", path);
    value.set("type", type_text(call, member));
    value.set("offset", member.address);
    const std::string size = fmt::format("[{}]", types.size_of(choice.type.type->id).value_or(0));
    call.output.row(debuginfo::declare_member(types, raw, offsets, base, size.size() + 1) + "\n", value);
  }
  call.output.heading("}\n");
  return {};
}

Value declaration_value(debuginfo::Declarations& types, const ObjectChoice& choice) {
  Value value = Value::object();
  value.set("type", choice.name);
  value.set("size", types.size_of(choice.type.type->id).value_or(0));
  Value members = Value::array();
  for (const debuginfo::RawMember& member : types.members_of(types.resolved_id(choice.type.type->id))) {
    Value one = Value::object();
    one.set("name", member.name);
    one.set("type", debuginfo::declare(types, member.type, {}));
    one.set("offset", member.bits / 8);
    if (member.bit_size != 0) one.set("bits", member.bit_size);
    members.push(std::move(one));
  }
  value.set("members", std::move(members));
  return value;
}

Result<void> show_declaration(Call& call, const ObjectChoice& choice, std::uint64_t base) {
  auto& types = types_of(call, choice);
  auto offsets = debuginfo::MemberOffsets::kHide;
  if (call.has("o")) {
    offsets = call.has("x") || base != 0 ? debuginfo::MemberOffsets::kHexadecimal : debuginfo::MemberOffsets::kDecimal;
  }
  const std::string text = debuginfo::declare_whole(types, choice.type.type->id, offsets, base);
  const auto size = types.size_of(choice.type.type->id);
  const std::string size_text = !size           ? std::string("(not known)")
                                : call.has("x") ? fmt::format("{:#x}", *size)
                                                : std::to_string(*size);
  call.output.record(fmt::format("{}\nSIZE: {}\n", text, size_text), declaration_value(types, choice));
  return {};
}

// How far before the given address the object begins.
Result<std::uint64_t> embedded_offset(const Call& call) {
  const auto text = call.arguments.value("l");
  if (!text) return 0;
  const std::size_t dot = text->find('.');
  if (dot == std::string::npos) return parse_count(*text, ~0ull);
  TRY_ASSIGN(const ObjectChoice holder, parse_choice(call, "", *text));
  if (holder.members.size() != 1) return fail(ErrorKind::kUsage, "-l wants one member");
  Typed object = holder.type;
  object.in_memory = true;
  TRY_ASSIGN(const Typed member, follow_path(call, object, holder.members.front()));
  return member.address;
}

Result<void> show_bytes(Call& call, const ObjectChoice& choice, std::uint64_t address) {
  Typed object = choice.type;
  object.in_memory = true;
  object.address = address;
  TRY_ASSIGN(const auto bytes, bytes_of(call, object));
  const ByteOrder order = call.machine().access.memory.byte_order();
  for (std::size_t at = 0; at < bytes.size(); at += 16) {
    std::string words;
    std::string letters;
    for (std::size_t word = at; word + 8 <= std::min(at + 16, bytes.size()); word += 8) {
      words += fmt::format("{:016x} ", load<std::uint64_t>(&bytes[word], order));
    }
    for (std::size_t i = at; i < std::min(at + 16, bytes.size()); ++i) {
      const auto c = std::to_integer<unsigned char>(bytes[i]);
      // Behind the last whole word byte by byte.
      if (i >= bytes.size() / 8 * 8) words += fmt::format("{:02x} ", c);
      letters += c >= 0x20 && c < 0x7f ? static_cast<char>(c) : '.';
    }
    Value row = Value::object();
    row.set("address", Value::address(address + at));
    row.set("words", words);
    call.output.row(fmt::format("{:x}:  {:<34}  {}\n", address + at, words, letters), row);
  }
  return {};
}

Result<void> show_objects(Call& call, const ObjectChoice& choice, std::uint64_t address, std::uint64_t count) {
  const auto size = types_of(call, choice).size_of(choice.type.type->id);
  if (!size) return fail(ErrorKind::kNotFound, "{} is only declared: its size is not known", choice.name);
  for (std::uint64_t i = 0; i < count && !call.context.is_stopped(); ++i, address += *size) {
    if (call.has("r")) {
      TRY_CHECK(show_bytes(call, choice, address));
      continue;
    }
    TRY_ASSIGN(ObjectText shown, show_object(call, choice, address, radix_of(call)));
    call.output.row(shown.text, shown.value);
  }
  return {};
}

Result<void> run_as(Call& call, std::string_view keyword) {
  std::vector<std::string> words = call.words();
  if (words.empty()) return fail(ErrorKind::kUsage, "{0} wants the name of a type: {0} task_struct", keyword);
  if (words.front() == "struct" || words.front() == "union") {
    keyword = words.front() == "union" ? "union" : "struct";
    words.erase(words.begin());
    if (words.empty()) return fail(ErrorKind::kUsage, "{} wants the name of a type", keyword);
  }
  TRY_ASSIGN(const ObjectChoice choice, parse_choice(call, keyword, words.front()));
  std::uint64_t count = 1;
  if (words.size() > 2) {
    TRY_ASSIGN(count, parse_count(words[2], kMostObjects));
  }
  if (const auto text = call.arguments.value("c")) {
    TRY_ASSIGN(count, parse_count(*text, kMostObjects));
  }
  if (words.size() < 2) {
    return choice.members.empty() ? show_declaration(call, choice, 0) : show_member_declarations(call, choice, 0);
  }
  TRY_ASSIGN(const std::uint64_t before, embedded_offset(call));
  // A per-CPU variable may be asked for on several CPUs.
  const std::size_t colon = words[1].find(':');
  std::vector<std::uint64_t> addresses;
  if (colon != std::string::npos) {
    TRY_ASSIGN(const auto cpus, parse_cpus(call, std::string_view(words[1]).substr(colon + 1)));
    TRY_ASSIGN(const std::uint64_t variable_address, parse_address(call, std::string_view(words[1]).substr(0, colon)));
    for (const std::uint32_t cpu : cpus) {
      addresses.push_back(call.machine().percpu().instance(VirtualAddress(variable_address), cpu).value);
      call.output.heading(fmt::format("[{}]: {:x}\n", cpu, addresses.back()));
      TRY_CHECK(show_objects(call, choice, addresses.back() - before, count));
    }
    return {};
  }
  TRY_ASSIGN(const std::uint64_t address, parse_address(call, words[1]));
  if (call.has("o")) {
    return choice.members.empty() ? show_declaration(call, choice, address - before)
                                  : show_member_declarations(call, choice, address - before);
  }
  return show_objects(call, choice, address - before, count);
}

Result<void> run_struct(Call& call) {
  return run_as(call, "struct");
}
Result<void> run_union(Call& call) {
  return run_as(call, "union");
}

}  // namespace

extern const Command kStruct = {.name = "struct",
                                .usage = "struct [-oxdr] [-l OFFSET] TYPE[.MEMBER,…] [ADDRESS|SYMBOL[:CPUS] [COUNT]]",
                                .help = "a type's declaration, or the object at an address; * stands for struct",
                                .options = kOptions,
                                .needs = Needs::kMachine,
                                .run = run_struct};
extern const Command kUnion = {.name = "union",
                               .usage = "union [-oxdr] [-l OFFSET] TYPE[.MEMBER,…] [ADDRESS|SYMBOL[:CPUS] [COUNT]]",
                               .help = "as struct, of unions",
                               .options = kOptions,
                               .needs = Needs::kMachine,
                               .run = run_union};

}  // namespace whyhung::commands

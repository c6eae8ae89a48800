// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/objects.h"

#include "base/text.h"
#include "commands/typed.h"

namespace whyhung::commands {

debuginfo::Radix radix_of(const Call& call) {
  if (call.has("x")) return debuginfo::Radix::kHexadecimal;
  if (call.has("d")) return debuginfo::Radix::kDecimal;
  return call.desk.radix;
}

Result<ObjectChoice> parse_choice(const Call& call, std::string_view keyword, std::string_view text) {
  ObjectChoice choice;
  const std::size_t dot = text.find('.');
  const std::string type(text.substr(0, dot));
  if (type.empty()) return fail(ErrorKind::kUsage, "the name of a type is missing");
  auto found = keyword.empty() ? std::nullopt : call.desk.types().find(fmt::format("{} {}", keyword, type));
  if (!found) found = call.desk.types().find(type);
  if (!found) {
    // A base type in another spelling: "unsigned long".
    if (const auto base = parse_type(call, type); base && !base->is_pointer()) found = base->type;
  }
  if (!found) {
    return with_hint(fail(ErrorKind::kNotFound, "no type is called {}", printable(type)),
                     "types of modules are known when the module is loaded and carries them");
  }
  choice.type.type = found;
  choice.name = debuginfo::declare(call.desk.types().declarations(*found), found->id, {});
  std::string_view rest = dot == std::string_view::npos ? std::string_view() : text.substr(dot + 1);
  if (dot != std::string_view::npos && rest.empty()) return fail(ErrorKind::kUsage, "a member's name is missing");
  while (!rest.empty()) {
    const std::string_view member = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(member.size() + 1, rest.size()));
    if (!member.empty()) choice.members.emplace_back(member);
  }
  return choice;
}

Result<Value> value_of_object(const Call& call, const ObjectChoice& choice, std::uint64_t address, Numbers numbers) {
  Typed object = choice.type;
  object.in_memory = true;
  object.address = address;
  if (choice.members.empty()) return value_of(call, object, numbers);
  Value all;
  for (const std::string& path : choice.members) {
    TRY_ASSIGN(const Typed member, follow_path(call, object, path));
    TRY_ASSIGN(Value value, value_of(call, member, numbers));
    all.set(path, std::move(value));
  }
  return all;
}

Result<ObjectText> show_object(const Call& call, const ObjectChoice& choice, std::uint64_t address,
                               debuginfo::Radix radix) {
  Typed object = choice.type;
  object.in_memory = true;
  object.address = address;
  ObjectText shown;
  if (!call.output.wants_text()) {
    TRY_ASSIGN(shown.value, value_of_object(call, choice, address));
  }
  if (choice.members.empty()) {
    TRY_ASSIGN(const std::string text, text_of(call, object, radix));
    shown.text = fmt::format("{} {}\n", choice.name, text);
  }
  for (const std::string& path : choice.members) {
    TRY_ASSIGN(const Typed member, follow_path(call, object, path));
    TRY_ASSIGN(const std::string text, text_of(call, member, radix, 1));
    shown.text += fmt::format("  {} = {},\n", path, text);
  }
  return shown;
}

}  // namespace whyhung::commands

// SPDX-License-Identifier: GPL-2.0-or-later
// p: the value of an expression, numbered as gdb numbers them; whatis: the type of one.
#include "base/text.h"
#include "commands/command.h"
#include "commands/objects.h"
#include "commands/typed.h"
#include "commands/typed_value.h"

namespace whyhung::commands {
namespace {

constexpr auto kOptions = std::to_array<Option>(
    {{"x", "", "numbers in hexadecimal"}, {"d", "", "numbers in decimal"}, {"u", "", "the same as -d"}});

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

Result<void> print_one(Call& call, std::string_view shown, const Typed& value) {
  const auto radix = radix_of(call);
  TRY_ASSIGN(const std::string text, text_of(call, value, radix));
  Value json;
  if (!call.output.wants_text()) {
    TRY_ASSIGN(Value made, value_of(call, value));
    json.set("expression", shown);
    json.set("type", type_text(call, value));
    if (value.in_memory) json.set("address", Value::address(value.address));
    json.set("value", std::move(made));
  }
  // As crash does: a variable's name stands before its value, an expression does not.
  const bool is_name =
      shown.find_first_of("()&*->.[ +/0123456789") == std::string_view::npos || shown.starts_with("per_cpu(");
  call.output.row(
      fmt::format("{}${} = {}\n", is_name ? printable(shown) + " = " : std::string(), ++call.desk.printed, text), json);
  return {};
}

Result<void> run_print(Call& call) {
  const std::string text = joined(call.words());
  if (text.empty()) return fail(ErrorKind::kUsage, "p wants an expression: p jiffies, p runqueues:0, p init_task.comm");
  // A per-CPU variable may be asked for on several CPUs.
  const std::size_t colon = text.find(':');
  if (colon != std::string::npos && text.find_first_of("()&*->.[ ") > colon) {
    const std::string_view cpus_text = std::string_view(text).substr(colon + 1);
    if (cpus_text.find_first_of(".[>") == std::string_view::npos) {
      TRY_ASSIGN(const auto cpus, parse_cpus(call, cpus_text));
      const std::string name = text.substr(0, colon);
      for (const std::uint32_t cpu : cpus) {
        TRY_ASSIGN(const Typed value, per_cpu_variable(call, name, std::to_string(cpu)));
        TRY_CHECK(print_one(call, fmt::format("per_cpu({}, {})", name, cpu), value));
      }
      return {};
    }
  }
  TRY_ASSIGN(const Typed value, evaluate(call, text));
  return print_one(call, text, value);
}

Result<void> run_whatis(Call& call) {
  const std::string text = joined(call.words());
  if (text.empty()) return fail(ErrorKind::kUsage, "whatis wants a type, a symbol or an expression");
  Value json = Value::object();
  json.set("name", text);
  // A type is shown whole, a variable and a function as they are declared.
  if (const auto type = parse_type(call, text)) {
    auto& types = call.desk.types().declarations(*type->type);
    const std::string whole = type->is_pointer()
                                  ? type_text(call, *type)
                                  : debuginfo::declare_whole(types, type->type->id, debuginfo::MemberOffsets::kHide, 0);
    const auto size = size_of_typed(call, *type);
    json.set("type", type_text(call, *type));
    if (size) json.set("size", *size);
    const bool is_structure = types.resolved(type->type->id).is_composite() && !type->is_pointer();
    call.output.record(fmt::format("{}{}\n{}", whole, is_structure ? "" : ";",
                                   size && is_structure ? fmt::format("SIZE: {}\n", *size) : ""),
                       json);
    return {};
  }
  TRY_ASSIGN(const Typed value, evaluate(call, text));
  const bool is_name = text.find_first_of("()&*->.[: ") == std::string::npos;
  if (!value.type) return fail(ErrorKind::kNotFound, "the type of {} is not known", printable(text));
  auto& types = call.desk.types().declarations(*value.type);
  const std::string declared =
      debuginfo::declare(types, value.type->id, std::string(value.stars, '*') + (is_name ? printable(text) : ""));
  json.set("type", type_text(call, value));
  call.output.record(declared + ";\n", json);
  return {};
}

}  // namespace

extern const Command kPrint = {.name = "p",
                               .usage = "p [-x|-d] EXPRESSION|VARIABLE:CPUS",
                               .help = "the value of an expression; px and pd choose the radix",
                               .options = kOptions,
                               .needs = Needs::kMachine,
                               .run = run_print};
extern const Command kWhatis = {.name = "whatis",
                                .usage = "whatis TYPE|SYMBOL|EXPRESSION",
                                .help = "the declaration of a type, variable or function",
                                .options = {},
                                .needs = Needs::kMachine,
                                .run = run_whatis};

}  // namespace whyhung::commands

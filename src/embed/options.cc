// SPDX-License-Identifier: GPL-2.0-or-later
#include "embed/options.h"

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace whyhung::embed {
namespace {

using nlohmann::json;

tl::unexpected<Error> wants(std::string_view name, std::string_view what) {
  return fail(ErrorKind::kUsage, "the option {} wants {}", name, what);
}

Result<void> read_option(const std::string& name, const json& value, Options& options) {
  session::Request& request = options.request;
  if (name == "exact_numbers") {
    if (!value.is_boolean()) return wants(name, "true or false");
    options.numbers = value.get<bool>() ? commands::Numbers::kExact : commands::Numbers::kSafe;
    return {};
  }
  if (name == "vmlinux" || name == "types") {
    if (!value.is_string()) return wants(name, "the name of a file");
    (name == "types" ? request.types : request.vmlinux) = value.get<std::string>();
    return {};
  }
  if (name != "parts") {
    return with_hint(fail(ErrorKind::kUsage, "there is no option \"{}\"", printable(name)),
                     "the options are vmlinux, types, parts and exact_numbers");
  }
  if (!value.is_array()) return wants(name, "an array of names of files");
  for (const json& one : value) {
    if (!one.is_string()) return wants(name, "an array of names of files");
    request.inputs.push_back(one.get<std::string>());
  }
  return {};
}

}  // namespace

Result<void> read_options(std::string_view text, Options& options) {
  if (text.empty()) return {};
  const json read = json::parse(text, nullptr, false);
  if (!read.is_object()) return fail(ErrorKind::kUsage, "the options are not a JSON object");
  for (const auto& item : read.items()) TRY_CHECK(read_option(item.key(), item.value(), options));
  return {};
}

}  // namespace whyhung::embed

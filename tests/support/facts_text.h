// SPDX-License-Identifier: GPL-2.0-or-later
// Facts of resources and links by the names that they have in JSON, as text: "false" of a flag, a number, a word. Where
// one lies inside of another: "place.function". Empty: it is not there.
#pragma once

#include <string>
#include <string_view>

#include "diagnose/facts_fields.h"
#include "model/json_writer.h"

namespace whyhung::test {

template <typename Facts>
std::string fact_text(Facts facts, std::string_view name) {
  model::Json json = model::JsonWriter::to_json(facts);
  while (json.is_object()) {
    const std::size_t dot = std::min(name.find('.'), name.size());
    const auto found = json.find(std::string(name.substr(0, dot)));
    if (found == json.end()) return {};
    if (dot == name.size()) return found->is_string() ? found->get<std::string>() : found->dump();
    json = model::Json(*found);
    name.remove_prefix(dot + 1);
  }
  return {};
}

}  // namespace whyhung::test

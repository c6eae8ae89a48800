// SPDX-License-Identifier: GPL-2.0-or-later
#include "properties/stored.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "model/json.h"

namespace whyhung::test {

std::vector<std::string> stored_scenarios() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(WHYHUNG_SCENARIOS)) {
    if (std::filesystem::exists(entry.path() / "snapshot.json")) names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string text_of_scenario(const std::string& name) {
  std::ifstream file(std::filesystem::path(WHYHUNG_SCENARIOS) / name / "snapshot.json");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

model::Snapshot snapshot_of(const std::string& text) {
  Result<model::Snapshot> snapshot = model::read_snapshot(text);
  if (!snapshot) {
    ADD_FAILURE() << snapshot.error().what;
    return {};
  }
  return std::move(*snapshot);
}

}  // namespace whyhung::test

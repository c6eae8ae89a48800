// SPDX-License-Identifier: GPL-2.0-or-later
// FakeTypes: layouts of structures written as short text, one structure a line:
//   task_struct 256: pid@4:4 prio@8:4s comm@16:[16x1] flag@24:4/3+1 thread.sp@40:8
//   enum MULTI_STOP_NONE=0 MULTI_STOP_PREPARE=1
// A member is NAME@OFFSET:SIZE, with "s" behind it when signed, [COUNTxSIZE] for an array, and /BIT+BITS for a bit
// field. Paths through other structures ("thread.sp") are written out as they are asked for.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "debuginfo/type_source.h"

namespace whyhung::test {

class FakeTypes final : public debuginfo::TypeSource {
 public:
  FakeTypes() = default;
  explicit FakeTypes(std::string_view text) { add(text); }

  // Adds lines; a structure that is there already gets more members, and the new size when one is given.
  FakeTypes& add(std::string_view text);
  FakeTypes& remove(std::string_view type) {
    structures_.erase(std::string(type));
    return *this;
  }
  FakeTypes& remove(const std::string& type, const std::string& member) {
    structures_[type].members.erase(member);
    return *this;
  }

  std::string description() const override { return "types of the test"; }
  std::optional<std::uint64_t> size_of(std::string_view type) override;
  std::optional<debuginfo::Member> member(std::string_view type, std::string_view path) override;
  std::optional<std::int64_t> enumerator(std::string_view name) override;

 private:
  struct Structure {
    std::uint64_t size = 0;
    std::map<std::string, debuginfo::Member, std::less<>> members;
  };
  std::map<std::string, Structure, std::less<>> structures_;
  std::map<std::string, std::int64_t, std::less<>> enumerators_;
};

}  // namespace whyhung::test

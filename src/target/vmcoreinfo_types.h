// SPDX-License-Identifier: GPL-2.0-or-later
// The layouts that VMCOREINFO states, as a source of types: those of the kernel's log and of its name, which every
// kernel writes down for its readers. So these can be read when nothing else is known of a kernel.
#pragma once

#include "debuginfo/type_source.h"
#include "dump/vmcoreinfo.h"

namespace whyhung::target {

class VmcoreinfoTypes final : public debuginfo::TypeSource {
 public:
  explicit VmcoreinfoTypes(dump::VmcoreInfo info) : info_(std::move(info)) {}
  std::string description() const override { return "VMCOREINFO"; }
  std::optional<std::uint64_t> size_of(std::string_view type) override;
  std::optional<debuginfo::Member> member(std::string_view type, std::string_view path) override;
  std::optional<std::int64_t> enumerator(std::string_view) override { return std::nullopt; }

 private:
  std::optional<debuginfo::Member> level_of_record(std::string_view type) const;

  dump::VmcoreInfo info_;
};

}  // namespace whyhung::target

// SPDX-License-Identifier: GPL-2.0-or-later
// Field: a member of a kernel structure, found by name in the dump's own types, checked when it is bound and widened
// when it is read. A changed offset costs nothing; a renamed member costs one more name in its list, newest first.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/memory_reader.h"
#include "debuginfo/symbols.h"
#include "debuginfo/type_source.h"

namespace whyhung::kernel {

// What every view reads through. The three outlive all views.
struct Access {
  const VirtualMemory& memory;
  debuginfo::TypeSource& types;
  debuginfo::SymbolSource& symbols;
};

class Field {
 public:
  Field() = default;
  Field(debuginfo::Member member, std::string path)
      : member_(std::move(member)), path_(std::move(path)), exists_(true) {}

  bool exists() const { return exists_; }
  std::uint64_t offset() const { return member_.offset; }
  std::uint64_t size() const { return member_.size; }
  std::uint64_t element_size() const { return member_.element_size; }
  std::uint64_t element_count() const { return member_.element_count; }
  // "task_struct.__state": as this kernel calls it; empty when it does not exist.
  const std::string& path() const { return path_; }

  // Where the member lies in the structure at `base`. Only for fields that exist.
  VirtualAddress in(VirtualAddress base) const { return base + member_.offset; }
  // The structure that holds this member at `member`: container_of().
  VirtualAddress container(VirtualAddress member) const { return member - member_.offset; }

  // The value, zero- or sign-extended from its own size, bit fields included. kNoSuchField when it does not exist.
  ReadResult<std::uint64_t> read(const VirtualMemory& memory, VirtualAddress base) const;
  ReadResult<std::int64_t> read_signed(const VirtualMemory& memory, VirtualAddress base) const;
  ReadResult<VirtualAddress> read_pointer(const VirtualMemory& memory, VirtualAddress base) const;
  // A char array: text up to its NUL, raw.
  ReadResult<std::string> read_text(const VirtualMemory& memory, VirtualAddress base) const;

 private:
  debuginfo::Member member_;
  std::string path_;
  bool exists_ = false;
};

// Binds fields and remembers those that no name was found for, so that the report can say what a kernel lacks.
class Binder {
 public:
  explicit Binder(debuginfo::TypeSource& types) : types_(types) {}

  // The first of `paths` that `type` has. A field that none of them names does not exist and is noted as missing.
  Field required(std::string_view type, std::initializer_list<std::string_view> paths);
  // The same for members that only some kernels have: not noted.
  Field optional(std::string_view type, std::initializer_list<std::string_view> paths);
  // The value of an enumerator; nothing when no enum has it.
  std::optional<std::int64_t> enumerator(std::string_view name) { return types_.enumerator(name); }
  // "task_struct.__state" for each required field that was not found.
  const std::vector<std::string>& missing() const { return missing_; }
  // The same for each optional field that was not found, and how many fields were.
  const std::vector<std::string>& absent() const { return absent_; }
  std::size_t bound() const { return bound_; }

 private:
  std::optional<Field> first_of(std::string_view type, std::initializer_list<std::string_view> paths);

  debuginfo::TypeSource& types_;
  std::vector<std::string> missing_;
  std::vector<std::string> absent_;
  std::size_t bound_ = 0;
};

}  // namespace whyhung::kernel

// SPDX-License-Identifier: GPL-2.0-or-later
// BtfSections: one BTF blob cut into its records and strings, with no idea of what the records mean. The format is
// described by the kernel's Documentation/bpf/btf.rst and include/uapi/linux/btf.h. Records can only be found by
// walking over those before them, so the walk leaves a checkpoint every few records and each record is walked over
// once.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "debuginfo/memory_window.h"

namespace whyhung::debuginfo {

// BTF_KIND_*; the numbers are the format's.
enum class BtfKind : std::uint8_t {
  kVoid = 0,
  kInt,
  kPointer,
  kArray,
  kStruct,
  kUnion,
  kEnum,
  kForward,
  kTypedef,
  kVolatile,
  kConst,
  kRestrict,
  kFunction,
  kFunctionProto,
  kVariable,
  kDataSection,
  kFloat,
  kDeclTag,
  kTypeTag,
  kEnum64,
};

// The twelve bytes that begin every record, taken apart.
struct BtfRecord {
  std::uint32_t id = 0;
  std::uint32_t name = 0;  // offset into the strings; 0 is the empty name
  BtfKind kind = BtfKind::kVoid;
  bool kind_flag = false;          // its meaning depends on the kind
  std::uint32_t count = 0;         // members, enumerators, parameters or variables that follow
  std::uint32_t size_or_type = 0;  // bytes or a type id, depending on the kind
  std::uint32_t tail = 0;          // where in the type section that which follows begins
};

class BtfSections {
 public:
  // Where a blob that continues another one (a module's) begins to count.
  struct Start {
    std::uint32_t first_id = 1;
    std::uint32_t first_string = 0;
  };

  // Reads and checks the header only. Fails on a wrong magic or version, on sections that reach out of `range`, and on
  // a range larger than any kernel's.
  static Result<BtfSections> open(const VirtualMemory& memory, VirtualRange range, Start start);

  // The record of a type; nothing for an id that this blob does not hold.
  std::optional<BtfRecord> record(std::uint32_t id);
  // Calls `visit` with each record in order of ids until it says false. True when it went to the last one.
  bool walk(const std::function<bool(const BtfRecord&)>& visit);
  // How many ids this blob holds; walks to the end.
  std::uint32_t count_records();

  // Bytes of what follows a record, at its `tail` plus `offset`.
  bool read_tail(const BtfRecord& record, std::uint64_t offset, std::span<std::byte> out);
  // The text at a string offset, at most `kLongestName` bytes of it; empty when out of range or unreadable.
  std::string string_at(std::uint32_t offset);
  // Where these texts are among the strings, in one pass that ends once all are found. What is not in the map is not in
  // this blob.
  std::map<std::string, std::uint32_t, std::less<>> find_strings(std::span<const std::string> texts);

  ByteOrder byte_order() const { return order_; }
  const Start& start() const { return start_; }
  // One past the last string offset, counted like `Start::first_string`.
  std::uint32_t end_string() const { return start_.first_string + static_cast<std::uint32_t>(strings_.size()); }
  // Why a walk or a read came to an early end: an unreadable page, a record that cannot be.
  const std::optional<Error>& problem() const { return problem_; }

  static constexpr std::size_t kLongestName = 512;  // KSYM_NAME_LEN since v6.1
 private:
  // Bytes of what follows a record: fixed ones, and some for each of its entries.
  struct TailSize {
    std::uint8_t fixed = 0;
    std::uint8_t each = 0;
  };
  struct Cursor {
    std::uint32_t index = 0;   // records before it, counted from the blob's first
    std::uint32_t offset = 0;  // in the type section
  };
  BtfSections(MemoryWindow types, MemoryWindow strings, ByteOrder order, Start start)
      : types_(std::move(types)), strings_(std::move(strings)), order_(order), start_(start) {}
  void learn_layout(const VirtualMemory& memory, VirtualRange layout);
  // The record under the cursor, which moves on to the next; nothing at the end and where a record cannot be read.
  std::optional<BtfRecord> next(Cursor& cursor);
  bool read_head(const Cursor& cursor, std::span<std::byte> head);
  std::nullopt_t give_up(Error problem);

  MemoryWindow types_;
  MemoryWindow strings_;
  ByteOrder order_;
  Start start_;
  std::vector<TailSize> tail_sizes_;        // by kind
  std::vector<std::uint32_t> checkpoints_;  // offset of each kCheckpointEvery-th record
  Cursor frontier_;                         // all records before it were walked over
  std::optional<Error> problem_;
};

}  // namespace whyhung::debuginfo

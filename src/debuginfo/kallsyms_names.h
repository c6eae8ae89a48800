// SPDX-License-Identifier: GPL-2.0-or-later
// KallsymsNames: the compressed names of the kernel's own symbol table. Each name is a length and that many bytes, each
// byte a token of one or more characters; the first character is the symbol's type. Names stand in order of addresses,
// one behind the other, and every 256th has its place written down (scripts/kallsyms.c).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "debuginfo/memory_window.h"

namespace whyhung::debuginfo {

class KallsymsNames {
 public:
  struct Place {
    VirtualAddress names;
    VirtualAddress token_table;
    VirtualAddress token_index;
    std::uint32_t count = 0;
  };
  // Reads the tokens and finds the markers by their structure, for no symbol names them: right before the token table,
  // or before the names' order that is there in some kernels. Failing that, walks over all names once.
  static Result<KallsymsNames> open(const VirtualMemory& memory, const Place& place);

  std::uint32_t count() const { return place_.count; }
  // Bytes of all names together, as far as is known: an upper bound.
  std::uint64_t size() const { return names_.size(); }
  // The type character and the name of a symbol; nothing when it cannot be read or makes no sense.
  std::optional<std::string> decode(std::uint32_t index);

  // What could not be read of the tables, if something was asked for there.
  std::optional<ReadFault> fault() const { return names_.fault() || !order_ ? names_.fault() : order_->fault(); }

  // Tries a place for the indexes of names in alphabetical order (kallsyms_seqs_of_names); true when samples agree.
  bool use_order_at(VirtualAddress address);
  bool has_order() const { return order_.has_value(); }
  // Indexes of a name through the order, lowest first, at most `limit`; nothing when the way there cannot be read.
  std::optional<std::vector<std::uint32_t>> find(std::string_view name, std::size_t limit);
  // Indexes of all these names in one pass over the table, at most `limit` of each, in order of indexes. `names` is
  // sorted.
  std::vector<std::vector<std::uint32_t>> find_by_pass(std::span<const std::string> names, std::size_t limit);

 private:
  enum class Lengths : std::uint8_t { kOneByte, kUpToTwoBytes };
  enum class Evidence : std::uint8_t { kFor, kAgainst, kNone };
  struct Record {
    std::uint64_t tokens = 0;  // where they are, from the start of the names
    std::uint32_t count = 0;   // how many
    std::uint64_t next() const { return tokens + count; }
  };
  struct MarkerGuess {
    VirtualAddress address;
    unsigned width;
    std::optional<VirtualAddress> order;
  };

  KallsymsNames(const VirtualMemory& memory, const Place& place);
  Result<void> read_tokens();
  void find_markers();
  std::vector<MarkerGuess> marker_guesses() const;
  std::optional<std::vector<std::uint32_t>> read_markers(const MarkerGuess& guess) const;
  bool markers_fit(const std::vector<std::uint32_t>& markers, Lengths lengths);
  Evidence block_evidence(std::uint32_t block, const std::vector<std::uint32_t>& markers);
  void build_markers();
  std::optional<Record> record_at(std::uint64_t offset);
  std::optional<Record> record(std::uint32_t index);
  std::optional<std::string> expand(const Record& record);
  std::span<const std::byte> tokens_of(const Record& record);
  std::optional<std::uint32_t> ordered(std::uint32_t rank);
  std::optional<std::string> ordered_name(std::uint32_t rank);

  const VirtualMemory* memory_;
  Place place_;
  MemoryWindow names_;
  Lengths lengths_ = Lengths::kUpToTwoBytes;
  std::vector<char> token_text_;
  std::array<std::string_view, 256> tokens_;  // views into token_text_
  std::vector<std::uint32_t> markers_;        // offset of each 256th name
  std::optional<MemoryWindow> order_;
  std::vector<std::byte> split_;  // the tokens of a name that crosses chunks
};

}  // namespace whyhung::debuginfo

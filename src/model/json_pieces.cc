// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/json_pieces.h"

#include <algorithm>

namespace whyhung::model {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

// Goes through the text once, from its begin to its end.
class Cutter {
 public:
  explicit Cutter(std::string_view text) : text_(text) {}

  void skip_blanks() { at_ = std::min(text_.find_first_not_of(kBlanks, at_), text_.size()); }
  bool at_end() const { return at_ == text_.size(); }
  std::size_t position() const { return at_; }
  // Goes over `c` and the blanks around it, if it is the next.
  bool take(char c) {
    skip_blanks();
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    skip_blanks();
    return true;
  }

  // A text between quotation marks, without them.
  Result<std::string_view> take_string() {
    if (at_end() || text_[at_] != '"') return broken();
    const std::size_t begin = ++at_;
    TRY_CHECK(skip_string());
    return text_.substr(begin, at_ - begin - 1);
  }

  // A value of any kind, up to the comma or bracket behind it.
  Result<std::string_view> take_value() {
    skip_blanks();
    const std::size_t begin = at_;
    std::size_t depth = 0;
    while (!at_end()) {
      const char c = text_[at_];
      if (depth == 0 && (c == ',' || c == ']' || c == '}')) break;
      ++at_;
      if (c == '"') {
        TRY_CHECK(skip_string());
      } else if (c == '[' || c == '{') {
        if (++depth > kDeepestPiece) return fail(ErrorKind::kCorrupt, "it is nested too deeply at byte {}", at_);
      } else if (c == ']' || c == '}') {
        --depth;
      }
    }
    std::string_view value = text_.substr(begin, at_ - begin);
    value = value.substr(0, value.find_last_not_of(kBlanks) + 1);
    if (value.empty() || depth != 0) return broken();
    return value;
  }

  tl::unexpected<Error> broken() const { return fail(ErrorKind::kCorrupt, "it is no JSON at byte {}", at_); }

 private:
  // From behind the first quotation mark to behind the last.
  Result<void> skip_string() {
    while (true) {
      at_ = text_.find_first_of("\"\\", at_);
      if (at_ >= text_.size()) {
        at_ = text_.size();
        return broken();
      }
      if (text_[at_] == '"') {
        ++at_;
        return {};
      }
      at_ = std::min(at_ + 2, text_.size());
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// What both kinds have in common: brackets, commas, and nothing behind them. `take_one` goes over one piece.
template <typename TakeOne>
Result<void> each_piece(std::string_view text, char open, char close, const TakeOne& take_one) {
  Cutter cutter(text);
  if (!cutter.take(open)) return cutter.broken();
  if (!cutter.take(close)) {
    do {
      TRY_CHECK(take_one(cutter));
    } while (cutter.take(','));
    if (!cutter.take(close)) return cutter.broken();
  }
  if (!cutter.at_end()) return cutter.broken();
  return {};
}

}  // namespace

Result<void> each_member(std::string_view object, const TakeMember& take) {
  return each_piece(object, '{', '}', [&](Cutter& cutter) -> Result<void> {
    TRY_ASSIGN(const std::string_view name, cutter.take_string());
    if (!cutter.take(':')) return cutter.broken();
    TRY_ASSIGN(const std::string_view value, cutter.take_value());
    return take(name, value);
  });
}

Result<void> each_element(std::string_view list, const TakeElement& take) {
  return each_piece(list, '[', ']', [&](Cutter& cutter) -> Result<void> {
    TRY_ASSIGN(const std::string_view value, cutter.take_value());
    if (value.size() > kLargestPiece) {
      return fail(ErrorKind::kLimit, "a part of {} bytes before byte {} is too large", value.size(), cutter.position());
    }
    return take(value);
  });
}

}  // namespace whyhung::model

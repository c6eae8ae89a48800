// SPDX-License-Identifier: GPL-2.0-or-later
// The grammar of expressions; what the operators do to typed values is in typed.cc.
#include "commands/expression.h"

#include <array>
#include <cctype>

#include "base/text.h"
#include "commands/typed.h"

namespace whyhung::commands {
namespace {

constexpr unsigned kDeepest = 64;
constexpr std::size_t kLongest = 4096;

struct Operator {
  std::string_view text;
  int precedence;
};
// Longest first where one begins another.
constexpr auto kOperators = std::to_array<Operator>({{"<<", 8},
                                                     {">>", 8},
                                                     {"<=", 7},
                                                     {">=", 7},
                                                     {"==", 6},
                                                     {"!=", 6},
                                                     {"&&", 2},
                                                     {"||", 1},
                                                     {"*", 10},
                                                     {"/", 10},
                                                     {"%", 10},
                                                     {"+", 9},
                                                     {"-", 9},
                                                     {"<", 7},
                                                     {">", 7},
                                                     {"&", 5},
                                                     {"^", 4},
                                                     {"|", 3}});

bool begins_name(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$';
}
bool continues_name(char c) {
  return begins_name(c) || std::isdigit(static_cast<unsigned char>(c)) != 0;
}

class Parser {
 public:
  Parser(const Call& call, std::string_view text) : call_(call), text_(text) {}

  Result<Typed> parse() {
    if (text_.size() > kLongest) return fail(ErrorKind::kUsage, "the expression is too long");
    TRY_ASSIGN(Typed value, binary(0, 0));
    skip_blanks();
    if (at_ != text_.size()) {
      return fail(ErrorKind::kUsage, "\"{}\" does not belong to the expression", printable(text_.substr(at_)));
    }
    return value;
  }

 private:
  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  bool take(std::string_view token) {
    skip_blanks();
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  std::string_view take_name() {
    skip_blanks();
    const std::size_t begin = at_;
    if (at_ < text_.size() && begins_name(text_[at_])) {
      while (at_ < text_.size() && continues_name(text_[at_])) ++at_;
      // A name that a compiler made: "foo.constprop.0", "foo.isra.0".
      while (at_ < text_.size() && text_[at_] == '.' && is_clone(text_.substr(begin, at_ - begin))) {
        do {
          ++at_;
        } while (at_ < text_.size() && continues_name(text_[at_]));
      }
    }
    return text_.substr(begin, at_ - begin);
  }
  // Whether the name, with what follows its dot, is a symbol: then the dot asks for no member.
  bool is_clone(std::string_view name) {
    std::size_t end = at_ + 1;
    while (end < text_.size() && continues_name(text_[end])) ++end;
    const std::string_view suffix = text_.substr(at_ + 1, end - at_ - 1);
    const bool is_suffix = suffix == "constprop" || suffix == "isra" || suffix == "part" || suffix == "cold" ||
                           (!suffix.empty() && std::isdigit(static_cast<unsigned char>(suffix[0])) != 0);
    return is_suffix && !name.empty();
  }

  const Operator* peek_operator() {
    skip_blanks();
    for (const Operator& one : kOperators) {
      if (text_.substr(at_).starts_with(one.text)) return &one;
    }
    return nullptr;
  }

  Result<Typed> binary(int lowest, unsigned depth) {
    if (depth > kDeepest) return fail(ErrorKind::kUsage, "the expression is nested too deep");
    TRY_ASSIGN(Typed left, unary(depth));
    while (const Operator* found = peek_operator()) {
      if (found->precedence < lowest || found->precedence == 0) break;
      at_ += found->text.size();
      TRY_ASSIGN(const Typed right, binary(found->precedence + 1, depth + 1));
      TRY_ASSIGN(left, combine(call_, found->text, left, right));
    }
    return left;
  }

  Result<Typed> unary(unsigned depth) {
    if (depth > kDeepest) return fail(ErrorKind::kUsage, "the expression is nested too deep");
    skip_blanks();
    if (at_ == text_.size()) return fail(ErrorKind::kUsage, "the expression ends too early");
    if (take("-") || take("~") || take("!")) {
      const char sign = text_[at_ - 1];
      TRY_ASSIGN(const Typed operand, unary(depth + 1));
      TRY_ASSIGN(const std::uint64_t number, number_of(call_, operand));
      return plain(sign == '-' ? 0 - number : sign == '~' ? ~number : number == 0 ? 1 : 0);
    }
    if (take("+")) return unary(depth + 1);
    if (take("&")) {
      TRY_ASSIGN(const Typed operand, unary(depth + 1));
      return address_of(operand);
    }
    if (take("*")) {
      TRY_ASSIGN(const Typed operand, unary(depth + 1));
      return pointed_at(call_, operand);
    }
    if (take_name_of("sizeof")) return size_of(depth);
    if (text_[at_] == '(') {
      if (const auto cast = try_cast()) {
        TRY_ASSIGN(const Typed operand, unary(depth + 1));
        return cast_to(call_, *cast, operand);
      }
    }
    return postfix(depth);
  }

  bool take_name_of(std::string_view word) {
    const std::size_t begin = at_;
    if (take_name() == word) return true;
    at_ = begin;
    return false;
  }

  Result<Typed> size_of(unsigned depth) {
    skip_blanks();
    std::optional<Typed> type = at_ < text_.size() && text_[at_] == '(' ? try_cast() : std::nullopt;
    if (!type) {
      TRY_ASSIGN(type, unary(depth + 1));
    }
    const auto size = size_of_typed(call_, *type);
    if (!size) return fail(ErrorKind::kNotFound, "the size of that is not known");
    return plain(*size);
  }

  // "(struct foo *)" and the like; nothing, and nothing taken, when the parenthesis holds no type.
  std::optional<Typed> try_cast() {
    const std::size_t close = text_.find(')', at_);
    if (close == std::string_view::npos) return std::nullopt;
    auto type = parse_type(call_, text_.substr(at_ + 1, close - at_ - 1));
    if (type) at_ = close + 1;
    return type;
  }

  Result<Typed> postfix(unsigned depth) {
    TRY_ASSIGN(Typed value, primary(depth));
    for (;;) {
      if (take("->")) {
        TRY_ASSIGN(const Typed object, pointed_at(call_, value));
        TRY_ASSIGN(value, member_of(call_, object, take_name()));
      } else if (take(".")) {
        // As gdb does: a pointer's member is meant where a pointer stands.
        const std::string_view name = take_name();
        if (value.is_pointer()) {
          TRY_ASSIGN(value, pointed_at(call_, value));
        }
        TRY_ASSIGN(value, member_of(call_, value, name));
      } else if (take("[")) {
        TRY_ASSIGN(const Typed index, binary(0, depth + 1));
        TRY_ASSIGN(const std::uint64_t number, number_of(call_, index));
        if (!take("]")) return fail(ErrorKind::kUsage, "a bracket is not closed");
        TRY_ASSIGN(value, element_of(call_, value, number));
      } else {
        return value;
      }
    }
  }

  Result<Typed> primary(unsigned depth) {
    skip_blanks();
    if (take("(")) {
      TRY_ASSIGN(Typed value, binary(0, depth + 1));
      if (!take(")")) return fail(ErrorKind::kUsage, "a parenthesis is not closed");
      return value;
    }
    if (take("'")) return character();
    if (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])) != 0) return number();
    const std::string_view name = take_name();
    if (name.empty()) {
      return fail(ErrorKind::kUsage, "\"{}\" is no number, symbol or expression", printable(text_.substr(at_)));
    }
    if (take(":")) {
      const std::size_t begin = at_;
      while (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
      return per_cpu_variable(call_, name, text_.substr(begin, at_ - begin));
    }
    auto known = variable(call_, name);
    if (known) return known;
    if (const auto address = parse_unsigned(name, 16)) return plain(*address);
    return known;
  }

  Result<Typed> character() {
    if (at_ + 1 >= text_.size() || text_[at_ + 1] != '\'') {
      return fail(ErrorKind::kUsage, "a character stands between two marks: 'a'");
    }
    at_ += 2;
    return plain(static_cast<unsigned char>(text_[at_ - 2]));
  }

  // Decimal, or hexadecimal with 0x, and without it where the digits leave no choice. Suffixes of C are passed over.
  Result<Typed> number() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && continues_name(text_[at_])) ++at_;
    std::string_view digits = text_.substr(begin, at_ - begin);
    const std::string_view whole = digits;
    int base = 10;
    if (digits.starts_with("0x") || digits.starts_with("0X")) {
      digits.remove_prefix(2);
      base = 16;
    }
    while (!digits.empty() &&
           (digits.back() == 'u' || digits.back() == 'U' || digits.back() == 'l' || digits.back() == 'L')) {
      digits.remove_suffix(1);
    }
    auto value = parse_unsigned(digits, base);
    if (!value && base == 10) value = parse_unsigned(digits, 16);
    if (!value) return fail(ErrorKind::kUsage, "\"{}\" is not a number", printable(whole));
    return plain(*value);
  }

  const Call& call_;
  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<Typed> evaluate(const Call& call, std::string_view text) {
  return Parser(call, text).parse();
}

Result<std::uint64_t> evaluate_number(const Call& call, std::string_view text) {
  TRY_ASSIGN(const Typed value, evaluate(call, text));
  return number_of(call, value);
}

Result<std::uint64_t> parse_address(const Call& call, std::string_view text) {
  std::string_view digits = text;
  if (digits.starts_with("0x") || digits.starts_with("0X")) digits.remove_prefix(2);
  // A symbol may look like a number ("add", "face"): the symbol is meant, as long as no 0x says otherwise.
  const auto number = parse_unsigned(digits, 16);
  if (number && (digits.size() != text.size() || std::isdigit(static_cast<unsigned char>(text[0])) != 0))
    return *number;
  if (number && call.machine().access.symbols.find_all(text, 1).empty()) return *number;
  const std::size_t colon = text.find(':');
  const bool is_bare =
      text.find_first_of("+-*/&|^~()[]<>. ") == std::string_view::npos && colon == std::string_view::npos;
  if (is_bare) {
    const auto found = call.machine().access.symbols.find_all(text, 1);
    if (found.empty()) return fail(ErrorKind::kNotFound, "there is no symbol \"{}\"", printable(text));
    return found.front().address.value;
  }
  // "symbol+16" is sixteen bytes behind it, whatever its type: as everywhere in crash.
  const std::size_t sign = text.find_first_of("+-");
  if (sign != std::string_view::npos && sign != 0 && text.find_first_of("*/&|^~()[]<>. ") == std::string_view::npos) {
    TRY_ASSIGN(const std::uint64_t base, parse_address(call, text.substr(0, sign)));
    TRY_ASSIGN(const std::uint64_t distance, parse_count(text.substr(sign + 1), ~0ull));
    return text[sign] == '+' ? base + distance : base - distance;
  }
  TRY_ASSIGN(const Typed value, evaluate(call, text));
  if (colon != std::string_view::npos && value.in_memory) return value.address;
  return number_of(call, value);
}

Result<std::uint64_t> parse_count(std::string_view text, std::uint64_t most) {
  const bool is_hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  const auto value = is_hexadecimal ? parse_unsigned(text.substr(2), 16) : parse_unsigned(text, 10);
  if (!value) return fail(ErrorKind::kUsage, "\"{}\" is not a number", printable(text));
  if (*value > most) return fail(ErrorKind::kUsage, "{} is more than {}", printable(text), most);
  return *value;
}

Result<std::vector<std::uint32_t>> parse_cpus(const Call& call, std::string_view text) {
  const std::vector<std::uint32_t>& possible = call.machine().percpu().possible();
  if (text == "a" || text == "all") return possible;
  std::vector<std::uint32_t> cpus;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    const std::size_t dash = part.find('-');
    TRY_ASSIGN(const std::uint64_t first, parse_count(part.substr(0, dash), 1u << 16));
    std::uint64_t last = first;
    if (dash != std::string_view::npos) {
      TRY_ASSIGN(last, parse_count(part.substr(dash + 1), 1u << 16));
    }
    for (std::uint64_t cpu = first; cpu <= last; ++cpu) {
      if (std::ranges::find(possible, cpu) == possible.end())
        return fail(ErrorKind::kNotFound, "there is no CPU {}", cpu);
      cpus.push_back(static_cast<std::uint32_t>(cpu));
    }
  }
  if (cpus.empty()) return fail(ErrorKind::kUsage, "a list of CPUs is empty");
  return cpus;
}

}  // namespace whyhung::commands

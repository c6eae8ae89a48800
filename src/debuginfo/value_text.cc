// SPDX-License-Identifier: GPL-2.0-or-later
#include "debuginfo/value_text.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include <fmt/format.h>

#include "base/text.h"

namespace whyhung::debuginfo {
namespace {

using Kind = DeclaredType::Kind;
using Encoding = DeclaredType::Encoding;

constexpr unsigned kDeepest = 24;
constexpr std::size_t kMostElements = 200;   // of an array or a text, as gdb's "print elements"
constexpr std::size_t kRepeats = 10;         // so many equal elements are written once
constexpr std::size_t kMostText = 1u << 20;  // bytes that one value may become

std::string escaped(unsigned char c, char quote) {
  switch (c) {
    case '\a': return "\\a";
    case '\b': return "\\b";
    case '\t': return "\\t";
    case '\n': return "\\n";
    case '\v': return "\\v";
    case '\f': return "\\f";
    case '\r': return "\\r";
    case '\\': return "\\\\";
    default: break;
  }
  if (c == static_cast<unsigned char>(quote)) return {'\\', quote};
  if (c >= 0x20 && c < 0x7f) return std::string(1, static_cast<char>(c));
  return fmt::format("\\{:03o}", c);
}

// Text between quotation marks; what repeats more than the threshold stands as one character with its number.
std::string quoted(std::string_view text, bool is_cut) {
  std::string out;
  bool is_open = false;
  const auto part = [&](bool opens) {
    if (is_open && !opens) out += '"';
    if (!out.empty() && is_open != opens) out += ", ";
    if (opens && !is_open) out += '"';
    is_open = opens;
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find_first_not_of(text[at], at), text.size());
    const auto c = static_cast<unsigned char>(text[at]);
    if (end - at > kRepeats) {
      part(false);
      if (!out.empty() && !out.ends_with(", ")) out += ", ";
      out += fmt::format("'{}' <repeats {} times>", escaped(c, '\''), end - at);
    } else {
      part(true);
      for (std::size_t i = at; i < end; ++i) out += escaped(c, '"');
    }
    at = end;
  }
  if (is_open) out += '"';
  if (out.empty()) out = "\"\"";
  return is_cut ? out + "..." : out;
}

bool is_textual(const DeclaredType& type) {
  return type.kind == Kind::kBase && type.size == 1 && type.encoding != Encoding::kBoolean;
}

class Writer {
 public:
  Writer(Declarations& types, const ValueMeaning& meaning, Radix radix)
      : types_(types), meaning_(meaning), radix_(radix) {}

  std::string value(std::uint64_t id, std::span<const std::byte> bytes, unsigned depth) {
    const std::uint64_t inner = types_.resolved_id(id);
    const DeclaredType type = types_.at(inner);
    if (depth >= kDeepest || spent_ > kMostText) return "...";
    switch (type.kind) {
      case Kind::kStruct:
      case Kind::kUnion: return structure(inner, type, bytes, depth);
      case Kind::kArray: return array(type, bytes, depth);
      case Kind::kVoid: return "void";
      case Kind::kPrototype: return fmt::format("{{{}}}", declare(types_, inner, {}));
      default: return scalar(type, inner, bytes, 0, 0);
    }
  }

  std::string member(const RawMember& member, std::span<const std::byte> bytes, unsigned depth) {
    const std::uint64_t begin = member.bits / 8;
    if (begin > bytes.size()) return "<beyond what was read>";
    const auto rest = bytes.subspan(begin);
    const std::uint64_t inner = types_.resolved_id(member.type);
    if (member.bit_size == 0) return value(member.type, rest, depth);
    return scalar(types_.at(inner), inner, rest, static_cast<std::uint32_t>(member.bits % 8), member.bit_size);
  }

 private:
  std::string structure(std::uint64_t id, const DeclaredType& type, std::span<const std::byte> bytes, unsigned depth) {
    if (!type.is_complete) return "<incomplete type>";
    const auto members = types_.members_of(id);
    if (members.empty()) return "{<No data fields>}";
    std::string out = "{\n";
    for (std::size_t i = 0; i < members.size(); ++i) {
      out += std::string(2 + 2 * std::size_t{depth}, ' ');
      if (!members[i].name.empty()) out += printable(members[i].name) + " = ";
      const std::string text = member(members[i], bytes, depth + 1);
      spent_ += text.size() < 4096 ? text.size() : 0;
      out += text + (i + 1 < members.size() ? ",\n" : "\n");
      if (out.size() > kMostText) return out + "...";
    }
    return out + std::string(2 * std::size_t{depth}, ' ') + "}";
  }

  std::string array(const DeclaredType& type, std::span<const std::byte> bytes, unsigned depth) {
    const auto size = types_.size_of(type.target);
    // A flexible array lies behind the structure: nothing tells how many there are.
    if (type.count == 0) return depth == 0 ? "{}" : is_textual(types_.resolved(type.target)) ? "0x0" : "{}";
    if (!size || *size == 0) return "{...}";
    const std::uint64_t count = std::min<std::uint64_t>(type.count, bytes.size() / *size);
    if (is_textual(types_.resolved(type.target))) return text_of(bytes.first(count));
    std::string out = "{";
    std::size_t things = 0;
    for (std::uint64_t i = 0; i < count;) {
      if (things >= kMostElements || out.size() > kMostText) {
        out += "...";
        break;
      }
      std::uint64_t same = 1;
      while (i + same < count && std::memcmp(&bytes[i * *size], &bytes[(i + same) * *size], *size) == 0) ++same;
      if (i != 0) out += ", ";
      const std::string element = value(type.target, bytes.subspan(i * *size, *size), depth + 1);
      if (same >= kRepeats) {
        out += fmt::format("{} <repeats {} times>", element, same);
        things += kRepeats;
        i += same;
      } else {
        out += element;
        ++things;
        ++i;
      }
    }
    return out + "}";
  }

  static std::string text_of(std::span<const std::byte> bytes) {
    std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const bool is_cut = text.size() > kMostElements;
    if (is_cut) text = text.substr(0, kMostElements);
    if (!is_cut && !text.empty() && text.back() == '\0') text.remove_suffix(1);
    return quoted(text, is_cut);
  }

  std::string scalar(const DeclaredType& type, std::uint64_t id, std::span<const std::byte> bytes,
                     std::uint32_t bit_offset, std::uint32_t bit_size) {
    const auto number = scalar_value(types_, id, bytes, bit_offset, bit_size, meaning_.order);
    if (!number) return type.encoding == Encoding::kFloat ? floating(bytes, type.size) : "<unreadable>";
    const std::uint64_t width = bit_size != 0 ? bit_size : type.size * 8;
    if (type.kind == Kind::kPointer) return pointer(type, *number);
    if (type.kind == Kind::kEnum) {
      std::string name = enumerator_text(type, *number);
      if (!name.empty()) return name;
    }
    if (radix_ == Radix::kHexadecimal) {
      const std::uint64_t mask = width >= 64 || width == 0 ? ~0ull : (1ull << width) - 1;
      return fmt::format("0x{:x}", *number & mask);
    }
    if (type.encoding == Encoding::kBoolean && *number <= 1) return *number != 0 ? "true" : "false";
    std::string plain = type.is_signed ? std::to_string(static_cast<std::int64_t>(*number)) : std::to_string(*number);
    if (!is_textual(type)) return plain;
    return fmt::format("{} '{}'", plain, escaped(static_cast<unsigned char>(*number), '\''));
  }

  static std::string floating(std::span<const std::byte> bytes, std::uint64_t size) {
    if (size == 8 && bytes.size() >= 8) {
      double value;
      std::memcpy(&value, bytes.data(), sizeof value);
      return fmt::format("{}", value);
    }
    return "<unreadable>";
  }

  std::string pointer(const DeclaredType& type, std::uint64_t value) {
    const DeclaredType target = types_.resolved(type.target);
    std::string out = fmt::format("0x{:x}", value);
    if (value == 0) return out;
    if (is_textual(target) && meaning_.text) {
      const auto text = meaning_.text(value, kMostElements + 1);
      if (!text) return out + fmt::format(" <error: Cannot access memory at address 0x{:x}>", value);
      const bool is_cut = text->size() > kMostElements;
      return out + " " + quoted(std::string_view(*text).substr(0, kMostElements), is_cut);
    }
    const std::string symbol = meaning_.symbol ? meaning_.symbol(value) : std::string();
    return symbol.empty() ? out : fmt::format("{} <{}>", out, symbol);
  }

  Declarations& types_;
  const ValueMeaning& meaning_;
  Radix radix_;
  std::size_t spent_ = 0;
};

}  // namespace

std::optional<std::uint64_t> scalar_value(Declarations& types, std::uint64_t id, std::span<const std::byte> bytes,
                                          std::uint32_t bit_offset, std::uint32_t bit_size, ByteOrder order) {
  const DeclaredType& type = types.resolved(id);
  const bool is_scalar = type.kind == Kind::kBase || type.kind == Kind::kPointer || type.kind == Kind::kEnum;
  if (!is_scalar || type.encoding == Encoding::kFloat) return std::nullopt;
  std::uint64_t value = 0;
  std::uint64_t width = type.size * 8;
  if (bit_size != 0) {
    Member member;
    member.bit_offset = bit_offset;
    member.bit_size = bit_size;
    const auto field = bit_field_value(member, bytes, order);
    if (!field) return std::nullopt;
    value = *field;
    width = bit_size;
  } else {
    if (type.size == 0 || type.size > 8 || bytes.size() < type.size) return std::nullopt;
    for (std::uint64_t i = 0; i < type.size; ++i) {
      const std::uint64_t at = order == ByteOrder::kLittle ? type.size - 1 - i : i;
      value = value << 8 | std::to_integer<std::uint64_t>(bytes[at]);
    }
  }
  const bool is_signed = type.is_signed || (type.encoding == Encoding::kCharacter && type.name == "char");
  if (is_signed && width < 64 && (value >> (width - 1) & 1) != 0) value |= ~0ull << width;
  return value;
}

std::string enumerator_text(const DeclaredType& type, std::uint64_t value) {
  for (const auto& [name, number] : type.enumerators) {
    if (static_cast<std::uint64_t>(number) == value) return printable(name);
  }
  // Single bits, none of them twice: then the enum is a set of flags, and the value may be a sum.
  std::uint64_t all = 0;
  for (const auto& [name, number] : type.enumerators) {
    const auto bits = static_cast<std::uint64_t>(number);
    if (bits != 0 && (!std::has_single_bit(bits) || (all & bits) != 0)) return {};
    all |= bits;
  }
  if (value == 0 || (value & ~all) != 0) return {};
  std::string text;
  for (const auto& [name, number] : type.enumerators) {
    if ((value & static_cast<std::uint64_t>(number)) != 0) text += (text.empty() ? "" : " | ") + printable(name);
  }
  return "(" + text + ")";
}

std::string value_text(Declarations& types, std::uint64_t type, std::span<const std::byte> bytes,
                       const ValueMeaning& meaning, Radix radix, unsigned depth) {
  return Writer(types, meaning, radix).value(type, bytes, depth);
}

std::string member_text(Declarations& types, const RawMember& member, std::span<const std::byte> structure,
                        const ValueMeaning& meaning, Radix radix, unsigned depth) {
  return Writer(types, meaning, radix).member(member, structure, depth);
}

}  // namespace whyhung::debuginfo

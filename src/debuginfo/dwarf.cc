// SPDX-License-Identifier: GPL-2.0-or-later
#include "debuginfo/dwarf.h"

#include <dwarf.h>

#include <algorithm>
#include <cstdlib>

#include "debuginfo/dwarf_session.h"

namespace whyhung::debuginfo {
namespace {

// Inlining nests some ten deep at most.
constexpr int kMostScopes = 128;
// An address may be in many units of a file without tables of addresses; vmlinux has some 5,000 units.
constexpr std::size_t kMostUnits = 100000;

struct FreeDeleter {
  void operator()(void* memory) const { std::free(memory); }
};
using Scopes = std::unique_ptr<Dwarf_Die[], FreeDeleter>;

std::string text_or_empty(const char* text) {
  return text == nullptr ? std::string() : std::string(text);
}

class ElfutilsLines final : public DwarfLines {
 public:
  ElfutilsLines(DwarfSession session, ElfPlacement placement)
      : session_(std::move(session)), placement_(std::move(placement)) {}

  void learn_sections(const ElfImage& image);
  std::vector<SourceFrame> frames_at(VirtualAddress address) override;

 private:
  // A section as it was in the machine, and where the DWARF has it.
  struct Moved {
    VirtualRange there;
    Dwarf_Addr here;
  };
  std::optional<Dwarf_Addr> to_file(VirtualAddress address) const;
  std::optional<Dwarf_Die> unit_of(Dwarf_Addr address);
  std::optional<Dwarf_Die> unit_without_table(Dwarf_Addr address);
  static SourceFrame call_site(Dwarf_Die* unit, Dwarf_Die* inlined);
  static SourceFrame line_at(Dwarf_Die* unit, Dwarf_Addr address);

  DwarfSession session_;
  ElfPlacement placement_;
  std::vector<Moved> sections_;
  struct UnitRange {
    Dwarf_Addr begin, end;
    Dwarf_Off unit;
  };
  std::optional<std::vector<UnitRange>> unit_ranges_;
};

void ElfutilsLines::learn_sections(const ElfImage& image) {
  for (std::size_t index = 0; index < image.sections().size(); ++index) {
    const ElfSection& section = image.sections()[index];
    const auto there = image.place(placement_, section, 0);
    if (!there || !section.executable || section.size == 0) continue;
    // elfutils lays the sections of a module out as it likes and relocates the DWARF to that.
    const auto here = image.is_relocatable() ? session_.section_address(index) : section.address;
    if (here) sections_.push_back({{*there, *there + section.size}, *here});
  }
}

std::optional<Dwarf_Addr> ElfutilsLines::to_file(VirtualAddress address) const {
  for (const Moved& section : sections_) {
    if (section.there.contains(address)) return section.here + (address - section.there.begin);
  }
  return std::nullopt;
}

std::optional<Dwarf_Die> ElfutilsLines::unit_of(Dwarf_Addr address) {
  Dwarf_Die unit;
  if (dwarf_addrdie(session_.dwarf(), address, &unit) != nullptr) return unit;
  return unit_without_table(address);
}

std::optional<Dwarf_Die> ElfutilsLines::unit_without_table(Dwarf_Addr address) {
  // clang writes no .debug_aranges; the ranges of all units are collected once then.
  if (!unit_ranges_) {
    unit_ranges_.emplace();
    Dwarf_CU* cu = nullptr;
    Dwarf_Die unit;
    for (std::size_t count = 0; count < kMostUnits; ++count) {
      if (dwarf_get_units(session_.dwarf(), cu, &cu, nullptr, nullptr, &unit, nullptr) != 0) break;
      Dwarf_Addr base = 0, begin = 0, end = 0;
      for (std::ptrdiff_t next = 0; (next = dwarf_ranges(&unit, next, &base, &begin, &end)) > 0;) {
        if (begin < end) unit_ranges_->push_back({begin, end, dwarf_dieoffset(&unit)});
      }
    }
    std::sort(unit_ranges_->begin(), unit_ranges_->end(),
              [](const UnitRange& a, const UnitRange& b) { return a.begin < b.begin; });
  }
  const auto above = std::upper_bound(unit_ranges_->begin(), unit_ranges_->end(), address,
                                      [](Dwarf_Addr value, const UnitRange& range) { return value < range.begin; });
  if (above == unit_ranges_->begin() || address >= std::prev(above)->end) return std::nullopt;
  Dwarf_Die unit;
  if (dwarf_offdie(session_.dwarf(), std::prev(above)->unit, &unit) == nullptr) return std::nullopt;
  return unit;
}

SourceFrame ElfutilsLines::line_at(Dwarf_Die* unit, Dwarf_Addr address) {
  SourceFrame frame;
  Dwarf_Line* line = dwarf_getsrc_die(unit, address);
  if (line == nullptr) return frame;
  frame.file = source_path(text_or_empty(dwarf_linesrc(line, nullptr, nullptr)));
  dwarf_lineno(line, &frame.line);
  return frame;
}

SourceFrame ElfutilsLines::call_site(Dwarf_Die* unit, Dwarf_Die* inlined) {
  SourceFrame frame;
  Dwarf_Attribute attribute;
  Dwarf_Word value = 0;
  if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attribute), &value) == 0) {
    frame.line = static_cast<int>(std::min<Dwarf_Word>(value, INT32_MAX));
  }
  Dwarf_Files* files = nullptr;
  std::size_t count = 0;
  if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attribute), &value) == 0 &&
      dwarf_getsrcfiles(unit, &files, &count) == 0 && value < count) {
    frame.file = source_path(text_or_empty(dwarf_filesrc(files, value, nullptr, nullptr)));
  }
  return frame;
}

std::vector<SourceFrame> ElfutilsLines::frames_at(VirtualAddress address) {
  const auto in_file = to_file(address);
  auto unit = in_file ? unit_of(*in_file) : std::nullopt;
  if (!unit) return {};
  std::vector<SourceFrame> frames;
  // The scope that is innermost in the source, then what encloses it in the code.
  Dwarf_Die* found = nullptr;
  if (dwarf_getscopes(&*unit, *in_file, &found) <= 0) found = nullptr;
  const Scopes innermost(found);
  Dwarf_Die* enclosing = nullptr;
  const int count = innermost ? dwarf_getscopes_die(&innermost[0], &enclosing) : 0;
  const Scopes scopes(count > 0 ? enclosing : nullptr);
  SourceFrame next = line_at(&*unit, *in_file);
  for (int index = 0; index < std::min(count, kMostScopes); ++index) {
    Dwarf_Die* scope = &scopes[static_cast<std::size_t>(index)];
    const int tag = dwarf_tag(scope);
    if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram) continue;
    next.function = text_or_empty(dwarf_diename(scope));
    frames.push_back(std::move(next));
    if (tag == DW_TAG_subprogram) return frames;
    next = call_site(&*unit, scope);
  }
  // Assembly has lines but no functions.
  if (frames.empty() && next.line != 0) frames.push_back(std::move(next));
  return frames;
}

}  // namespace

std::string source_path(std::string_view path) {
  // Resolve "." and "..", which build directories are full of.
  std::vector<std::string_view> parts;
  const bool absolute = path.starts_with('/');
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (part.empty() || part == ".") continue;
    if (part == ".." && !parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else {
      parts.push_back(part);
    }
  }
  // Distributions unpack the sources as linux-6.1.176 or linux-6.12.
  std::size_t first = 0;
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    constexpr std::string_view kRoot = "linux-";
    if (parts[i].size() > kRoot.size() && parts[i].starts_with(kRoot) && parts[i][kRoot.size()] >= '0' &&
        parts[i][kRoot.size()] <= '9') {
      first = i + 1;
    }
  }
  std::string result = absolute && first == 0 ? "/" : "";
  for (std::size_t i = first; i < parts.size(); ++i) {
    if (i != first) result += '/';
    result += parts[i];
  }
  return result;
}

Result<std::shared_ptr<DwarfLines>> DwarfLines::open(const ElfImage& image, ElfPlacement placement) {
  TRY_ASSIGN(DwarfSession session, DwarfSession::open(image));
  auto lines = std::make_shared<ElfutilsLines>(std::move(session), std::move(placement));
  lines->learn_sections(image);
  return lines;
}

}  // namespace whyhung::debuginfo

// SPDX-License-Identifier: GPL-2.0-or-later
// The report as a document: what it says and in which order, made once. Renderers (text.cc) lay it out and escape what
// their form needs; every text in it is printable already (base/text.h).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "diagnose/diagnose.h"
#include "model/index.h"

namespace whyhung::report {

enum class InlineKind : std::uint8_t {
  kText,
  kCode,     // a function, a lock, a structure's member
  kAddress,  // "0x…"
  kEmphasis,
  kGood,  // a status, as it is to be seen: nothing hangs
  kBad,
  kDoubtful,
};
struct Inline {
  InlineKind kind = InlineKind::kText;
  std::string text;
  bool operator==(const Inline&) const = default;
};
using Inlines = std::vector<Inline>;

struct Paragraph {
  Inlines text;
};

// Items with a label each: "CPUs 0–3: …".
struct Items {
  struct Item {
    Inlines label;
    Inlines text;
  };
  std::vector<Item> items;
  bool belongs_to_paragraph = false;  // the list says in detail what the paragraph before it says
  std::size_t left_out = 0;           // so many more there are
};

// From the symptom to the cause; each step with what it rests on.
struct Chain {
  struct Evidence {
    std::string kind;
    Inlines text;
  };
  struct Step {
    Inlines claim;
    std::vector<Evidence> evidence;
  };
  std::vector<Step> steps;
  std::size_t left_out = 0;  // in the middle, before the last step
};

using Block = std::variant<Paragraph, Items, Chain>;

struct Section {
  std::string title;
  std::vector<Block> blocks;
};

struct Document {
  std::vector<std::pair<std::string, std::string>> machine;  // as users of crash know it from its `sys`
  Inlines verdict;                                           // the class, and how sure it is
  Inlines summary;
  std::vector<Section> sections;
};

Document make_document(const model::Index& index, const diagnose::Diagnosis& diagnosis);

// The texts one after the other.
std::string text_of(const Inlines& inlines);

}  // namespace whyhung::report

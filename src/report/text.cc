// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/text.h"

#include <ostream>

#include <fmt/format.h>

#include "report/document.h"
#include "report/system_header.h"

namespace whyhung::report {
namespace {

constexpr std::size_t kWidth = 112;

// Breaks a paragraph at spaces. `indent` goes before every line, `first` before the first instead.
std::string wrapped(std::string_view text, std::string_view first, std::string_view indent) {
  std::string out(first);
  std::size_t column = first.size();
  bool at_start = true;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    if (!at_start && column + 1 + word.size() > kWidth) {
      out += "\n";
      out += indent;
      column = indent.size();
      at_start = true;
    }
    if (!at_start) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    at_start = false;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out + "\n";
}

class TextWriter {
 public:
  TextWriter(std::ostream& out, const Style& style) : out_(out), style_(style) {}

  void write(const Document& document) {
    write_rows(out_, document.machine);
    out_ << "\n" << style_.heading("VERDICT") << "  " << styled(document.verdict) << "\n";
    out_ << wrapped(text_of(document.summary), "  ", "  ");
    for (const Section& section : document.sections) {
      out_ << "\n" << style_.heading(section.title) << "\n";
      for (const Block& block : section.blocks) {
        std::visit([&](const auto& one) { write(one); }, block);
      }
    }
  }

 private:
  // Only a status has a colour of its own.
  std::string styled(const Inlines& inlines) const {
    std::string text;
    for (const Inline& one : inlines) {
      switch (one.kind) {
        case InlineKind::kGood: text += style_.good(one.text); break;
        case InlineKind::kBad: text += style_.bad(one.text); break;
        case InlineKind::kDoubtful: text += style_.doubtful(one.text); break;
        case InlineKind::kEmphasis: text += style_.heading(one.text); break;
        case InlineKind::kText:
        case InlineKind::kCode:
        case InlineKind::kAddress: text += one.text; break;
      }
    }
    return text;
  }

  void write(const Paragraph& paragraph) { out_ << wrapped(text_of(paragraph.text), "  ", "  "); }

  void write(const Items& items) {
    const std::string_view first = items.belongs_to_paragraph ? "    " : "  ";
    const std::string_view indent = items.belongs_to_paragraph ? "      " : "    ";
    for (const Items::Item& item : items.items) {
      out_ << wrapped(text_of(item.label) + ": " + text_of(item.text), first, indent);
    }
    if (items.left_out != 0) out_ << fmt::format("  … and {} more (all of them with --json)\n", items.left_out);
  }

  void write(const Chain& chain) {
    std::size_t number = 0;
    for (const Chain::Step& step : chain.steps) {
      const bool is_behind_gap = chain.left_out != 0 && &step == &chain.steps.back();
      if (is_behind_gap) {
        out_ << fmt::format("     … {} more steps (all of them with --json)\n", chain.left_out);
        number += chain.left_out;
      }
      out_ << wrapped(text_of(step.claim), fmt::format("{:>3}. ", ++number), "     ");
      for (const Chain::Evidence& evidence : step.evidence) {
        const std::string kind = fmt::format("       {:<9} ", evidence.kind);
        out_ << style_.quiet(wrapped(text_of(evidence.text), kind, std::string(kind.size(), ' ')));
      }
    }
  }

  std::ostream& out_;
  const Style& style_;
};

}  // namespace

void write_text(std::ostream& out, const model::Index& index, const diagnose::Diagnosis& diagnosis,
                const Style& style) {
  TextWriter(out, style).write(make_document(index, diagnosis));
}

void write_text(std::ostream& out, const model::Snapshot& snapshot, const diagnose::Diagnosis& diagnosis,
                const Style& style) {
  write_text(out, model::Index(snapshot), diagnosis, style);
}

}  // namespace whyhung::report

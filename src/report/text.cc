// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/text.h"

#include <ostream>

#include <fmt/format.h>

#include "base/columns.h"
#include "report/system_header.h"

namespace whyhung::report {
namespace {

class TextWriter {
 public:
  TextWriter(std::ostream& out, const Style& style, std::size_t width) : out_(out), style_(style), width_(width) {}

  void write(const Document& document) {
    write_rows(out_, document.machine);
    out_ << "\n" << style_.heading("VERDICT") << "  " << styled(document.verdict) << "\n";
    out_ << lines(document.summary, "  ", "  ");
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

  std::string lines(const Inlines& text, std::string_view first, std::string_view indent) const {
    return paragraph(text_of(text), width_, first, indent);
  }

  void write(const Paragraph& paragraph) { out_ << lines(paragraph.text, "  ", "  "); }

  void write(const Items& items) {
    const std::string_view first = items.belongs_to_paragraph ? "    " : "  ";
    const std::string_view indent = items.belongs_to_paragraph ? "      " : "    ";
    for (const Items::Item& item : items.items) {
      out_ << paragraph(text_of(item.label) + ": " + text_of(item.text), width_, first, indent);
    }
    if (items.left_out != 0) out_ << fmt::format("  .. and {} more (all of them with --json)\n", items.left_out);
  }

  void write(const Chain& chain) {
    std::size_t number = 0;
    for (const Chain::Step& step : chain.steps) {
      const bool is_behind_gap = chain.left_out != 0 && &step == &chain.steps.back();
      if (is_behind_gap) {
        out_ << fmt::format("     .. {} more steps (all of them with --json)\n", chain.left_out);
        number += chain.left_out;
      }
      out_ << lines(step.claim, fmt::format("{:>3}. ", ++number), "     ");
      for (const Chain::Evidence& evidence : step.evidence) {
        const std::string kind = fmt::format("       {:<9} ", evidence.kind);
        out_ << style_.quiet_lines(lines(evidence.text, kind, std::string(kind.size(), ' ')));
      }
    }
  }

  std::ostream& out_;
  const Style& style_;
  std::size_t width_;
};

}  // namespace

void write_document(std::ostream& out, const Document& document, const Style& style, std::size_t width) {
  TextWriter(out, style, width).write(document);
}

void write_text(std::ostream& out, const model::Index& index, const diagnose::Diagnosis& diagnosis, const Style& style,
                std::size_t width) {
  write_document(out, make_document(index, diagnosis), style, width);
}

void write_text(std::ostream& out, const model::Snapshot& snapshot, const diagnose::Diagnosis& diagnosis,
                const Style& style, std::size_t width) {
  write_text(out, model::Index(snapshot), diagnosis, style, width);
}

}  // namespace whyhung::report

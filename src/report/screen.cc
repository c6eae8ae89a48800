// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/screen.h"

#include <algorithm>
#include <ostream>

#include "base/columns.h"
#include "report/marks.h"

namespace whyhung::report {
namespace {

constexpr std::size_t kLabelWidth = 9;  // "  module "
constexpr std::size_t kMostFrames = 5;
constexpr std::size_t kLeastFrames = 3;
constexpr std::size_t kMostFooterLines = 3;
constexpr std::size_t kTwoStacksFrom = 60;  // columns; below, one stack has all of them

// A row that has been wrapped; `shown` of its lines are printed.
struct Laid {
  std::string label;
  std::vector<std::string> lines;
  std::size_t shown = 0;
  bool may_go = false;
};

class Layout {
 public:
  Layout(const Screen& screen, const Style& style, std::size_t width)
      : screen_(screen), style_(style), width_(std::clamp(width, kNarrowest, kWidestScreen)) {
    rows_ = laid(screen.rows);
    more_rows_ = laid(screen.more_rows);
    lay_headline();
    lay_footer();
    for (const Screen::Stack& stack : screen.stacks)
      frames_ = std::max(frames_, std::min(stack.frames.size(), kMostFrames));
    while (lines() > kMostScreenLines && shrink()) {
    }
  }

  void write(std::ostream& out) const {
    for (const std::string& line : headline_) out << line << "\n";
    write(out, rows_);
    if (frames_ != 0) {
      if (has_blanks_) out << "\n";
      write_stacks(out);
    }
    if (has_blanks_ && !more_rows_.empty()) out << "\n";
    write(out, more_rows_);
    for (const std::string& line : footer_) out << style_.quiet(line) << "\n";
  }

 private:
  std::vector<Laid> laid(const std::vector<Screen::Row>& rows) const {
    std::vector<Laid> all;
    for (const Screen::Row& row : rows) {
      if (row.text.empty()) continue;
      Laid one{row.label, wrapped(plain(row.text), width_ - kLabelWidth, LongWords::kBreak), 0, row.may_go};
      one.shown = std::min(one.lines.size(), row.most_lines);
      all.push_back(std::move(one));
    }
    return all;
  }

  // "HUNG  CPU 2 never reached stop_machine()      stop-machine-starved, certain", in two lines where it is too long.
  void lay_headline() {
    const std::string status(words_of(screen_.status));
    const std::string headline = plain(screen_.headline);
    const std::size_t taken = status.size() + 2;
    const std::size_t sureness = columns_of(screen_.sureness);
    const bool together = taken + columns_of(headline) + 2 + sureness <= width_;
    std::string first = coloured(status) + "  ";
    if (together) {
      const std::size_t between = width_ - taken - columns_of(headline) - sureness;
      headline_.push_back(first + style_.heading(headline) + std::string(between, ' ') + screen_.sureness);
      return;
    }
    std::vector<std::string> lines = wrapped(headline, width_ - taken, LongWords::kBreak);
    if (lines.size() > 2) lines = {lines[0], cut_to(lines[1] + " " + lines[2], width_ - taken)};
    for (const std::string& line : lines) {
      headline_.push_back(first + style_.heading(line));
      first.assign(taken, ' ');
    }
    headline_.push_back(first + cut_to(screen_.sureness, width_ - taken));
  }

  std::string coloured(const std::string& status) const {
    switch (screen_.status) {
      case Status::kHung:
      case Status::kCrashed: return style_.bad(status);
      case Status::kNotHung: return style_.good(status);
      case Status::kUndetermined: return style_.doubtful(status);
    }
    return status;
  }

  void lay_footer() {
    std::string line;
    for (const std::string& piece : screen_.footer) {
      if (piece.empty()) continue;
      if (!line.empty() && columns_of(line) + 2 + columns_of(piece) > width_) {
        footer_.push_back(line);
        line.clear();
      }
      line += (line.empty() ? "" : "  ") + cut_to(piece, width_);
    }
    if (!line.empty()) footer_.push_back(line);
    if (footer_.size() > kMostFooterLines) footer_.resize(kMostFooterLines);
  }

  std::size_t lines() const {
    std::size_t count = headline_.size() + footer_.size();
    for (const auto* rows : {&rows_, &more_rows_}) {
      for (const Laid& row : *rows) count += row.shown;
    }
    if (frames_ != 0) count += 1 + frames_ + (has_blanks_ ? 1 : 0);
    return count + (has_blanks_ && !more_rows_.empty() ? 1 : 0);
  }

  // Takes away what is missed least; false when nothing is left that may go.
  bool shrink() {
    if (frames_ > kLeastFrames) {
      --frames_;
      return true;
    }
    for (auto* rows : {&more_rows_, &rows_}) {
      const auto found = std::find_if(rows->rbegin(), rows->rend(), [](const Laid& row) { return row.may_go; });
      if (found == rows->rend()) continue;
      rows->erase(std::next(found).base());
      return true;
    }
    if (Laid* longest = longest_row(3); longest != nullptr) {
      --longest->shown;
      return true;
    }
    if (has_blanks_) {
      has_blanks_ = false;
      return true;
    }
    if (Laid* longest = longest_row(2); longest != nullptr) {
      --longest->shown;
      return true;
    }
    if (frames_ == 0) return false;
    --frames_;
    return true;
  }

  Laid* longest_row(std::size_t least) {
    Laid* longest = nullptr;
    for (auto* rows : {&rows_, &more_rows_}) {
      for (Laid& row : *rows) {
        if (row.shown >= least && (longest == nullptr || row.shown >= longest->shown)) longest = &row;
      }
    }
    return longest;
  }

  void write(std::ostream& out, const std::vector<Laid>& rows) const {
    for (const Laid& row : rows) {
      for (std::size_t i = 0; i < row.shown; ++i) {
        const bool is_cut = i + 1 == row.shown && row.shown < row.lines.size();
        const std::string line =
            is_cut ? cut_to(row.lines[i] + " " + row.lines[i + 1], width_ - kLabelWidth) : row.lines[i];
        const std::string label = i == 0 ? padded("  " + row.label, kLabelWidth) : std::string(kLabelWidth, ' ');
        out << (i == 0 ? style_.quiet(label) : label) << line << "\n";
      }
    }
  }

  void write_stacks(std::ostream& out) const {
    const bool two = screen_.stacks.size() > 1 && width_ >= kTwoStacksFrom;
    const std::size_t count = two ? 2 : 1;
    const std::size_t column = (width_ - 2) / count - (two ? 1 : 0);
    std::string line = "  ";
    for (std::size_t i = 0; i < count; ++i) {
      const std::string heading = cut_to(screen_.stacks[i].heading, column - (i == 0 && two ? 1 : 0));
      line += style_.heading(heading);
      if (i + 1 < count) line.append(column - columns_of(heading) + 1, ' ');
    }
    out << line << "\n";
    for (std::size_t at = 0; at < frames_; ++at) {
      line = "  ";
      for (std::size_t i = 0; i < count; ++i) {
        const bool is_left = i + 1 < count;
        const std::string frame = frame_text(screen_.stacks[i], at, is_left ? column - 1 : column);
        line += is_left ? padded(frame, column + 1) : frame;
      }
      while (line.ends_with(' ')) line.pop_back();
      out << line << "\n";
    }
  }

  // The last that is shown tells how many more there are.
  std::string frame_text(const Screen::Stack& stack, std::size_t at, std::size_t width) const {
    if (at >= stack.frames.size()) return {};
    const std::size_t more = stack.frames.size() + stack.left_out - at - 1;
    if (at + 1 != frames_ || more == 0) return cut_to(" " + stack.frames[at], width);
    const std::string remark = "  +" + std::to_string(more);
    return cut_to(" " + stack.frames[at], width - remark.size()) + remark;
  }

  const Screen& screen_;
  const Style& style_;
  std::size_t width_;
  std::vector<std::string> headline_;
  std::vector<Laid> rows_;
  std::vector<Laid> more_rows_;
  std::vector<std::string> footer_;
  std::size_t frames_ = 0;
  bool has_blanks_ = true;
};

}  // namespace

std::string_view words_of(Status status) {
  switch (status) {
    case Status::kHung: return "HUNG";
    case Status::kNotHung: return "NOT HUNG";
    case Status::kCrashed: return "CRASHED";
    case Status::kUndetermined: return "UNDETERMINED";
  }
  return {};
}

void write_screen(std::ostream& out, const Screen& screen, const Style& style, std::size_t width) {
  Layout(screen, style, width).write(out);
}

}  // namespace whyhung::report

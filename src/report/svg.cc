// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/svg.h"

#include <algorithm>
#include <ostream>

#include <fmt/format.h>

#include "base/columns.h"
#include "report/markup.h"

namespace whyhung::report {
namespace {

constexpr int kFontSize = 13;
constexpr int kBaseline = 12;  // below the top of a line
constexpr int kCorner = 12;    // what a CPU's box has cut off
constexpr int kInner = 4;      // between the two frames of a culprit

std::string shape(GraphRole role, const Box& box) {
  const auto frame = [](const Box& at, int round, std::string_view name) {
    return fmt::format("<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\"/>", name, at.x, at.y,
                       at.width, at.height, round);
  };
  switch (role) {
    case GraphRole::kVictim: return frame(box, 3, "shape");
    case GraphRole::kCulprit:
      return frame(box, 3, "shape") +
             frame({box.x + kInner, box.y + kInner, box.width - 2 * kInner, box.height - 2 * kInner}, 1, "inner");
    case GraphRole::kResource: return frame(box, box.height / 2, "shape");
    case GraphRole::kCpu: {
      const int right = box.x + box.width;
      const int bottom = box.y + box.height;
      const int middle = box.y + box.height / 2;
      return fmt::format("<path class=\"shape\" d=\"M{} {}H{}L{} {} {} {}H{}L{} {}Z\"/>", box.x + kCorner, box.y,
                         right - kCorner, right, middle, right - kCorner, bottom, box.x + kCorner, box.x, middle);
    }
  }
  return {};
}

// As wide as the layout made room for, whatever the font is.
std::string line_of_text(std::string_view text, int middle, int baseline, std::string_view name) {
  return fmt::format("<text class=\"{}\" x=\"{}\" y=\"{}\" textLength=\"{}\">{}</text>", name, middle, baseline,
                     static_cast<int>(columns_of(text)) * kColumnWidth, markup(text));
}

// Straight where it goes down, a soft bend where it goes sideways; a gap where its label stands.
std::string path_of(const Layout::Line& line) {
  std::string path = fmt::format("M{} {}", line.points[0].x, line.points[0].y);
  for (std::size_t i = 1; i < line.points.size(); ++i) {
    const Point from = line.points[i - 1];
    const Point to = line.points[i];
    if (i == line.behind_label) {
      path += fmt::format("M{} {}", to.x, to.y);
    } else if (from.x == to.x) {
      if (from.y != to.y) path += fmt::format("V{}", to.y);
    } else {
      const int middle = (from.y + to.y) / 2;
      path += fmt::format("C{} {} {} {} {} {}", from.x, middle, to.x, middle, to.x, to.y);
    }
  }
  return path;
}

// "the circle" stands beside the label of each of its arrows.
std::string_view circle_mark(bool in_circle) {
  return in_circle ? "edge circle" : "edge";
}

std::string arrow_head(const Layout::Line& line) {
  const Point at = line.points.back();
  // The line's last pieces may have no height.
  const auto before = std::find_if(line.points.rbegin(), line.points.rend(), [&](Point one) { return one.y != at.y; });
  const bool is_down = before == line.points.rend() || before->y < at.y;
  const int back = is_down ? -8 : 8;
  return fmt::format("<path class=\"head\" d=\"M{} {}L{} {} {} {}Z\"/>", at.x, at.y, at.x - 4, at.y + back, at.x + 4,
                     at.y + back);
}

void write_nodes(std::ostream& out, const Graph& graph, const Layout& layout) {
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Graph::Node& node = graph.nodes[i];
    const Box& box = layout.nodes[i];
    out << fmt::format("<g class=\"node {}\">{}", name_of(node.role), shape(node.role, box));
    const int height = static_cast<int>(node.lines.size()) * kLineHeight;
    int baseline = box.y + (box.height - height) / 2 + kBaseline + 1;
    for (const std::string& line : node.lines) {
      out << line_of_text(drawn(line), box.x + box.width / 2, baseline, &line == &node.lines.front() ? "name" : "more");
      baseline += kLineHeight;
    }
    out << "</g>\n";
  }
}

}  // namespace

std::string_view svg_style() {
  return R"css(.graph{--g-ink:#1d2228;--g-soft:#59636e;--g-line:#59636e;--g-fill:#fff;--g-cpu:#eaf1fb;--g-thing:#f3f0e6;
--g-bad:#a8201a;--g-bad-fill:#fdecea;--g-frame:#8a949e}
@media (prefers-color-scheme:dark){.graph{--g-ink:#e8ebee;--g-soft:#a9b4be;--g-line:#a9b4be;--g-fill:#1b2026;--g-cpu:#1c2a3d;
--g-thing:#2b281d;--g-bad:#ff9a8d;--g-bad-fill:#3b1a17;--g-frame:#6d7883}}
.graph text{font-family:ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,"Liberation Mono",monospace;font-size:13px;
text-anchor:middle;fill:var(--g-ink)}
.graph .name{font-weight:600}.graph .label{font-size:12px;fill:var(--g-soft)}
.graph .shape{fill:var(--g-fill);stroke:var(--g-frame);stroke-width:1.2}
.graph .cpu .shape{fill:var(--g-cpu)}.graph .resource .shape{fill:var(--g-thing)}
.graph .culprit .shape{fill:var(--g-bad-fill);stroke:var(--g-bad);stroke-width:2.5}
.graph .inner{fill:none;stroke:var(--g-bad);stroke-width:1}
.graph .edge path{fill:none;stroke:var(--g-line);stroke-width:1.3}.graph .edge .head{fill:var(--g-line);stroke:none}
.graph .circle path{stroke:var(--g-bad);stroke-width:3}.graph .circle .head{fill:var(--g-bad)}
.graph .circle .label{fill:var(--g-bad);font-weight:600}
)css";
}

void write_svg(std::ostream& out, const Graph& graph, std::string_view title, SvgStyle style) {
  const Layout layout = lay_out(graph);
  // The attributes serve where no style is applied.
  out << fmt::format(
      "<svg class=\"graph\" xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"{}\" viewBox=\"0 0 {} {}\" "
      "width=\"{}\" height=\"{}\" font-family=\"monospace\" font-size=\"{}\" text-anchor=\"middle\" "
      "fill=\"#1d2228\">\n",
      markup(title), layout.width, layout.height, layout.width, layout.height, kFontSize);
  out << fmt::format("<title>{}</title>\n", markup(title));
  if (style == SvgStyle::kOwn) {
    out << fmt::format("<style>{}.graph{{background:var(--g-fill)}}</style>\n", svg_style());
  }
  for (std::size_t i = 0; i < graph.edges.size(); ++i) {
    const Layout::Line& line = layout.lines[i];
    out << fmt::format("<g class=\"{}\"><path d=\"{}\" fill=\"none\" stroke=\"#59636e\"/>{}{}</g>\n",
                       circle_mark(graph.edges[i].in_circle), path_of(line), arrow_head(line),
                       line_of_text(graph.edges[i].label, line.label.x + line.label.width / 2,
                                    line.label.y + (line.label.height - kLineHeight) / 2 + kBaseline, "label"));
  }
  write_nodes(out, graph, layout);
  out << "</svg>\n";
}

std::vector<std::string> arrows_in_words(const Graph& graph) {
  const auto name = [&](std::size_t node) {
    std::string text;
    for (const std::string& line : graph.nodes[node].lines) text += (text.empty() ? "" : ", ") + line;
    return text;
  };
  std::vector<std::string> lines;
  for (const Graph::Edge& edge : graph.edges) {
    lines.push_back(fmt::format("{} {} {}{}", name(edge.from), edge.label, name(edge.to),
                                edge.in_circle ? " (in the circle)" : ""));
  }
  return lines;
}

}  // namespace whyhung::report

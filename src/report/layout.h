// SPDX-License-Identifier: GPL-2.0-or-later
// Where the parts of a graph are drawn: nodes in rows from top to bottom, as the arrows lead, with a row of labels
// between two rows of nodes. Each label has a place of its own, so no two texts lie on each other.
#pragma once

#include <vector>

#include "report/graph.h"

namespace whyhung::report {

// In units of the picture, as wide as a pixel; y grows downwards.
struct Point {
  int x = 0;
  int y = 0;
};
struct Box {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
};

// How wide a column of text is made, and how high a line.
inline constexpr int kColumnWidth = 8;
inline constexpr int kLineHeight = 17;

struct Layout {
  struct Line {
    std::vector<Point> points;     // from where the arrow begins to its head
    std::size_t behind_label = 0;  // the point at which the line goes on behind its label; 0: it has none
    Box label;
  };
  std::vector<Box> nodes;
  std::vector<Line> lines;  // one for each edge
  int width = 0;
  int height = 0;
};

Layout lay_out(const Graph& graph);

}  // namespace whyhung::report

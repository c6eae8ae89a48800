// SPDX-License-Identifier: GPL-2.0-or-later
// No text of a drawn graph lies on another one, whatever the graph is: measured from the boxes of the layout.
#include <random>
#include <set>

#include "base/columns.h"
#include "report/layout.h"
#include "report_test_support.h"

namespace whyhung::report {
namespace {

bool overlap(const Box& a, const Box& b) {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}
bool holds(const Box& box, const Point& point) {
  return point.x > box.x && point.x < box.x + box.width && point.y > box.y && point.y < box.y + box.height;
}
int width_of(std::string_view text) {
  return static_cast<int>(columns_of(text)) * kColumnWidth;
}

void expect_readable(const Graph& graph) {
  const Layout layout = lay_out(graph);
  ASSERT_EQ(layout.nodes.size(), graph.nodes.size());
  ASSERT_EQ(layout.lines.size(), graph.edges.size());
  std::vector<Box> boxes = layout.nodes;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const auto& lines = graph.nodes[i].lines;
    EXPECT_GE(layout.nodes[i].height, static_cast<int>(lines.size()) * kLineHeight);
    for (const std::string& line : lines) EXPECT_GE(layout.nodes[i].width, width_of(line)) << line;
  }
  for (std::size_t i = 0; i < graph.edges.size(); ++i) {
    EXPECT_GE(layout.lines[i].label.width, width_of(graph.edges[i].label));
    boxes.push_back(layout.lines[i].label);
  }
  for (std::size_t a = 0; a < boxes.size(); ++a) {
    EXPECT_TRUE(boxes[a].x >= 0 && boxes[a].x + boxes[a].width <= layout.width);
    EXPECT_TRUE(boxes[a].y >= 0 && boxes[a].y + boxes[a].height <= layout.height);
    for (std::size_t b = a + 1; b < boxes.size(); ++b) {
      ASSERT_FALSE(overlap(boxes[a], boxes[b])) << "boxes " << a << " and " << b << " of " << boxes.size();
    }
  }
  for (std::size_t i = 0; i < layout.lines.size(); ++i) {
    const auto& points = layout.lines[i].points;
    for (const Box& box : boxes) {
      for (const Point& point : points) EXPECT_FALSE(holds(box, point)) << "line " << i << " runs through a text";
    }
    // It begins and ends at its own nodes, and its label stands in its gap.
    const auto at_edge_of = [](const Box& box, const Point& point) {
      return point.x > box.x && point.x < box.x + box.width && (point.y == box.y || point.y == box.y + box.height);
    };
    EXPECT_TRUE(at_edge_of(layout.nodes[graph.edges[i].from], points.front())) << i;
    EXPECT_TRUE(at_edge_of(layout.nodes[graph.edges[i].to], points.back())) << i;
    ASSERT_NE(layout.lines[i].behind_label, 0u);
    EXPECT_TRUE(at_edge_of(layout.lines[i].label, points[layout.lines[i].behind_label])) << i;
  }
}

Graph graph_of(std::initializer_list<std::pair<std::size_t, std::size_t>> edges, std::size_t nodes) {
  Graph graph;
  for (std::size_t i = 0; i < nodes; ++i)
    graph.nodes.push_back({GraphRole::kVictim, {"node " + std::to_string(i)}, {}});
  for (const auto& [from, to] : edges) graph.edges.push_back({from, to, "waits for", false});
  return graph;
}

TEST(Layout, OfNothingIsSmall) {
  const Layout layout = lay_out({});
  EXPECT_TRUE(layout.nodes.empty());
  EXPECT_LT(layout.height, 100);
}

TEST(Layout, LeadsDownwardsFromWhoWaits) {
  const Graph graph = graph_of({{0, 1}, {1, 2}}, 3);
  expect_readable(graph);
  const Layout layout = lay_out(graph);
  EXPECT_LT(layout.nodes[0].y, layout.nodes[1].y);
  EXPECT_LT(layout.nodes[1].y, layout.nodes[2].y);
}

TEST(Layout, OfCirclesEndsAndKeepsTheDirectionOfEachArrow) {
  expect_readable(graph_of({{0, 1}, {1, 0}}, 2));
  expect_readable(graph_of({{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}, {5, 0}, {6, 1}, {7, 3}, {8, 5}}, 9));
}

TEST(Layout, OfAnyGraphHasNoTextOnAnother) {
  std::mt19937 random(7);
  for (int turn = 0; turn < 300; ++turn) {
    Graph graph;
    const std::size_t nodes = 1 + random() % 24;
    for (std::size_t i = 0; i < nodes; ++i) {
      Graph::Node node{static_cast<GraphRole>(random() % 4), {}, {}};
      const std::size_t lines = 1 + random() % 4;
      for (std::size_t line = 0; line < lines; ++line) {
        node.lines.push_back(random() % 5 == 0 ? "漢字🐧漢字" : std::string(1 + random() % 36, 'x'));
      }
      graph.nodes.push_back(std::move(node));
    }
    std::set<std::pair<std::size_t, std::size_t>> known;
    for (std::size_t i = random() % (2 * nodes); i != 0; --i) {
      const std::size_t from = random() % nodes;
      const std::size_t to = random() % nodes;
      if (from == to || !known.emplace(from, to).second) continue;
      graph.edges.push_back({from, to, std::string(1 + random() % 30, 'l'), false});
    }
    expect_readable(graph);
    if (HasFailure()) FAIL() << "in turn " << turn;
  }
}

TEST(Layout, OfTheLargestPictureIsFoundQuickly) {
  Graph graph;
  for (std::size_t i = 0; i < 60; ++i) {
    graph.nodes.push_back({GraphRole::kVictim, {"a task"}, {}});
    for (std::size_t to = 0; to < i; ++to) graph.edges.push_back({i, to, "waits for", false});
  }
  const Layout layout = lay_out(graph);
  EXPECT_EQ(layout.lines.size(), 60u * 59 / 2);
}

}  // namespace
}  // namespace whyhung::report

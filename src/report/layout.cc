// SPDX-License-Identifier: GPL-2.0-or-later
// The layered way to draw a graph (Sugiyama): arrows that close a circle are turned round while the rows are found,
// rows are put in an order in which lines cross little, and within its row each item moves as near as it can to the
// middle of those that it is connected with.
#include "report/layout.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/columns.h"

namespace whyhung::report {
namespace {

constexpr int kMargin = 14;
constexpr int kBetweenItems = 22;  // side by side
constexpr int kBetweenRows = 20;
constexpr int kNodePadding = 12;
constexpr int kLabelPadding = 4;
constexpr int kLineWidth = 6;  // what a line that only passes needs
constexpr int kSweeps = 16;

int text_width(std::string_view text) {
  return static_cast<int>(columns_of(text)) * kColumnWidth;
}

// Something that takes room in a row: a node, the label of an edge, or an edge that passes.
struct Item {
  int width = 0;
  int height = 0;
  std::size_t row = 0;
  double place = 0;  // in its row: its middle
  std::vector<std::size_t> above;
  std::vector<std::size_t> below;
};

class Maker {
 public:
  explicit Maker(const Graph& graph) : graph_(graph), turned_(graph.edges.size()) {}

  Layout make() {
    find_turned();
    find_ranks();
    add_nodes();
    for (std::size_t i = 0; i < graph_.edges.size(); ++i) add_edge(i);
    order_rows();
    place_items();
    return drawn();
  }

 private:
  std::size_t upper(std::size_t edge) const { return turned_[edge] ? graph_.edges[edge].to : graph_.edges[edge].from; }
  std::size_t lower(std::size_t edge) const { return turned_[edge] ? graph_.edges[edge].from : graph_.edges[edge].to; }

  // Arrows that lead back to where a walk came from. Walks begin at nodes that nobody waits for.
  void find_turned() {
    enum class Seen : std::uint8_t { kNo, kOpen, kDone };
    std::vector<Seen> seen(graph_.nodes.size(), Seen::kNo);
    std::vector<std::vector<std::size_t>> out(graph_.nodes.size());
    std::vector<bool> is_waited_for(graph_.nodes.size());
    for (std::size_t i = 0; i < graph_.edges.size(); ++i) {
      out[graph_.edges[i].from].push_back(i);
      is_waited_for[graph_.edges[i].to] = true;
    }
    std::vector<std::size_t> order(graph_.nodes.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_partition(order.begin(), order.end(), [&](std::size_t node) { return !is_waited_for[node]; });
    std::vector<std::pair<std::size_t, std::size_t>> path;
    for (const std::size_t first : order) {
      if (seen[first] == Seen::kNo) path.emplace_back(first, 0);
      while (!path.empty()) {
        auto& [node, at] = path.back();
        seen[node] = Seen::kOpen;
        if (at == out[node].size()) {
          seen[node] = Seen::kDone;
          path.pop_back();
          continue;
        }
        const std::size_t edge = out[node][at++];
        const std::size_t to = graph_.edges[edge].to;
        if (seen[to] == Seen::kOpen) turned_[edge] = true;
        if (seen[to] == Seen::kNo) path.emplace_back(to, 0);
      }
    }
  }

  // A node stands below all that lead to it, and one that nothing leads to right above the first that it leads to.
  void find_ranks() {
    ranks_.assign(graph_.nodes.size(), 0);
    std::vector<std::size_t> left(graph_.nodes.size());
    std::vector<std::vector<std::size_t>> out(graph_.nodes.size());
    for (std::size_t i = 0; i < graph_.edges.size(); ++i) {
      ++left[lower(i)];
      out[upper(i)].push_back(lower(i));
    }
    std::vector<std::size_t> ready;
    std::vector<std::size_t> tops;
    for (std::size_t node = 0; node < left.size(); ++node) {
      if (left[node] == 0) ready.push_back(node);
    }
    tops = ready;
    while (!ready.empty()) {
      const std::size_t node = ready.back();
      ready.pop_back();
      for (const std::size_t next : out[node]) {
        ranks_[next] = std::max(ranks_[next], ranks_[node] + 1);
        if (--left[next] == 0) ready.push_back(next);
      }
    }
    for (const std::size_t node : tops) {
      if (out[node].empty()) continue;
      std::size_t nearest = ranks_[out[node].front()];
      for (const std::size_t next : out[node]) nearest = std::min(nearest, ranks_[next]);
      ranks_[node] = nearest - 1;
    }
  }

  std::size_t add_item(int width, int height, std::size_t row) {
    if (rows_.size() <= row) rows_.resize(row + 1);
    rows_[row].push_back(items_.size());
    items_.push_back({width, height, row, 0, {}, {}});
    return items_.size() - 1;
  }

  void add_nodes() {
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      int width = 0;
      for (const std::string& line : graph_.nodes[i].lines) width = std::max(width, text_width(report::drawn(line)));
      const int height = static_cast<int>(graph_.nodes[i].lines.size()) * kLineHeight;
      add_item(width + 4 * kNodePadding, height + 2 * kNodePadding, 2 * ranks_[i]);
    }
  }

  // Its label, and an item in each row that it passes.
  void add_edge(std::size_t edge) {
    std::vector<std::size_t>& path = paths_.emplace_back();
    path.push_back(upper(edge));
    const std::size_t end = 2 * ranks_[lower(edge)];
    for (std::size_t row = 2 * ranks_[upper(edge)] + 1; row < end; ++row) {
      const bool is_label = path.size() == 1;
      const int width = is_label ? text_width(graph_.edges[edge].label) + 2 * kLabelPadding : kLineWidth;
      path.push_back(add_item(width, is_label ? kLineHeight + 2 * kLabelPadding : 0, row));
    }
    path.push_back(lower(edge));
    for (std::size_t i = 1; i < path.size(); ++i) {
      items_[path[i - 1]].below.push_back(path[i]);
      items_[path[i]].above.push_back(path[i - 1]);
    }
  }

  static double middle(const std::vector<Item>& items, const std::vector<std::size_t>& of, double otherwise) {
    if (of.empty()) return otherwise;
    double sum = 0;
    for (const std::size_t one : of) sum += items[one].place;
    return sum / static_cast<double>(of.size());
  }

  // Down and up again, each row by the middles of the one before.
  void order_rows() {
    for (const auto& row : rows_) number(row);
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      const bool down = sweep % 2 == 0;
      for (std::size_t i = 1; i < rows_.size(); ++i) {
        auto& row = rows_[down ? i : rows_.size() - 1 - i];
        std::vector<std::pair<double, std::size_t>> keyed;
        keyed.reserve(row.size());
        for (const std::size_t item : row) {
          keyed.emplace_back(middle(items_, down ? items_[item].above : items_[item].below, items_[item].place), item);
        }
        std::ranges::stable_sort(keyed, {}, &std::pair<double, std::size_t>::first);
        for (std::size_t at = 0; at < row.size(); ++at) row[at] = keyed[at].second;
        number(row);
      }
    }
  }

  void number(const std::vector<std::size_t>& row) {
    for (std::size_t at = 0; at < row.size(); ++at) {
      items_[row[at]].place = static_cast<double>(at) - static_cast<double>(row.size()) / 2;
    }
  }

  void place_items() {
    for (Item& item : items_) item.place = 0;
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      const bool down = sweep % 2 == 0;
      for (std::size_t i = 0; i < rows_.size(); ++i) {
        place_row(rows_[down ? i : rows_.size() - 1 - i], sweep == 0 ? 0 : down ? 1 : 2);
      }
    }
    for (const auto& row : rows_) place_row(row, 3);
  }

  // As near to where they would like to be as their order and widths allow: those that push each other move together,
  // to the mean of what they want. `by`: 1 what is above counts, 2 what is below, 3 both.
  void place_row(const std::vector<std::size_t>& row, int by) {
    struct Block {
      double sum;
      double count;
      std::size_t first;
      double mean() const { return sum / count; }
    };
    std::vector<Block> blocks;
    std::vector<double> offsets;
    double offset = 0;
    for (std::size_t at = 0; at < row.size(); ++at) {
      const Item& item = items_[row[at]];
      if (at != 0) offset += (items_[row[at - 1]].width + item.width) / 2.0 + kBetweenItems;
      offsets.push_back(offset);
      blocks.push_back({wanted(item, by) - offset, 1, at});
      while (blocks.size() > 1 && blocks[blocks.size() - 2].mean() >= blocks.back().mean()) {
        blocks[blocks.size() - 2].sum += blocks.back().sum;
        blocks[blocks.size() - 2].count += blocks.back().count;
        blocks.pop_back();
      }
    }
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      const std::size_t end = i + 1 < blocks.size() ? blocks[i + 1].first : row.size();
      for (std::size_t at = blocks[i].first; at < end; ++at) items_[row[at]].place = blocks[i].mean() + offsets[at];
    }
  }

  double wanted(const Item& item, int by) const {
    const double above = middle(items_, item.above, item.place);
    const double below = middle(items_, item.below, item.place);
    switch (by) {
      case 1: return item.above.empty() ? item.place : above;
      case 2: return item.below.empty() ? item.place : below;
      case 3: return item.above.empty() ? below : item.below.empty() ? above : (above + below) / 2;
      default: return item.place;
    }
  }

  Layout drawn() {
    Layout layout;
    double left = 0;
    double right = 0;
    for (const Item& item : items_) {
      left = std::min(left, item.place - item.width / 2.0);
      right = std::max(right, item.place + item.width / 2.0);
    }
    std::vector<int> tops;
    std::vector<int> bottoms;
    int y = kMargin;
    for (const auto& row : rows_) {
      int height = 0;
      for (const std::size_t item : row) height = std::max(height, items_[item].height);
      tops.push_back(y);
      bottoms.push_back(y + height);
      y += height + kBetweenRows;
    }
    layout.width = static_cast<int>(std::ceil(right - left)) + 2 * kMargin;
    layout.height = y - kBetweenRows + kMargin;
    std::vector<Box> boxes;
    for (const Item& item : items_) {
      const int x = static_cast<int>(std::lround(item.place - item.width / 2.0 - left)) + kMargin;
      const int row_height = bottoms[item.row] - tops[item.row];
      boxes.push_back({x, tops[item.row] + (row_height - item.height) / 2, item.width, item.height});
    }
    layout.nodes.assign(boxes.begin(), boxes.begin() + static_cast<std::ptrdiff_t>(graph_.nodes.size()));
    for (std::size_t i = 0; i < paths_.size(); ++i) layout.lines.push_back(line(i, boxes, tops, bottoms));
    return layout;
  }

  // Where on the edge of a node the line to `next` begins: those to the same side share its width, in their order.
  int port(std::size_t next, const std::vector<std::size_t>& all, const Box& box) const {
    std::size_t before = 0;
    bool is_past = false;
    for (const std::size_t one : all) {
      if (one == next) is_past = true;
      const bool is_left = items_[one].place < items_[next].place;
      const bool is_earlier = !is_past && items_[one].place == items_[next].place;
      before += is_left || is_earlier ? 1 : 0;
    }
    const int inner = box.width - 2 * kNodePadding;
    return box.x + kNodePadding + static_cast<int>((before + 1) * static_cast<std::size_t>(inner) / (all.size() + 1));
  }

  // Straight down through its own items; between two rows it may go sideways.
  Layout::Line line(std::size_t edge, const std::vector<Box>& boxes, const std::vector<int>& tops,
                    const std::vector<int>& bottoms) const {
    const std::vector<std::size_t>& path = paths_[edge];
    Layout::Line out;
    for (std::size_t i = 0; i < path.size(); ++i) {
      const Item& item = items_[path[i]];
      const Box& box = boxes[path[i]];
      const int middle = box.x + box.width / 2;
      const bool is_first = i == 0;
      const bool is_last = i + 1 == path.size();
      if (is_first) {
        const int x = port(path[1], item.below, box);
        out.points.push_back({x, box.y + box.height});
        out.points.push_back({x, bottoms[item.row]});
      } else if (is_last) {
        const int x = port(path[i - 1], item.above, box);
        out.points.push_back({x, tops[item.row]});
        out.points.push_back({x, box.y});
      } else if (i == 1) {
        out.label = box;
        out.points.push_back({middle, tops[item.row]});
        out.points.push_back({middle, box.y});
        out.behind_label = out.points.size();
        out.points.push_back({middle, box.y + box.height});
        out.points.push_back({middle, bottoms[item.row]});
      } else {
        out.points.push_back({middle, tops[item.row]});
        out.points.push_back({middle, bottoms[item.row]});
      }
    }
    if (turned_[edge]) {
      std::ranges::reverse(out.points);
      if (out.behind_label != 0) out.behind_label = out.points.size() - out.behind_label;
    }
    return out;
  }

  const Graph& graph_;
  std::vector<bool> turned_;
  std::vector<std::size_t> ranks_;
  std::vector<Item> items_;  // the nodes come first
  std::vector<std::vector<std::size_t>> rows_;
  std::vector<std::vector<std::size_t>> paths_;  // of each edge: its items from above
};

}  // namespace

Layout lay_out(const Graph& graph) {
  return Maker(graph).make();
}

}  // namespace whyhung::report

// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/html.h"

#include <algorithm>
#include <cctype>
#include <sstream>

#include <fmt/format.h>

#include "base/text.h"
#include "report/brief.h"
#include "report/catalogue.h"
#include "report/html_cpus.h"
#include "report/html_writer.h"
#include "report/marks.h"
#include "report/markup.h"
#include "report/svg.h"

namespace whyhung::report {
namespace {

// A page is small whatever a dump holds: of each part that grows with it, that many bytes, and more for large machines.
constexpr std::size_t kMostStackBytes = 100'000;
constexpr std::size_t kStackBytesPerTask = 60;
constexpr std::size_t kMostStackBytesAtAll = 1'000'000;
constexpr std::size_t kMostChainBytes = 110'000;
constexpr std::size_t kMostItemBytes = 20'000;
constexpr std::size_t kMostNamedTasks = 16;
constexpr std::size_t kMostFrames = 40;
constexpr std::size_t kMostEvidence = 40;
constexpr std::size_t kMostSourceLines = 4;

std::string_view look_of(Status status) {
  switch (status) {
    case Status::kHung:
    case Status::kCrashed: return "bad";
    case Status::kNotHung: return "good";
    case Status::kUndetermined: return "doubtful";
  }
  return {};
}

// "WHAT STILL RAN" is how a title looks among lines of text.
std::string title_case(std::string_view title) {
  std::string out;
  while (!title.empty()) {
    const std::size_t end = std::min(title.find(' '), title.size());
    std::string word(title.substr(0, end));
    title.remove_prefix(std::min(end + 1, title.size()));
    const bool is_loud = std::ranges::none_of(word, [](unsigned char c) { return std::islower(c) != 0; });
    if (is_loud && !word.starts_with("CPU")) {
      std::ranges::transform(word, word.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    }
    if (out.empty() && !word.empty()) word[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(word[0])));
    out += (out.empty() ? "" : " ") + word;
  }
  return out;
}

class Page {
 public:
  Page(std::ostream& out, const Story& story, std::string_view made_by)
      : html_(out), story_(story), made_by_(made_by) {}

  void write() {
    write_head();
    write_answer();
    html_.raw("<main>\n");
    write_graph();
    write_cpus(html_, story_.cpus);
    for (const Section& section : story_.document.sections) write(section);
    write_stacks();
    write_log();
    write_class();
    write_machine();
    html_.write_glossary();
    html_.raw("</main>\n<footer><p>Made by ").text(made_by_);
    html_.raw(
        " from the memory or the log of a machine that stopped. This page needs no network and no script; it holds "
        "names "
        "of tasks, functions and files of that machine: read it before you pass it on.</p></footer>\n</body></html>\n");
  }

 private:
  void write_head() {
    html_
        .raw(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
            "base-uri 'none'; form-action 'none'\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
            "<meta name=\"color-scheme\" content=\"light dark\"><meta name=\"referrer\" "
            "content=\"no-referrer\">\n<title>")
        .text(fmt::format("{}: {}", words_of(story_.screen.status), story_.title))
        .raw("</title>\n<style>")
        .raw(page_style())
        .raw(svg_style())
        .raw("</style></head>\n<body>\n");
  }

  void begin_section(std::string_view id, std::string_view title) {
    html_.begin_section();
    html_.raw(fmt::format("<section{}><h2>", id.empty() ? std::string() : fmt::format(" id=\"{}\"", id)));
    html_.text(title).raw("</h2>\n");
  }
  void end_section() { html_.raw("</section>\n"); }

  void write_rows(const std::vector<Screen::Row>& rows) {
    bool is_first = true;
    for (const Screen::Row& row : rows) {
      // What to type next is for those who have the dump.
      if (row.text.empty() || row.label == "next") continue;
      if (is_first) html_.raw("<dl class=\"rows\">\n");
      // A row without a label goes on with the one before.
      if (!row.label.empty() || is_first) html_.raw("<dt>").text(row.label).raw("</dt>");
      html_.raw("<dd>").sentence(row.text).raw("</dd>\n");
      is_first = false;
    }
    if (!is_first) html_.raw("</dl>\n");
  }

  void write_answer() {
    const Screen& screen = story_.screen;
    html_.raw(fmt::format("<header>\n<p><span class=\"status {}\">", look_of(screen.status)));
    html_.text(words_of(screen.status))
        .raw("</span> <span class=\"sure\">")
        .text(screen.sureness)
        .raw("</span></p>\n<h1>");
    html_.text(plain(screen.headline)).raw("</h1>\n<p class=\"lead\">").inlines(story_.document.summary).raw("</p>\n");
    write_rows(screen.rows);
    if (!screen.stacks.empty()) {
      html_.raw("<div class=\"pair\">\n");
      for (const Screen::Stack& stack : screen.stacks) {
        html_.raw("<div><p class=\"who\">").text(stack.heading).raw("</p><ol class=\"stack\">\n");
        for (const std::string& frame : stack.frames) html_.raw("<li><code>").text(frame).raw("</code></li>\n");
        html_.raw("</ol></div>\n");
      }
      html_.raw("</div>\n");
    }
    write_rows(screen.more_rows);
    html_.raw("<ul class=\"facts\">");
    for (const std::string& piece : screen.footer) {
      if (!piece.empty()) html_.raw("<li>").text(piece).raw("</li>");
    }
    html_.raw("</ul>\n</header>\n");
  }

  void write_graph() {
    if (story_.graph.edges.empty()) return;
    begin_section("graph", "Who waits for whom");
    std::ostringstream picture;
    write_svg(picture, story_.graph, "Who waits for whom: " + story_.title, SvgStyle::kOfPage);
    html_.raw("<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"the graph\">\n")
        .raw(picture.str())
        .raw("</div>\n");
    const bool has_circle =
        std::ranges::any_of(story_.graph.edges, [](const Graph::Edge& edge) { return edge.in_circle; });
    html_.raw("<p class=\"key\">An arrow leads to whom or what is waited for. Two frames and the word: the culprit. ");
    if (has_circle) html_.raw("Thick arrows: the circle in which they wait for each other. ");
    html_.raw("Round: what is waited for. Pointed: CPUs.");
    if (!story_.graph.is_whole) html_.raw(" There was no room for all of them.");
    html_.raw("</p>\n");
    html_.begin_folded("The same in words");
    html_.raw("<ul>\n");
    for (const std::string& arrow : arrows_in_words(story_.graph)) html_.raw("<li>").text(arrow).raw("</li>\n");
    html_.raw("</ul>\n");
    html_.end_folded();
    end_section();
  }

  void write(const Section& section) {
    begin_section({}, title_case(section.title));
    for (const Block& block : section.blocks) std::visit([&](const auto& one) { write(one); }, block);
    end_section();
  }

  void write(const Paragraph& paragraph) { html_.raw("<p>").inlines(paragraph.text).raw("</p>\n"); }

  void left_out(std::size_t count, std::string_view what) {
    if (count != 0) html_.raw(fmt::format("<p class=\"quiet\">{} more {} are not shown here.</p>\n", count, what));
  }

  void write(const Items& items) {
    const std::size_t end = html_.written() + kMostItemBytes;
    html_.raw("<dl class=\"items\">\n");
    std::size_t shown = 0;
    for (const Items::Item& item : items.items) {
      if (html_.written() > end) break;
      html_.raw("<dt>").inlines(item.label).raw("</dt><dd>").inlines(item.text).raw("</dd>\n");
      ++shown;
    }
    html_.raw("</dl>\n");
    left_out(items.left_out + items.items.size() - shown, "of these");
  }

  void write(const Chain& chain) {
    const std::size_t end = html_.written() + kMostChainBytes;
    html_.raw("<ol class=\"chain\">\n");
    std::size_t number = 0;
    std::size_t skipped = 0;
    for (const Chain::Step& step : chain.steps) {
      const bool is_last = &step == &chain.steps.back();
      if (html_.written() > end && !is_last) {
        ++skipped;
        continue;
      }
      const std::size_t before = is_last ? skipped + chain.left_out : 0;
      number += 1 + before;
      html_.raw(before == 0 ? std::string("<li>") : fmt::format("<li value=\"{}\">", number));
      if (before != 0) html_.raw(fmt::format("<p class=\"quiet\">{} steps before it are not shown here.</p>", before));
      html_.inlines(step.claim);
      write_evidence(step.evidence);
      html_.raw("</li>\n");
    }
    html_.raw("</ol>\n");
  }

  void write_evidence(const std::vector<Chain::Evidence>& evidence) {
    if (evidence.empty()) return;
    html_.raw("\n");
    html_.begin_folded(
        evidence.size() == 1 ? "what it rests on" : fmt::format("what it rests on: {} facts", evidence.size()),
        "evidence");
    html_.raw("<ul>\n");
    const std::size_t shown = std::min(evidence.size(), kMostEvidence);
    for (std::size_t i = 0; i < shown; ++i) {
      html_.raw("<li>").text(evidence[i].kind).raw(": ").inlines(evidence[i].text).raw("</li>\n");
    }
    html_.raw("</ul>");
    left_out(evidence.size() - shown, "facts");
    html_.end_folded();
  }

  void write_stacks() {
    if (story_.stacks.empty()) return;
    std::size_t tasks = 0;
    for (const MergedStack& stack : story_.stacks) tasks += stack.tasks.size();
    const std::size_t most = std::min(kMostStackBytes + tasks * kStackBytesPerTask, kMostStackBytesAtAll);
    begin_section("stacks", fmt::format("Stacks: {} tasks, {} different", tasks, story_.stacks.size()));
    const std::size_t end = html_.written() + most;
    std::size_t shown = 0;
    for (const MergedStack& stack : story_.stacks) {
      if (html_.written() > end) break;
      write(stack);
      ++shown;
    }
    left_out(story_.stacks.size() - shown, "stacks");
    end_section();
  }

  void write(const MergedStack& stack) {
    const bool is_culprit = stack.role == StackRole::kCulprit;
    html_.raw(fmt::format("<div class=\"stack-card{}\"><h3><span class=\"tag{}\">", is_culprit ? " culprit" : "",
                          is_culprit ? " bad" : ""));
    html_.text(words_of(stack.role)).raw("</span>");
    if (stack.tasks.size() > 1) html_.raw(fmt::format("{} tasks: ", stack.tasks.size()));
    std::string names;
    for (std::size_t i = 0; i < std::min(stack.tasks.size(), kMostNamedTasks); ++i) {
      names += (i == 0 ? "" : ", ") + brief_task(stack.tasks[i]->comm, stack.tasks[i]->pid);
    }
    if (stack.tasks.size() > kMostNamedTasks)
      names += fmt::format(" and {} more", stack.tasks.size() - kMostNamedTasks);
    html_.text(names);
    const std::string since = since_phrase(story_.snapshot->machine, stack);
    if (!since.empty()) html_.raw(" <span class=\"quiet\">").text(since).raw("</span>");
    html_.raw("</h3>\n");
    if (stack.locations.empty()) {
      html_.raw("<p class=\"quiet\">no stack is known</p></div>\n");
      return;
    }
    const bool is_folded = stack.role != StackRole::kCulprit && stack.role != StackRole::kUnexplained;
    if (is_folded) html_.begin_folded(innermost(stack));
    html_.raw("<ol class=\"stack\">\n");
    const std::size_t shown = std::min(stack.locations.size(), kMostFrames);
    for (std::size_t i = 0; i < shown; ++i) write(story_.snapshot->locations.at(stack.locations[i]));
    html_.raw("</ol>");
    left_out(stack.locations.size() - shown, "frames");
    if (is_folded) html_.end_folded();
    html_.raw("</div>\n");
  }

  // The function that says most: the first that is not one of those by which the kernel sleeps.
  std::string innermost(const MergedStack& stack) const {
    std::size_t at = 0;
    while (at + 1 < stack.locations.size()) {
      const names::Meanings& code = story_.snapshot->locations.at(stack.locations[at]).meanings;
      if (!code.has(names::Meaning::kWaits) && !code.has(names::Meaning::kYields)) break;
      ++at;
    }
    return fmt::format("in {}, {} frames", brief_location(story_.snapshot->locations.at(stack.locations[at])),
                       stack.locations.size());
  }

  void write(const model::CodeLocation& location) {
    html_.raw(location.module.empty() ? "<li><code>" : "<li class=\"module\"><code>");
    html_.text(brief_location(location)).raw("</code>");
    for (std::size_t i = 0; i < std::min(location.lines.size(), kMostSourceLines); ++i) {
      const model::SourceLine& line = location.lines[i];
      html_.raw("<span class=\"source\">").text(printable(line.file)).raw(fmt::format(":{}</span>", line.line));
    }
    html_.raw("</li>\n");
  }

  void write_log() {
    if (story_.log.empty()) return;
    begin_section("log", "The log around it");
    html_.raw("<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"the log\"><ol class=\"log\">\n");
    for (const Story::LogLine& line : story_.log) {
      if (line.skipped != 0) html_.raw(fmt::format("<li class=\"gap\">{} lines are left out</li>\n", line.skipped));
      html_.raw(line.is_marked ? "<li class=\"marked\">" : "<li>").raw("<span class=\"stamp\">").text(line.stamp);
      html_.raw("</span> ").text(line.text).raw(line.is_marked ? " &#9668;</li>\n" : "</li>\n");
    }
    html_.raw("</ol></div>\n");
    html_.raw("<p class=\"key\">Lines with a mark behind them are those that the report speaks of.</p>\n");
    end_section();
  }

  void write_class() {
    const auto page = catalogue_page(story_.class_name);
    if (!page) return;
    begin_section("class", "About " + page->name);
    for (const CataloguePage::Part& part : page->parts) {
      html_.raw("<p>");
      if (!part.label.empty()) html_.raw("<strong>").text(part.label).raw(".</strong> ");
      html_.inlines(part.text).raw("</p>\n");
    }
    end_section();
  }

  void write_machine() {
    begin_section("machine", "The machine");
    html_.raw("<dl class=\"machine\">\n");
    for (const auto& [name, value] : story_.document.machine) {
      html_.raw("<dt>").text(title_case(name)).raw("</dt><dd>").text(value).raw("</dd>\n");
    }
    html_.raw("</dl>\n");
    end_section();
  }

  HtmlWriter html_;
  const Story& story_;
  std::string_view made_by_;
};

}  // namespace

void write_html(std::ostream& out, const Story& story, std::string_view made_by) {
  Page(out, story, made_by).write();
}

}  // namespace whyhung::report

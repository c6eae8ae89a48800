// SPDX-License-Identifier: GPL-2.0-or-later
// The page for others: nothing of a dump becomes a part of it, and it is small however large the machine is.
#include <regex>
#include <set>

#include <fmt/format.h>

#include "report/html.h"
#include "report/markup.h"
#include "report/svg.h"
#include "report_test_support.h"
#include "support/full_snapshot.h"

namespace whyhung::report {
namespace {

constexpr std::size_t kSmall = 300'000;    // of 100 tasks
constexpr std::size_t kLarge = 2'000'000;  // of 20,000

std::string page_of(const model::Snapshot& snapshot) {
  const model::Index index(snapshot);
  std::ostringstream out;
  write_html(out, make_story(index, diagnose::diagnose(index), snapshot.log), "whyhung, tested");
  return out.str();
}

// Every tag that the page itself opens; what is not among them came from elsewhere.
void expect_own_elements_only(const std::string& page) {
  static const std::regex kTag("<(/?)([A-Za-z!][A-Za-z0-9]*)");
  static const std::set<std::string> kOwn = {
      "!DOCTYPE", "html",    "head",    "meta",  "title", "style", "body", "header", "p",       "span",
      "h1",       "h2",      "h3",      "dl",    "dt",    "dd",    "div",  "ol",     "ul",      "li",
      "code",     "main",    "a",       "svg",   "g",     "path",  "rect", "text",   "section", "em",
      "strong",   "details", "summary", "table", "thead", "tbody", "tr",   "th",     "td",      "footer"};
  for (std::sregex_iterator it(page.begin(), page.end(), kTag), end; it != end; ++it) {
    ASSERT_TRUE(kOwn.contains((*it)[2])) << (*it)[0];
  }
  // What stands between quotation marks is a value: each such mark of a dump was escaped.
  std::string bare;
  bool is_value = false;
  for (const char c : page) {
    if (c == '"') is_value = !is_value;
    if (!is_value) bare += c;
  }
  ASSERT_FALSE(is_value);
  static const std::regex kAttribute("<[a-z][^>]*\\s(on[a-z]+|src|style|srcset|action|formaction)\\s*=");
  EXPECT_FALSE(std::regex_search(bare, kAttribute));
  static const std::regex kLink("href=\"(?!#)");
  EXPECT_FALSE(std::regex_search(page, kLink)) << "a link leads away from the page";
  EXPECT_EQ(page.find("url("), std::string::npos);
  EXPECT_EQ(page.find("@import"), std::string::npos);
}

TEST(Markup, EscapesWhatWouldEndTextOrAttribute) {
  EXPECT_EQ(markup("<a b=\"c\">&'"), "&lt;a b=&quot;c&quot;&gt;&amp;&#39;");
  EXPECT_EQ(markup("\x1b[2J\xff\x0e"), "?[2J??");
  EXPECT_EQ(markup("漢字"), "漢字");
}

TEST(Html, HoldsATaskThatIsCalledScriptAsText) {
  auto b = test::starved_stop_machine();
  b.task(120).comm = "<script>";
  const std::string page = page_of(b.build());
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_NE(page.find("&lt;script&gt; (120)"), std::string::npos);
  expect_own_elements_only(page);
}

TEST(Html, HasNoElementOfADump) {
  for (const char* evil :
       {"\"><img src=x onerror=alert(1)>", "</style><script>alert(1)</script>", "--><svg onload=alert(1)>",
        "' onmouseover='alert(1)", "</title><base href=//evil>", "&lt;b&gt;&#x3c;b>"}) {
    test::TextSpoiler spoiler(evil);
    for (const auto& builder : {test::starved_stop_machine(), polling_softirq(), two_hangs(), unreadable()}) {
      model::Snapshot snapshot = builder.build();
      model::visit_fields(spoiler, snapshot);
      expect_own_elements_only(page_of(snapshot));
      if (HasFatalFailure()) return;
    }
    model::Snapshot snapshot = test::full_snapshot();
    model::visit_fields(spoiler, snapshot);
    expect_own_elements_only(page_of(snapshot));
  }
}

TEST(Html, ForbidsEverythingFromElsewhere) {
  const std::string page = page_of(test::starved_stop_machine().build());
  EXPECT_NE(page.find("default-src 'none'; style-src 'unsafe-inline'"), std::string::npos);
  EXPECT_LT(page.find("Content-Security-Policy"), page.find("<title>"));
}

TEST(Html, ShowsAllItsParts) {
  auto b = test::starved_stop_machine();
  b.snapshot().log = {{1, 5'000'000'000, 3, "", "watchdog: a <line> of the log"}};
  const std::string page = page_of(b.build());
  for (const char* part : {"id=\"graph\"", "id=\"cpus\"", "What still ran", "Suggested fix", "Every task and CPU",
                           "id=\"stacks\"", "id=\"log\"", "a &lt;line&gt; of the log", "id=\"class\"", "id=\"machine\"",
                           "id=\"words\"", "class=\"node culprit\"", "details class=\"evidence\""}) {
    EXPECT_NE(page.find(part), std::string::npos) << part;
  }
}

TEST(Html, LinksWordsToEntriesThatAreThere) {
  const std::string page = page_of(test::starved_stop_machine().build());
  static const std::regex kWord("href=\"#(word-[0-9]+)\"");
  std::size_t links = 0;
  for (std::sregex_iterator it(page.begin(), page.end(), kWord), end; it != end; ++it, ++links) {
    EXPECT_NE(page.find(fmt::format("id=\"{}\"", std::string((*it)[1]))), std::string::npos);
  }
  EXPECT_GE(links, 4u);
}

// Tasks of which each has another stack, and a part waits for the culprit.
model::Snapshot with_tasks(std::size_t count) {
  model::Snapshot snapshot = test::starved_stop_machine().build();
  while (snapshot.tasks.size() < count) {
    const std::size_t i = snapshot.tasks.size();
    model::Task& task = snapshot.tasks.emplace_back(snapshot.tasks.back());
    task.address = 0xffff900000000000 + i * 0x4000;
    task.pid = static_cast<std::uint32_t>(100'000 + i);
    task.comm = fmt::format("a_long_name_{}", i);
    task.state = i % 2 == 0 ? model::TaskState::kRunning : model::TaskState::kInterruptible;
    task.on_runqueue = i % 2 == 0;
    task.on_cpu = false;
    task.cpu = static_cast<std::uint32_t>(i % 4);
  }
  for (std::size_t i = 0; i < snapshot.tasks.size(); ++i) {
    model::StackTrace& stack = snapshot.tasks[i].stack;
    for (std::size_t frame = 0; frame < 20; ++frame) {
      model::StackFrame one;
      one.location = static_cast<std::uint32_t>(snapshot.locations.size());
      snapshot.locations.push_back(
          {0xffffffff81000000 + i * 64 + frame, fmt::format("function_number_{}_of_{}", frame, i), 0x12, "", {}, {}});
      stack.frames.push_back(one);
    }
  }
  return snapshot;
}

TEST(Html, IsSmallHoweverLargeTheMachineIs) {
  const std::size_t small = page_of(with_tasks(100)).size();
  EXPECT_LE(small, kSmall);
  EXPECT_GT(small, 50'000u) << "it holds the stacks";
  EXPECT_LE(page_of(with_tasks(20'000)).size(), kLarge);
}

TEST(Svg, StandsAloneAndMarksCulpritAndCircle) {
  Graph graph;
  graph.nodes = {{GraphRole::kCulprit, {"<task> (1)", "culprit"}, {}}, {GraphRole::kResource, {"mutex a"}, {}}};
  graph.edges = {{0, 1, "waits for", true}, {1, 0, "owns it", true}};
  std::ostringstream out;
  write_svg(out, graph, "a \"title\"", SvgStyle::kOwn);
  const std::string svg = out.str();
  EXPECT_NE(svg.find("&lt;task&gt; (1)"), std::string::npos);
  EXPECT_NE(svg.find("class=\"inner\""), std::string::npos) << "two frames";
  EXPECT_NE(svg.find("class=\"edge circle\""), std::string::npos);
  EXPECT_NE(svg.find("<style>"), std::string::npos);
  EXPECT_EQ(arrows_in_words(graph).front(), "<task> (1), culprit waits for mutex a (in the circle)");
}

TEST(Svg, HasArrowsThatPointWhereTheirLinesEnd) {
  Graph graph;
  graph.nodes = {{GraphRole::kCulprit, {"one"}, {}}, {GraphRole::kResource, {"lock"}, {}}};
  graph.edges = {{0, 1, "waits for", true}, {1, 0, "is owned by", true}};
  std::ostringstream out;
  write_svg(out, graph, "a circle", SvgStyle::kOwn);
  static const std::regex kHead("class=\"head\" d=\"M\\d+ (\\d+)L\\d+ (\\d+)");
  const std::string picture = out.str();
  std::set<bool> points_down;
  for (std::sregex_iterator it(picture.begin(), picture.end(), kHead), end; it != end; ++it) {
    points_down.insert(std::stoi((*it)[1]) > std::stoi((*it)[2]));
  }
  EXPECT_EQ(points_down, (std::set<bool>{false, true}));
}

}  // namespace
}  // namespace whyhung::report

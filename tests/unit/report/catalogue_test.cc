// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include <set>

#include "diagnose/class_names.h"
#include "report/catalogue.h"

namespace whyhung::report {
namespace {

TEST(Catalogue, HasAPageForEachClassWithoutMarksOfTheDocument) {
  for (const auto& row : diagnose::kHangClasses) {
    const auto page = catalogue_page(row.name);
    ASSERT_TRUE(page) << row.name;
    ASSERT_FALSE(page->parts.empty()) << row.name;
    for (const CataloguePage::Part& part : page->parts) {
      const std::string text = part.label + text_of(part.text);
      EXPECT_FALSE(text.empty());
      for (const char* mark : {"**", "```", "<!--", "](", "##", "\n"}) {
        EXPECT_EQ(text.find(mark), std::string::npos) << row.name << ": " << text;
      }
    }
  }
  EXPECT_FALSE(catalogue_page("no-such-class"));
}

TEST(Catalogue, TellsWhatOneSeesAndWhatToDo) {
  const auto page = catalogue_page("stop-machine-starved");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->parts.front().label, "What one sees");
  EXPECT_EQ(page->parts.back().label, "What to do");
  EXPECT_TRUE(page->example.starts_with("VERDICT  stop-machine-starved"));
}

TEST(Glossary, ExplainsEachWordOnce) {
  std::set<std::string> words;
  for (const GlossaryEntry& entry : glossary()) {
    EXPECT_FALSE(entry.words.empty());
    EXPECT_GT(text_of(entry.text).size(), 20u);
    for (const std::string& word : entry.words) EXPECT_TRUE(words.insert(word).second) << word;
  }
  for (const char* word : {"softirq", "stopper", "spinlock", "vmcore", "stop_machine", "culprit", "mutex"}) {
    EXPECT_TRUE(words.contains(word)) << word;
  }
}

}  // namespace
}  // namespace whyhung::report

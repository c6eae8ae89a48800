// SPDX-License-Identifier: GPL-2.0-or-later
// What is distilled is every word of the sources that ask the kernel: no name that they ask for may be missing there.
#include "kernel/names_used.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/fake_symbols.h"

namespace whyhung::kernel {
namespace {

bool is_a_word(std::string_view name) {
  return std::ranges::find(words_used(), name) != words_used().end();
}

TEST(WordsUsed, HoldAllNamesThatAreAskedForInOneGo) {
  test::FakeSymbols symbols;
  for (const std::string_view name : symbols_used()) EXPECT_TRUE(is_a_word(name)) << name;
  for (const std::string_view name : types_used(symbols)) EXPECT_TRUE(is_a_word(name)) << name;
  for (const std::string_view name : enumerators_used()) EXPECT_TRUE(is_a_word(name)) << name;
}

TEST(WordsUsed, HoldNamesOfEachLayerThatAsks) {
  EXPECT_TRUE(is_a_word("mutex_waiter")) << "a table of kernel/sleeping_lock.cc";
  EXPECT_TRUE(is_a_word("printk_log")) << "only some kernels have it";
  EXPECT_TRUE(is_a_word("crash_notes")) << "collect/cpu_registers.cc";
  EXPECT_TRUE(is_a_word("orc_lookup_end")) << "unwind/orc_unwinder.cc";
  EXPECT_TRUE(is_a_word("linux_banner")) << "target/kernel_identity.h";
  EXPECT_TRUE(is_a_word("__pgd_index_size")) << "arch/ppc64_paging.cc";
}

TEST(WordsUsed, AreNamesEachOnce) {
  const auto words = words_used();
  EXPECT_TRUE(std::ranges::is_sorted(words));
  EXPECT_EQ(std::ranges::adjacent_find(words), words.end());
  for (const std::string_view word : words) EXPECT_EQ(word.find_first_of(" .[/\""), std::string_view::npos) << word;
}

}  // namespace
}  // namespace whyhung::kernel

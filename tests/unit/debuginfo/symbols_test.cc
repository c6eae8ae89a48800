// SPDX-License-Identifier: GPL-2.0-or-later
#include "debuginfo/symbols.h"

#include <gtest/gtest.h>

namespace whyhung::debuginfo {
namespace {

class FixedSymbols final : public SymbolSource {
 public:
  FixedSymbols(std::string name, std::vector<Symbol> symbols) : name_(std::move(name)), symbols_(std::move(symbols)) {}
  std::string description() const override { return name_; }
  std::vector<Symbol> find_all(std::string_view name, std::size_t limit) override {
    ++questions;
    std::vector<Symbol> found;
    for (const Symbol& symbol : symbols_) {
      if (symbol.name == name && found.size() < limit) found.push_back(symbol);
    }
    return found;
  }
  std::optional<SymbolAt> find_covering(VirtualAddress address) override {
    for (const Symbol& symbol : symbols_) {
      if (address - symbol.address < symbol.size) return SymbolAt{symbol, address - symbol.address};
    }
    return std::nullopt;
  }
  int questions = 0;

 private:
  std::string name_;
  std::vector<Symbol> symbols_;
};

Symbol symbol(std::string name, std::uint64_t address, std::uint64_t size, std::string module = {}) {
  return {std::move(name), VirtualAddress(address), size, std::move(module), 'T'};
}

class SymbolChainTest : public ::testing::Test {
 protected:
  void SetUp() override {
    chain_.add(kernel_);
    chain_.add(module_);
  }
  std::shared_ptr<FixedSymbols> kernel_ = std::make_shared<FixedSymbols>(
      "kernel", std::vector<Symbol>{symbol("init", 0x1000, 0x100), symbol("schedule", 0x1100, 0x900)});
  std::shared_ptr<FixedSymbols> module_ = std::make_shared<FixedSymbols>(
      "module m", std::vector<Symbol>{symbol("init", 0x500, 0x10, "m"), symbol("init", 0x1800, 0x10, "m")});
  SymbolChain chain_;
};

TEST_F(SymbolChainTest, MergesNamesakesOfAllSourcesByAddress) {
  const auto all = chain_.find_all("init", 10);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].module, "m");
  EXPECT_EQ(all[1].module, "");
  EXPECT_EQ(all[2].address.value, 0x1800u);
}

TEST_F(SymbolChainTest, DoesNotAskModulesForWhatTheKernelHas) {
  EXPECT_EQ(chain_.address_of("init")->value, 0x1000u);
  EXPECT_EQ(module_->questions, 0);
}

TEST_F(SymbolChainTest, ExplainsAnAddressByTheNearestSymbol) {
  EXPECT_EQ(chain_.find_covering(VirtualAddress(0x1200))->symbol.name, "schedule");
  EXPECT_EQ(chain_.find_covering(VirtualAddress(0x1804))->symbol.module, "m");
  EXPECT_FALSE(chain_.find_covering(VirtualAddress(0x9000)));
  EXPECT_EQ(chain_.description(), "kernel, then module m");
}

TEST(SymbolChain, WithoutSourcesKnowsNothing) {
  SymbolChain chain;
  EXPECT_TRUE(chain.empty());
  EXPECT_TRUE(chain.find_all("x", 1).empty());
  EXPECT_FALSE(chain.find_covering(VirtualAddress(1)));
  EXPECT_EQ(chain.address_of("x"), std::nullopt);
}

TEST(SymbolNames, MarksOfCompilersAreNotNames) {
  for (const char* mark : {"", "$x", "$d", "$x.17", "$xrv64i2p1_m2p0", ".L0 ", ".Ldone", "__UNIQUE_ID_x1",
                           "__pfx_schedule", "__cfi_schedule"}) {
    EXPECT_TRUE(is_mark(mark)) << mark;
  }
  for (const char* name : {"schedule", "$xy", "$", ".do_ppc64", "__schedule", "x$d", "pfx_"}) {
    EXPECT_FALSE(is_mark(name)) << name;
  }
}

TEST(SymbolNames, PenaltiesOrderAliases) {
  EXPECT_LT(alias_penalty("schedule"), alias_penalty("__schedule"));
  EXPECT_LT(alias_penalty("__schedule"), alias_penalty(".schedule"));
  EXPECT_LT(alias_penalty(".schedule"), alias_penalty("$x"));
  EXPECT_EQ(alias_penalty("_text"), alias_penalty("startup"));
}

}  // namespace
}  // namespace whyhung::debuginfo

// SPDX-License-Identifier: GPL-2.0-or-later
// A file is believed only when build id, banner or addresses prove that it is of the dump's kernel.
#include "target/kernel_identity.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "support/paged_memory.h"

namespace whyhung::target {
namespace {

constexpr std::string_view kBanner = "Linux version 3.10.0-1160.el7.ppc64le (builder@host) (gcc 4.8.5) #1 SMP Tue";
constexpr std::string_view kOldInfo =
    "OSRELEASE=3.10.0-1160.el7.ppc64le\nSYMBOL(_stext)=c000000000010000\nSYMBOL(init_uts_ns)=c000000001200000\n"
    "SYMBOL(swapper_pg_dir)=c000000001300000\n";

class IdentityTest : public testing::Test {
 protected:
  IdentityTest() {
    file_.path = "/f/vmlinux";
    file_.build_id = "aa11";
    file_.banner = [this] { return banner_; };
    file_.address_of = [this](std::string_view name) -> std::optional<VirtualAddress> {
      const auto known = symbols_.find(name);
      if (known == symbols_.end()) return std::nullopt;
      return VirtualAddress(known->second);
    };
  }
  Result<Identified> ask(std::string_view info) { return identify(file_, dump::VmcoreInfo(info), memory_); }
  std::string how(std::string_view info) {
    const auto found = ask(info);
    return found ? found->how : "";
  }
  std::string why(std::string_view info) {
    const auto found = ask(info);
    return found ? "" : found.error().what;
  }
  void kernel_says(std::string_view banner, std::uint64_t address = 0xc000000000f00000) {
    memory_.write_text(address, banner);
  }

  FileIdentity file_;
  std::string banner_{kBanner};
  std::map<std::string, std::uint64_t, std::less<>> symbols_ = {{"_stext", 0xc000000000010000},
                                                                {"init_uts_ns", 0xc000000001200000},
                                                                {"swapper_pg_dir", 0xc000000001300000},
                                                                {"linux_banner", 0xc000000000f00000}};
  test::PagedMemory memory_;
};

TEST_F(IdentityTest, TheBuildIdDecidesWhereTheDumpNamesOne) {
  const auto found = ask("BUILD-ID=aa11\nKERNELOFFSET=200000\n");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->how, "same build id");
  EXPECT_EQ(found->slide, 0x200000u);
  kernel_says(kBanner);
  EXPECT_NE(why(fmt::format("{}BUILD-ID=aa12\n", kOldInfo)).find("its build id is aa11, the kernel's aa12"),
            std::string::npos)
      << "an equal banner does not help";
}

TEST_F(IdentityTest, AMoveThatIsNotToldIsSeenFromTheText) {
  const auto found = ask("BUILD-ID=aa11\nSYMBOL(_stext)=c000000002010000\n");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->slide, 0x2000000u);
}

TEST_F(IdentityTest, TheSameBannerProvesAKernelWithoutBuildId) {
  kernel_says(fmt::format("{}\n", kBanner));
  const auto found = ask(kOldInfo);
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(found->how, "same banner");
  EXPECT_EQ(found->slide, 0u);
}

TEST_F(IdentityTest, TheBannerIsReadWhereAMovedKernelHasIt) {
  kernel_says(kBanner, 0xc000000002f00000);
  const auto found = ask("OSRELEASE=3.10.0-1160.el7.ppc64le\nSYMBOL(_stext)=c000000002010000\n");
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(found->slide, 0x2000000u);
}

TEST_F(IdentityTest, ABuildOfAnotherDayIsRefusedAndBothBannersAreTold) {
  kernel_says("Linux version 3.10.0-1160.el7.ppc64le (builder@host) (gcc 4.8.5) #1 SMP Wed");
  EXPECT_NE(why(kOldInfo).find("#1 SMP Tue\", the kernel's"), std::string::npos) << why(kOldInfo);
}

TEST_F(IdentityTest, ASymbolElsewhereRefusesTheFile) {
  kernel_says(kBanner);
  symbols_["init_uts_ns"] += 0x40;
  EXPECT_NE(why(kOldInfo).find("init_uts_ns lies elsewhere than the file says"), std::string::npos);
}

TEST_F(IdentityTest, WithoutTheBannersBytesTheAddressesMustDo) {
  EXPECT_EQ(how(kOldInfo), "same addresses of 3 symbols, same release");
  banner_.clear();
  EXPECT_EQ(how(kOldInfo), "same addresses of 3 symbols");
  symbols_.erase("swapper_pg_dir");
  EXPECT_NE(why(kOldInfo).find("neither banner nor symbols prove"), std::string::npos);
}

TEST_F(IdentityTest, AnotherReleaseIsRefused) {
  banner_ = "Linux version 3.10.0-1160.el7.ppc64le.debug (x) #1";
  EXPECT_NE(why(kOldInfo).find("it is not of the release 3.10.0-1160.el7.ppc64le"), std::string::npos);
}

}  // namespace
}  // namespace whyhung::target

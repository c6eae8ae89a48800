// SPDX-License-Identifier: GPL-2.0-or-later
// A session from its files to its diagnosis: once each, whatever kind of input it is.
#include "session/session.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "session/file_kinds.h"

namespace whyhung::session {
namespace {

const std::string kVmcores = WHYHUNG_VMCORES;
const std::string kDump = kVmcores + "/while1-6.1-4cpu.vmcore";

std::unique_ptr<Session> open(Request request) {
  auto session = Session::open(std::move(request));
  EXPECT_TRUE(session) << (session ? "" : session.error().what);
  return session ? *std::move(session) : nullptr;
}

TEST(Session, ADumpHasAMachineASnapshotAndADiagnosisThatIsMadeOnce) {
  const auto session = open({{kDump}, {}, {}});
  ASSERT_NE(session, nullptr);
  EXPECT_NE(session->machine(), nullptr);
  EXPECT_NE(session->target(), nullptr);
  EXPECT_EQ(session->lack(), nullptr);
  EXPECT_EQ(&session->snapshot(), &session->machine()->snapshot);
  const diagnose::Diagnosis* const first = &session->diagnosis();
  EXPECT_FALSE(first->findings.empty());
  const std::size_t stages = session->clock().stages().size();
  EXPECT_EQ(&session->diagnosis(), first);
  EXPECT_EQ(session->clock().stages().size(), stages) << "it is judged twice";
}

TEST(Session, TheStagesAreAnnouncedInTheirOrder) {
  std::vector<std::string> stages;
  const auto session = Session::open({{kDump}, {}, {}}, [&](std::string_view stage) { stages.emplace_back(stage); });
  ASSERT_TRUE(session);
  (*session)->diagnosis();
  ASSERT_GE(stages.size(), 4u);
  EXPECT_EQ(stages.front(), "open the dump");
  EXPECT_EQ(stages.back(), "verdict");
}

TEST(Session, NothingNamedIsAnError) {
  const auto session = Session::open({});
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().kind, ErrorKind::kUsage);
}

TEST(Session, AFileThatIsMissingIsNamed) {
  const auto session = Session::open({{kVmcores + "/nosuch"}, {}, {}});
  ASSERT_FALSE(session);
  EXPECT_NE(session.error().what.find("nosuch: cannot be opened"), std::string::npos) << session.error().what;
}

TEST(Session, ASnapshotAndADumpAreNotOneInput) {
  const std::string snapshot = testing::TempDir() + "/machine.json";
  std::ofstream(snapshot) << "{}";
  const auto session = Session::open({{snapshot, kDump}, {}, {}});
  ASSERT_FALSE(session);
  EXPECT_NE(session.error().what.find("a saved snapshot is looked at alone"), std::string::npos);
}

TEST(FileKinds, AProgramIsToldFromACoreInBothByteOrders) {
  const auto elf = [](std::uint8_t order, std::uint8_t first, std::uint8_t second) {
    std::vector<std::byte> head(64);
    const std::uint8_t begin[] = {0x7f, 'E', 'L', 'F', 2, order, 1};
    for (std::size_t i = 0; i < sizeof(begin); ++i) head[i] = std::byte{begin[i]};
    head[16] = std::byte{first};
    head[17] = std::byte{second};
    return head;
  };
  EXPECT_TRUE(is_elf_program(elf(1, 2, 0)));
  EXPECT_TRUE(is_elf_program(elf(2, 0, 3)));
  EXPECT_FALSE(is_elf_program(elf(1, 4, 0)));
  EXPECT_FALSE(is_elf_program(elf(2, 0, 4)));
  EXPECT_TRUE(is_dump(elf(1, 4, 0)));
  EXPECT_FALSE(is_dump(elf(1, 2, 0)));
  EXPECT_FALSE(is_elf_program({}));
  EXPECT_FALSE(is_dump({}));
}

}  // namespace
}  // namespace whyhung::session

// SPDX-License-Identifier: GPL-2.0-or-later
// Where dumps are looked for when none was named: what kdump's settings of three distributions say.
#include "session/find_dump.h"

#include <gtest/gtest.h>

namespace whyhung::session {
namespace {

TEST(FolderInSettings, KdumpConfNamesItBehindPath) {
  EXPECT_EQ(folder_in_settings("#path /commented\nauto_reset_crashkernel yes\npath /srv/crash\ncore_collector x\n"),
            "/srv/crash");
}

TEST(FolderInSettings, DebianNamesItInAVariableOfTheShell) {
  EXPECT_EQ(folder_in_settings("USE_KDUMP=1\nKDUMP_COREDIR=\"/var/kdump\"\n"), "/var/kdump");
  EXPECT_EQ(folder_in_settings("KDUMP_COREDIR=/var/kdump"), "/var/kdump");
}

TEST(FolderInSettings, SuseNamesItAsAnAddress) {
  EXPECT_EQ(folder_in_settings("KDUMP_SAVEDIR=\"file:///var/log/kdump\"\n"), "/var/log/kdump");
}

TEST(FolderInSettings, AFolderOfAnotherMachineIsNone) {
  EXPECT_EQ(folder_in_settings("KDUMP_SAVEDIR=\"nfs://server/dumps\"\n"), std::nullopt);
  EXPECT_EQ(folder_in_settings("path crash\n"), std::nullopt);
  EXPECT_EQ(folder_in_settings("path"), std::nullopt);
  EXPECT_EQ(folder_in_settings("path "), std::nullopt);
  EXPECT_EQ(folder_in_settings(""), std::nullopt);
}

TEST(FolderInSettings, TheLastLineCounts) {
  EXPECT_EQ(folder_in_settings("path /one\npath /two\n"), "/two");
}

}  // namespace
}  // namespace whyhung::session

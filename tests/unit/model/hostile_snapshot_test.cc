// SPDX-License-Identifier: GPL-2.0-or-later
// A loaded snapshot is a stranger's file: wrong types, bad indexes, huge numbers and cut texts end in one clear error.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "model/json.h"
#include "support/full_snapshot.h"

namespace whyhung::model {
namespace {

using test::full_snapshot;
using Json = nlohmann::ordered_json;

Json full_json() {
  std::ostringstream out;
  write_snapshot(out, full_snapshot());
  return Json::parse(out.str());
}

std::string error_of(const Json& json) {
  const auto loaded = read_snapshot(json.dump());
  return loaded ? "loaded" : loaded.error().what;
}

TEST(HostileSnapshot, WhatIsNoSnapshotIsToldApart) {
  for (const char* text : {"", "{", "[]", "7", "null", "{} trailing", "\xff\xfe", "{\"schema\":}"}) {
    EXPECT_EQ(read_snapshot(text).error().what, "the snapshot is not a JSON object") << text;
  }
  const auto other = read_snapshot("{\"schema\":\"whyhung-report-1\"}");
  EXPECT_EQ(other.error().what, "the snapshot's schema is not \"whyhung-snapshot-2\"");
  EXPECT_EQ(other.error().hint, "save it again with this version");
  EXPECT_FALSE(read_snapshot("{}"));
  EXPECT_FALSE(read_snapshot("{\"schema\":1}"));
}

TEST(HostileSnapshot, EveryCutOfAWholeSnapshotIsAnError) {
  const std::string text = full_json().dump();
  for (std::size_t length = 0; length < text.size(); length += 61) {
    EXPECT_FALSE(read_snapshot(std::string_view(text).substr(0, length))) << length;
  }
}

TEST(HostileSnapshot, TheErrorNamesThePlace) {
  Json json = full_json();
  json["tasks"][1]["pid"] = "seven";
  EXPECT_EQ(error_of(json), "the snapshot is damaged: tasks[1].pid is not an integer of that size");
  json = full_json();
  json["cpus"][0]["runqueue"]["current_task"] = 7;
  EXPECT_EQ(error_of(json), "the snapshot is damaged: cpus[0].runqueue.current_task is not a hexadecimal string");
  json = full_json();
  json["cpus"][0]["contexts"][1]["kind"] = "lunch";
  EXPECT_EQ(error_of(json), "the snapshot is damaged: cpus[0].contexts[1].kind is not a known word");
  json = full_json();
  json.erase("waits");
  EXPECT_EQ(error_of(json), "the snapshot is damaged: waits is missing");
  json = full_json();
  json["machine"]["partial_dump"] = 1;
  EXPECT_EQ(error_of(json), "the snapshot is damaged: machine.partial_dump is not true or false");
  json = full_json();
  json["machine"] = 5;
  EXPECT_EQ(error_of(json), "the snapshot is damaged: machine is not an object");
  json = full_json();
  json["gaps"] = Json::object();
  EXPECT_EQ(error_of(json), "the snapshot is damaged: gaps is not a list");
  json = full_json();
  json["gaps"][0]["why"] = Json::array();
  EXPECT_EQ(error_of(json), "the snapshot is damaged: gaps[0].why is not a text");
}

TEST(HostileSnapshot, NumbersThatDoNotFitAreNotCut) {
  const auto with = [](const char* number) {
    std::string text = full_json().dump();
    const std::string mark = "\"tgid\":";
    const std::size_t at = text.find(mark) + mark.size();
    text.replace(at, text.find(',', at) - at, number);
    const auto loaded = read_snapshot(text);
    return loaded ? std::string("loaded") : loaded.error().what;
  };
  EXPECT_EQ(with("4294967295"), "loaded");
  for (const char* bad : {"4294967296", "-1", "1.5", "1e3", "18446744073709551616", "1e400", "-9223372036854775809"}) {
    EXPECT_NE(with(bad), "loaded") << bad;
  }
}

TEST(HostileSnapshot, HexadecimalStringsAreStrict) {
  for (const char* bad : {"", "0x", "12", "0xg", "0x-1", "0x 1", "0x10000000000000000", "0x1 "}) {
    Json json = full_json();
    json["tasks"][0]["address"] = bad;
    EXPECT_NE(error_of(json), "loaded") << bad;
  }
}

TEST(HostileSnapshot, IndexesOutsideOfTheirTablesAreRefused) {
  const auto refused = [](const char* path, int value) {
    Json json = full_json();
    json[Json::json_pointer(path)] = value;
    return error_of(json);
  };
  const std::string cpu = "the snapshot is damaged: CPU ";
  const std::string task = "the snapshot is damaged: the stack of task ";
  EXPECT_TRUE(refused("/tasks/0/stack/frames/1/location", 2).starts_with(task));
  EXPECT_TRUE(refused("/tasks/0/stack/registers/0/frame", 3).starts_with(task));
  EXPECT_TRUE(refused("/cpus/1/stack/frames/0/location", 100).starts_with(cpu));
  EXPECT_TRUE(refused("/cpus/1/activity", 2).starts_with(cpu));
  EXPECT_TRUE(refused("/cpus/1/loop/frame", 2).starts_with(cpu));
  EXPECT_TRUE(refused("/cpus/1/contexts/1/end_frame", 3).starts_with(cpu));
  EXPECT_TRUE(refused("/cpus/1/contexts/1/first_frame", 3).starts_with(cpu));
  EXPECT_EQ(refused("/cpus/1/activity", 0), "loaded");
}

TEST(HostileSnapshot, AContextWithoutFramesIsRefused) {
  // Whoever shows what a CPU is doing takes its context's first frame.
  Json json = full_json();
  json["cpus"][0]["contexts"][1]["first_frame"] = 2;
  json["cpus"][0]["contexts"][1]["end_frame"] = 2;
  EXPECT_TRUE(error_of(json).starts_with("the snapshot is damaged: CPU "));
  json = full_json();
  json["cpus"][0]["contexts"][0]["first_frame"] = 1;
  EXPECT_TRUE(error_of(json).starts_with("the snapshot is damaged: CPU "));
}

TEST(HostileSnapshot, MembersThatThisVersionDoesNotKnowAreIgnored) {
  Json json = full_json();
  json["tasks"][0]["from_the_future"] = {{"deep", {1, 2, 3}}};
  json["later"] = true;
  EXPECT_EQ(error_of(json), "loaded");
}

TEST(HostileSnapshot, OptionalMembersMayBeMissingButNotNull) {
  Json json = full_json();
  json["cpus"][0].erase("loop");
  EXPECT_EQ(error_of(json), "loaded");
  json["cpus"][0]["loop"] = nullptr;
  EXPECT_EQ(error_of(json), "the snapshot is damaged: cpus[0].loop is not an object");
}

TEST(HostileSnapshot, DeepNestingNeitherCrashesNorHangs) {
  for (const char* bracket : {"[", "{\"a\":"}) {
    std::string text = "{\"schema\":\"whyhung-snapshot-2\",\"x\":";
    for (int i = 0; i < 200'000; ++i) text += bracket;
    EXPECT_FALSE(read_snapshot(text));
  }
  std::string closed = "{\"schema\":\"whyhung-snapshot-2\",\"x\":";
  closed.append(200'000, '[').append(200'000, ']').append("}");
  EXPECT_FALSE(read_snapshot(closed)) << "well formed, but no snapshot";
}

// Puts every kind of wrong value at every place of a whole snapshot.
TEST(HostileSnapshot, AnyValueAtAnyPlaceIsAnErrorOrASnapshot) {
  const Json flat = full_json().flatten();
  const Json values[] = {nullptr,
                         true,
                         -1,
                         0,
                         1.5,
                         "",
                         "0x1",
                         "text",
                         Json::array(),
                         Json::object(),
                         std::numeric_limits<std::uint64_t>::max(),
                         Json::array({Json::array()})};
  const Json whole = full_json();
  std::set<std::string> shapes;  // places that differ only in their indexes are alike
  for (const auto& [path, ignored] : flat.items()) {
    std::string shape = path;
    std::erase_if(shape, [](char c) { return c >= '0' && c <= '9'; });
    if (!shapes.insert(shape).second) continue;
    for (Json::json_pointer place(path); !place.empty(); place.pop_back()) {
      if (place.back().find_first_not_of("0123456789") == std::string::npos) continue;
      for (const Json& value : values) {
        Json json = whole;
        json[place] = value;
        const auto loaded = read_snapshot(json.dump());
        if (!loaded) {
          EXPECT_TRUE(loaded.error().what.starts_with("the snapshot")) << place.to_string();
        }
      }
      break;
    }
  }
  EXPECT_GT(shapes.size(), 100u);
}

}  // namespace
}  // namespace whyhung::model

// SPDX-License-Identifier: GPL-2.0-or-later
#include "log/join.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>

namespace whyhung::log {
namespace {

constexpr std::size_t kMostCompared = 48;  // boots that one is compared with
constexpr std::size_t kShortestTold = 16;  // a text that tells boots apart
constexpr std::size_t kFewestCommon = 3;
constexpr double kRough = 2.5;                    // seconds by which a collector's clock may be off
constexpr double kYearKnown = 3 * 365.0 * 86400;  // clocks that do not say the year are of 1972

using Texts = std::unordered_map<std::string_view, std::size_t>;  // those that occur once: at which record

Texts told_once(const std::vector<Record>& records) {
  constexpr std::size_t kSeveral = SIZE_MAX;
  Texts texts;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (records[i].text.size() < kShortestTold || !records[i].when()) continue;
    const auto [found, is_new] = texts.try_emplace(records[i].text, i);
    if (!is_new) found->second = kSeveral;
  }
  std::erase_if(texts, [](const auto& entry) { return entry.second == kSeveral; });
  return texts;
}

bool knows_uptime(const Boot& boot) {
  const auto known =
      std::ranges::count_if(boot.records, [](const Record& record) { return record.uptime.has_value(); });
  return static_cast<std::size_t>(known) * 2 > boot.records.size();
}

bool knows_year(const Record& record) {
  return record.wall && *record.wall > kYearKnown;
}

// How far the clocks of two boots are apart, and how many texts say so.
struct Relation {
  std::size_t votes = 0;
  double apart = 0;
};

Relation relation_of(const Boot& boot, const Texts& texts, const Boot& other, const Texts& other_texts) {
  const bool exact = knows_uptime(boot) && knows_uptime(other);
  std::map<std::int64_t, std::vector<double>> by_second;
  std::size_t common = 0;
  for (const auto& [text, at] : other_texts) {
    const auto found = texts.find(text);
    if (found == texts.end()) continue;
    const Record& one = boot.records[found->second];
    const Record& two = other.records[at];
    const double apart = *one.when() - *two.when();
    if (exact && *one.when() < 0.001) continue;  // before the clock runs, all boots say the same
    ++common;
    if (exact && std::abs(apart) > 0.002) continue;
    const bool same_clock = !one.uptime && !two.uptime && knows_year(one) == knows_year(two);
    if (same_clock && std::abs(apart) > kRough) continue;
    by_second[static_cast<std::int64_t>(std::floor(apart))].push_back(apart);
  }
  Relation best;
  for (const auto& [second, aparts] : by_second) {
    std::vector<double> near = aparts;
    if (const auto next = by_second.find(second + 1); next != by_second.end()) {
      near.insert(near.end(), next->second.begin(), next->second.end());
    }
    if (near.size() <= best.votes) continue;
    std::ranges::sort(near);
    best = {near.size(), near[near.size() / 2]};
  }
  const bool enough = best.votes >= kFewestCommon && (!exact || best.votes * 2 >= common);
  return enough ? best : Relation{};
}

// Puts what only `other` says where it belongs. Both go on in the order of time; a text that both say holds them
// together and tells anew how far their clocks are apart.
void merge(Boot& boot, const Texts& texts, Boot&& other, const Texts& other_texts, double apart) {
  std::unordered_map<std::string_view, std::vector<std::size_t>> places;
  for (std::size_t i = 0; i < boot.records.size(); ++i) places[boot.records[i].text].push_back(i);
  std::unordered_map<std::string_view, std::size_t> used;
  std::vector<std::pair<std::size_t, Record>> added;  // before which record
  const bool on_uptime = knows_uptime(boot);
  std::size_t at = 0;
  for (Record& record : other.records) {
    const auto time = record.when();
    const auto place = places.find(record.text);
    std::optional<std::size_t> same;
    if (place != places.end()) {
      const auto once = texts.find(record.text);
      if (once != texts.end() && other_texts.contains(record.text)) same = once->second;
      std::size_t& next = used[record.text];
      while (!same && next < place->second.size()) {
        const auto when = boot.records[place->second[next]].when();
        const double ahead = time && when ? *when - (*time + apart) : 0;
        if (ahead > 2 * kRough) break;
        if (ahead >= -2 * kRough) same = place->second[next];
        ++next;
      }
    }
    if (same) {
      Record& known = boot.records[*same];
      if (known.when() && time && std::abs(*known.when() - *time - apart) > kRough) apart = *known.when() - *time;
      if (!known.wall) known.wall = record.wall;
      at = std::max(at, *same + 1);
      continue;
    }
    if (time) {
      const double shifted = *time + apart;
      if (on_uptime) record.uptime = shifted;
      if (!on_uptime) record.wall = shifted;
      while (at < boot.records.size() && boot.records[at].when() && *boot.records[at].when() < shifted - kRough) ++at;
    }
    added.emplace_back(at, record);
  }
  std::vector<Record> all;
  all.reserve(boot.records.size() + added.size());
  auto next = added.begin();
  for (std::size_t i = 0; i <= boot.records.size(); ++i) {
    for (; next != added.end() && next->first <= i; ++next) all.push_back(next->second);
    if (i < boot.records.size()) all.push_back(boot.records[i]);
  }
  boot.records = std::move(all);
  boot.sources.insert(boot.sources.end(), other.sources.begin(), other.sources.end());
}

std::optional<double> last_wall(const Boot& boot) {
  for (auto record = boot.records.rbegin(); record != boot.records.rend(); ++record) {
    if (record->wall) return record->wall;
  }
  return std::nullopt;
}

}  // namespace

std::vector<Boot> join_boots(std::vector<Boot> boots) {
  if (boots.size() < 2) return boots;
  // The kernel's own clock is the best to hang the others on.
  std::vector<std::size_t> order;
  for (const bool with_uptime : {true, false}) {
    for (std::size_t i = 0; i < boots.size(); ++i) {
      if (knows_uptime(boots[i]) == with_uptime) order.push_back(i);
    }
  }
  std::vector<std::size_t> kept;
  std::unordered_map<std::size_t, Texts> texts_of;
  for (const std::size_t index : order) {
    Boot& boot = boots[index];
    Texts texts = told_once(boot.records);
    Relation best;
    std::size_t with = 0;
    std::size_t compared = 0;
    for (const std::size_t other : kept) {
      const bool same_source =
          std::ranges::find_first_of(boots[other].sources, boot.sources) != boots[other].sources.end();
      if (same_source || boots[other].sources.size() > kMostCompared || ++compared > kMostCompared) continue;
      const Relation relation = relation_of(boots[other], texts_of[other], boot, texts);
      if (relation.votes != 0 && relation.votes >= best.votes) {
        best = relation;
        with = other;
      }
    }
    if (best.votes == 0) {
      kept.push_back(index);
      texts_of[index] = std::move(texts);
      continue;
    }
    merge(boots[with], texts_of[with], std::move(boot), texts, best.apart);
    texts_of[with] = told_once(boots[with].records);
  }
  std::ranges::sort(kept);
  std::vector<Boot> joined;
  joined.reserve(kept.size());
  for (const std::size_t index : kept) joined.push_back(std::move(boots[index]));
  return joined;
}

std::vector<Boot> split_hosts(std::vector<Record> records, std::size_t source) {
  constexpr std::size_t kMostHosts = 256;
  constexpr std::size_t kFewestRecords = 2;
  const auto host_of = [](const Record& record) {
    const std::string_view name = record.host.substr(0, record.host.find('.'));
    return name == "localhost" || name == "(none)" ? std::string_view() : name;
  };
  std::map<std::string_view, std::size_t> counts;  // of the kernel's records
  std::size_t runs = 0;
  std::string_view last;
  for (const Record& record : records) {
    const std::string_view host = host_of(record);
    if (host.empty() || record.from_user_space) continue;
    if (counts.size() > kMostHosts) break;
    ++counts[host];
    runs += host != last ? 1 : 0;
    last = host;
  }
  const bool interleaved = runs > counts.size() && counts.size() > 1 && counts.size() <= kMostHosts;
  const bool enough = std::ranges::all_of(counts, [](const auto& one) { return one.second >= kFewestRecords; });
  std::vector<Boot> hosts;
  if (!interleaved || !enough) {
    hosts.push_back({std::move(records), {source}, {}});
    return hosts;
  }
  std::map<std::string_view, std::size_t> places;
  std::size_t at = 0;
  for (const Record& record : records) {
    if (const std::string_view host = host_of(record); counts.contains(host)) {
      const auto [place, is_new] = places.try_emplace(host, hosts.size());
      if (is_new) hosts.push_back({{}, {source}, host});
      at = place->second;
    }
    if (!hosts.empty()) hosts[at].records.push_back(record);
  }
  return hosts;
}

std::optional<bool> is_later(const Boot& boot, const Boot& other) {
  if (boot.host != other.host) return std::nullopt;  // other machines: the one that says more counts
  const bool same_source = std::ranges::find_first_of(boot.sources, other.sources) != boot.sources.end();
  if (same_source) return true;  // they stand in the order of time
  const auto end = last_wall(boot);
  const auto other_end = last_wall(other);
  if (!end || !other_end) return std::nullopt;
  if ((*end > kYearKnown) == (*other_end > kYearKnown)) return *other_end > *end;
  constexpr double kYear = 365.2425 * 86400;
  return std::fmod(*other_end, kYear) > std::fmod(*end, kYear);
}

}  // namespace whyhung::log

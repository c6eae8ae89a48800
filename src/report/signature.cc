// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/signature.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "base/columns.h"
#include "base/text.h"
#include "report/links.h"

namespace whyhung::report {
namespace {

using diagnose::Claim;
using diagnose::Finding;
using diagnose::Link;
using model::Index;
using model::ResourceKind;

constexpr std::size_t kLongestTitle = 160;

// A function without what one compiler makes of it: "f.isra.0.cold" is f.
std::string_view without_suffix(std::string_view function) {
  constexpr std::array<std::string_view, 6> kSuffixes = {".isra", ".constprop", ".part", ".cold", ".llvm", ".lto_priv"};
  std::size_t end = function.size();
  for (const std::string_view suffix : kSuffixes) end = std::min(end, function.find(suffix));
  return end == 0 ? function : function.substr(0, end);
}

// "view_lock+0x4 [spins]" without its offset; nothing for resources whose names are not those of code or data.
std::string lasting_name(const model::Resource& resource) {
  switch (resource.kind) {
    case ResourceKind::kMutex:
    case ResourceKind::kRwSemaphore:
    case ResourceKind::kSemaphore:
    case ResourceKind::kPercpuRwSemaphore:
    case ResourceKind::kRtMutex:
    case ResourceKind::kSpinlock:
    case ResourceKind::kCompletion:
    case ResourceKind::kWaitQueue:
    case ResourceKind::kWorkItem: break;
    case ResourceKind::kStopMachine:
    case ResourceKind::kStopWork:
    case ResourceKind::kBitWait:
    case ResourceKind::kIpi:
    case ResourceKind::kRcuGracePeriod:
    case ResourceKind::kWorkPool:
    case ResourceKind::kDevice:
    case ResourceKind::kServer:
    case ResourceKind::kFutex:
    case ResourceKind::kFileLock: return {};
  }
  const std::string_view name = resource.name;
  const std::string_view symbol = name.substr(0, name.find_first_of("+ "));
  const std::size_t bracket = name.find('[');
  if (symbol.empty() || symbol.starts_with("0x")) return {};
  return std::string(without_suffix(symbol)) +
         (bracket == std::string_view::npos ? "" : " " + std::string(name.substr(bracket)));
}

std::string kind_and_name(const model::Resource& resource) {
  return fmt::format("{} {}", model::name_of(resource.kind), lasting_name(resource));
}

// What a device or a server is, by its kind and driver and not by its name.
std::string facts_text(const model::Resource& resource) {
  if (const auto* device = model::facts_of<model::DeviceFacts>(resource)) {
    return fmt::format(" {}{}{}", device->driver, device->suspended ? " suspended" : "",
                       device->frozen ? " frozen" : "");
  }
  const auto* server = model::facts_of<model::ServerFacts>(resource);
  return server != nullptr && server->kind ? fmt::format(" {}", model::name_of(*server->kind)) : std::string();
}

bool is_culprit(const Finding& finding, std::uint64_t task) {
  return std::ranges::find(finding.culprits, task, &diagnose::Culprit::task) != finding.culprits.end();
}

// The edges at the root. Victims come by chance: of them only what they wait for counts, of culprits also where.
std::set<std::string> edges_of(const Index& index, const Finding& finding) {
  std::set<std::string> edges;
  const bool is_circle = first_link(finding, Claim::kCycleCloses) != nullptr;
  const Link* last_wait = last_link(finding, Claim::kTaskWaits);
  const Link* last_held = last_link(finding, Claim::kHeldBy);
  for (const Link& link : finding.chain) {
    const auto resource_at = [&](std::size_t at) { return index.resource(node(link, at)); };
    if (link.claim == Claim::kTaskWaits && (is_circle || &link == last_wait)) {
      const auto& how = diagnose::facts_of<diagnose::WaitFacts>(link).how;
      const model::Resource* resource = resource_at(1);
      std::string edge = "waits " + (resource == nullptr ? std::string() : kind_and_name(*resource));
      if (is_culprit(finding, node(link, 0))) edge += " in " + signature_place(how.function, how.module);
      edges.insert(edge);
    } else if (link.claim == Claim::kHeldBy && (is_circle || &link == last_held)) {
      const auto& facts = diagnose::facts_of<diagnose::HeldFacts>(link);
      const model::Resource* resource = resource_at(0);
      edges.insert(fmt::format("held {} {}", resource == nullptr ? std::string() : kind_and_name(*resource),
                               model::name_of(facts.role)));
    } else if (link.claim == Claim::kCpuSpins) {
      const model::Resource* resource = resource_at(2);
      edges.insert("spins " + (resource == nullptr ? std::string() : kind_and_name(*resource)));
    } else if (link.claim == Claim::kServerSilent || link.claim == Claim::kDeviceSilent) {
      const model::Resource* resource = resource_at(0);
      edges.insert("silent " + (resource == nullptr
                                    ? std::string()
                                    : std::string(model::name_of(resource->kind)) + facts_text(*resource)));
    } else if (link.claim == Claim::kKernelDied) {
      edges.insert(fmt::format("died {}", model::name_of(diagnose::facts_of<diagnose::CrashFacts>(link).kind)));
    } else if (link.claim == Claim::kHolderGone || link.claim == Claim::kHolderKilled ||
               link.claim == Claim::kNobodyCompletes || link.claim == Claim::kWakeupLost ||
               link.claim == Claim::kThrottled || link.claim == Claim::kCpuNotRun) {
      edges.insert(std::string(diagnose::name_of(link.claim)));
    }
  }
  return edges;
}

std::set<std::string> culprits_of(const Finding& finding) {
  std::set<std::string> culprits;
  for (const diagnose::Culprit& culprit : finding.culprits) {
    if (culprit.function.empty() && culprit.module.empty()) continue;  // what is left of one that exited, say
    culprits.insert(fmt::format("culprit {} {}", diagnose::name_of(culprit.kind),
                                signature_place(culprit.function, culprit.module)));
  }
  return culprits;
}

// FNV-1a.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

std::string title_of(const Index& index, const Finding& finding) {
  std::string title(diagnose::name_of(finding.hang_class));
  if (!finding.culprits.empty() && !finding.culprits.front().function.empty()) {
    const diagnose::Culprit& culprit = finding.culprits.front();
    title += fmt::format(" in {}()", printable(without_suffix(culprit.function)));
    if (!culprit.module.empty()) title += fmt::format(" [{}]", printable(culprit.module));
  }
  const Link* held = last_link(finding, Claim::kHeldBy);
  const Link* spins = first_link(finding, Claim::kCpuSpins);
  const model::Resource* resource = held != nullptr    ? index.resource(node(*held, 0))
                                    : spins != nullptr ? index.resource(node(*spins, 2))
                                                       : nullptr;
  if (resource == nullptr) return cut_to(title, kLongestTitle);
  const std::string name = printable(lasting_name(*resource));
  return cut_to(fmt::format("{}, {}{}{}", title, model::name_of(resource->kind), name.empty() ? "" : " ", name),
                kLongestTitle);
}

}  // namespace

std::string signature_text(const Index& index, const Finding& finding) {
  std::string text = fmt::format("class {}\n", diagnose::name_of(finding.hang_class));
  for (const std::string& one : culprits_of(finding)) text += one + "\n";
  for (const std::string& one : edges_of(index, finding)) text += one + "\n";
  return text;
}

std::string signature_id(std::string_view class_name, std::string_view text) {
  constexpr unsigned kShift = 16;  // twelve hexadecimal digits tell enough apart
  return fmt::format("{}:{:012x}", class_name, hash_of(text) >> kShift);
}

std::string signature_place(std::string_view function, std::string_view module) {
  return fmt::format("{} [{}]", without_suffix(function), module);
}

Signature signature_of(const Index& index, const Finding& finding) {
  return {signature_id(diagnose::name_of(finding.hang_class), signature_text(index, finding)),
          title_of(index, finding)};
}

}  // namespace whyhung::report

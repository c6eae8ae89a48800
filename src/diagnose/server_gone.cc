// SPDX-License-Identifier: GPL-2.0-or-later
// Servers that do not answer: the process behind a FUSE file system, another machine behind an RPC transport. Their
// clients may sleep interruptibly and no detector of the kernel watches them, so the rule is time: a server that is
// stopped, or to which there is no connection, must have kept a request waiting for kLasting, any other for
// kLastingRequest.
#include "diagnose/detector.h"

namespace whyhung::diagnose {
namespace {

using model::Certainty;
using model::ResourceKind;

constexpr std::uint64_t kLastingRequest = 15'000'000'000;  // ns: a server that answers does so sooner

class ServerDetector {
 public:
  explicit ServerDetector(const Case& facts) : facts_(facts), index_(facts.waits) {}

  std::vector<Finding> detect() {
    std::vector<Finding> findings;
    for (const auto& [resource, wait] : index_.oldest_waits()) {
      if (index_.resource(resource)->kind != ResourceKind::kServer) continue;
      if (auto finding = explain(*wait)) findings.push_back(*std::move(finding));
    }
    return findings;
  }

 private:
  std::optional<Finding> explain(const model::Wait& wait) const {
    const model::Task* client = index_.task(wait.waiter);
    if (client == nullptr || client->is_runnable() || client->on_runqueue) return std::nullopt;
    const model::Resource& server = *index_.resource(wait.on);
    const std::uint64_t age = index_.age(wait).value_or(0);
    Finding finding;
    finding.hang_class = HangClass::kServerGone;
    finding.confidence = Certainty::kLikely;
    finding.chain.push_back(index_.waits_link(wait));
    Link silent{Claim::kServerSilent, {wait.on}, SilenceFacts{}, Certainty::kLikely, server.evidence};
    const auto* facts = facts_of<model::ServerFacts>(server);
    if (server.holders.empty()) {
      // A userfaultfd that nobody had open any more would let everybody go on: somebody has it, and was not found.
      if (facts != nullptr && facts->kind == model::ServerKind::kUserfault) return std::nullopt;
      const auto connected = facts == nullptr ? std::nullopt : facts->connected;
      if (age < (connected == false ? kLasting : kLastingRequest)) return std::nullopt;
      silent.facts = SilenceFacts{connected ? SilenceHow::kRemote : SilenceHow::kNobody, connected, {}};
    } else if (!explain_process(server.holders.front(), age, silent, finding)) {
      return std::nullopt;
    }
    finding.chain.push_back(std::move(silent));
    finding.advice.push_back(finding.culprits.empty() ? Advice::kLookAtServer : Advice::kContinueServer);
    add_victims(facts_, finding);
    add_blocked_by(facts_, wait.on, finding);
    return finding;
  }

  // A process serves it. What that waits for itself, if it is known, is another finding's matter.
  bool explain_process(const model::Holder& holder, std::uint64_t age, Link& silent, Finding& finding) const {
    const model::Task* server = index_.task(holder.who);
    if (server == nullptr) return false;
    const std::uint64_t rested = index_.idle_time(*server).value_or(0);
    if (!server->is_halted()) {
      // Of several that may serve it nobody knows who does; only one that cannot stands out.
      if (holder.certainty == Certainty::kPossible) return false;
      if (server->on_cpu || server->is_runnable() || server->on_runqueue) return false;
      const model::Wait* own = index_.wait_of(holder.who);
      const model::Resource* awaited = own == nullptr ? nullptr : index_.resource(own->on);
      if (awaited != nullptr && !is_user_lock(*awaited)) return false;
      if (age < kLastingRequest || rested < kLasting) return false;
    } else if (age < kLasting) {
      return false;
    }
    finding.chain.push_back(index_.held_link(*index_.resource(silent.nodes.front()), holder));
    finding.culprits.push_back(index_.sleeping_culprit(*server));
    finding.confidence = model::weaker(finding.confidence, holder.certainty);
    silent.nodes.push_back(holder.who);
    const SilenceHow how = server->is_halted() ? SilenceHow::kStopped : SilenceHow::kSleeps;
    silent.facts = SilenceFacts{how, {}, index_.rest_of(*server)};
    silent.evidence.push_back(state_evidence(facts_.snapshot, *server));
    return true;
  }

  const Case& facts_;
  const WaitIndex& index_;
};

}  // namespace

std::vector<Finding> detect_server_gone(const Case& facts) {
  return ServerDetector(facts).detect();
}

}  // namespace whyhung::diagnose

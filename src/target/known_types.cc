// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/known_types.h"

#include <elf.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include "base/text.h"
#include "target/types_proof.h"

// In a section of its own, so that its pages stay on the disk until somebody looks for types.
asm(R"(
  .pushsection .types_pack, "a", %progbits
  .balign 16
  .globl whyhung_types_pack_begin
whyhung_types_pack_begin:
  .incbin ")" WHYHUNG_TYPES_PACK R"("
  .globl whyhung_types_pack_end
whyhung_types_pack_end:
  .byte 0
  .popsection
)");
extern "C" {
extern const std::byte whyhung_types_pack_begin[];  // NOLINT(*-avoid-c-arrays)
extern const std::byte whyhung_types_pack_end[];    // NOLINT(*-avoid-c-arrays)
}

namespace whyhung::target {
namespace {

constexpr unsigned kEnoughForStrangers = 16;  // of another builder's kernel of the same version
constexpr std::size_t kMostTried = 12;

std::uint16_t elf_machine_of(const arch::Architecture& architecture) {
  struct Row {
    std::string_view name;
    std::uint16_t machine;
  };
  constexpr std::array<Row, 5> kRows = {
      {{"x86_64", EM_X86_64}, {"arm64", EM_AARCH64}, {"ppc64le", EM_PPC64}, {"riscv64", EM_RISCV}, {"s390x", EM_S390}}};
  const auto found = std::ranges::find(kRows, std::string_view(architecture.name), &Row::name);
  return found == kRows.end() ? EM_NONE : found->machine;
}

struct Release {
  std::vector<std::uint64_t> numbers;
  std::set<std::string> words;  // "el7", "aws"
};

// A release without the machine at its end, cut at all that is neither letter nor digit.
Release take_apart(std::string_view text) {
  for (const std::string_view machine :
       {".x86_64", ".aarch64", ".ppc64le", ".s390x", "-amd64", "-arm64", "-powerpc64le"}) {
    if (text.ends_with(machine)) text.remove_suffix(machine.size());
  }
  Release release;
  while (!text.empty()) {
    const auto end =
        std::ranges::find_if_not(text, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; });
    const std::string_view part = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    if (const auto number = parse_unsigned(part, 10)) {
      release.numbers.push_back(*number);
    } else if (!part.empty()) {
      release.words.insert(std::string(part));
    }
    text.remove_prefix(std::min(text.size(), part.size() + 1));
  }
  return release;
}

struct Candidate {
  const debuginfo::TypesPack::Entry* entry = nullptr;
  std::vector<std::uint64_t> distance;  // empty: the same release
};

std::vector<Candidate> candidates(const debuginfo::TypesPack& pack, const Target& target) {
  std::vector<Candidate> found;
  const std::string release(target.vmcoreinfo.os_release().value_or(""));
  if (release.empty()) return found;
  const std::uint16_t machine = elf_machine_of(*target.architecture);
  for (const auto& entry : pack.entries()) {
    if (entry.machine != machine) continue;
    if (auto distance = distance_of_releases(entry.release, release)) found.push_back({&entry, std::move(*distance)});
  }
  std::ranges::stable_sort(found, {}, &Candidate::distance);
  found.resize(std::min(found.size(), kMostTried));
  return found;
}

}  // namespace

const debuginfo::TypesPack& built_in_types() {
  static const debuginfo::TypesPack kPack = [] {
    auto pack = debuginfo::TypesPack::open({whyhung_types_pack_begin, whyhung_types_pack_end});
    return pack ? *std::move(pack) : debuginfo::TypesPack();
  }();
  return kPack;
}

std::optional<std::vector<std::uint64_t>> distance_of_releases(std::string_view one, std::string_view other) {
  if (one == other) return std::vector<std::uint64_t>();
  const Release a = take_apart(one);
  const Release b = take_apart(other);
  constexpr std::size_t kOfVersion = 2;  // 5.4
  const bool same_version = a.numbers.size() >= kOfVersion && b.numbers.size() >= kOfVersion &&
                            std::equal(a.numbers.begin(), a.numbers.begin() + kOfVersion, b.numbers.begin());
  if (!same_version) return std::nullopt;
  std::vector<std::uint64_t> distance = {a.words == b.words ? 0u : 1u};
  for (std::size_t i = kOfVersion; i < std::max(a.numbers.size(), b.numbers.size()); ++i) {
    const std::uint64_t x = i < a.numbers.size() ? a.numbers[i] : 0;
    const std::uint64_t y = i < b.numbers.size() ? b.numbers[i] : 0;
    distance.push_back(x < y ? y - x : x - y);
  }
  // Not the same release, even when all of its numbers are.
  distance.push_back(1);
  return distance;
}

std::optional<KnownTypes> built_in_types_of_build(const debuginfo::TypesPack& pack, const Target& target) {
  const auto wanted = target.vmcoreinfo.build_id();
  if (!wanted) return std::nullopt;
  for (const auto& entry : pack.entries()) {
    if (entry.build_id.empty() || entry.build_id != *wanted) continue;
    if (auto file = pack.read(entry)) return KnownTypes{*std::move(file), "same build id", false};
  }
  return std::nullopt;
}

std::optional<KnownTypes> built_in_types_that_fit(const debuginfo::TypesPack& pack, Target& target,
                                                  std::string& why_not) {
  for (const Candidate& candidate : candidates(pack, target)) {
    auto file = pack.read(*candidate.entry);
    if (!file) continue;
    const auto types = debuginfo::distilled_types(*file, candidate.entry->release);
    const TypesProof proof = prove_types(*types, *target.symbols, *target.memory, target.vmcoreinfo);
    const bool is_near = !candidate.distance.empty();
    const bool is_other = is_near && candidate.distance.front() != 0;
    if (proof.failed.empty() && proof.passed >= (is_other ? kEnoughForStrangers : kEnoughChecks)) {
      const std::string_view kinship = is_other ? "same version" : is_near ? "same series" : "same release";
      return KnownTypes{*std::move(file), fmt::format("{}, proven by {} checks", kinship, proof.passed), is_near};
    }
    if (!why_not.empty()) continue;
    why_not = proof.failed.empty()
                  ? fmt::format("of {} only {} checks could be made", candidate.entry->release, proof.passed)
                  : fmt::format("those of {} do not fit: {} is another", candidate.entry->release, proof.failed);
  }
  return std::nullopt;
}

}  // namespace whyhung::target

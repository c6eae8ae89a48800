// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/percpu.h"

#include <algorithm>
#include <array>
#include <utility>

namespace whyhung::kernel {
namespace {

constexpr std::uint32_t kMostCpus = 8192;  // CONFIG_NR_CPUS of the largest distribution kernels

// New and old names of the same mask. v4.5 (5aec01b834fd): the cpu_*_mask pointers, which modules use, and the private
// bits that they point to became __cpu_*_mask structures.
struct MaskNames {
  std::string_view name;
  std::string_view old_bits;
  std::string_view old_pointer;
};
constexpr std::array<MaskNames, 3> kMaskNames = {{{"__cpu_possible_mask", "cpu_possible_bits", "cpu_possible_mask"},
                                                  {"__cpu_online_mask", "cpu_online_bits", "cpu_online_mask"},
                                                  {"__cpu_present_mask", "cpu_present_bits", "cpu_present_mask"}}};

std::string why_no_mask(const Access& access) {
  const auto address = access.symbols.address_of("__cpu_possible_mask");
  if (!address) return "no symbol says where it is";
  const auto word = access.memory.read_u64(*address);
  return word ? "part of it is missing" : to_error(word.error(), "__cpu_possible_mask").what;
}

}  // namespace

Result<PerCpu> PerCpu::open(const Access& access) {
  PerCpu result(access);
  const auto table = access.symbols.address_of("__per_cpu_offset");
  if (!table) return fail(ErrorKind::kNotFound, "the kernel has no symbol __per_cpu_offset");
  std::uint32_t count = kMostCpus;
  if (const auto symbol = access.symbols.address_of("nr_cpu_ids")) {
    const auto value = access.memory.read_u32(*symbol);
    if (value && *value >= 1 && *value <= kMostCpus) count = *value;
  }
  for (std::uint32_t cpu = 0; cpu < count; ++cpu) {
    const auto offset = access.memory.read_u64(*table + std::uint64_t{cpu} * 8);
    if (!offset && cpu == 0) return fail(to_error(offset.error(), "__per_cpu_offset"));
    if (!offset && count != kMostCpus) {  // without nr_cpu_ids nothing says where the table ends
      return fail(to_error(offset.error(), fmt::format("__per_cpu_offset of CPU {}", cpu)));
    }
    if (!offset) break;
    result.offsets_.push_back(*offset);
  }
  const auto possible = result.mask("__cpu_possible_mask");
  if (!possible) return fail(ErrorKind::kNotFound, "the set of possible CPUs cannot be read: {}", why_no_mask(access));
  if (possible->empty()) return fail(ErrorKind::kNotFound, "the set of possible CPUs is empty");
  result.possible_ = *possible;
  return result;
}

std::optional<std::vector<std::uint32_t>> PerCpu::mask(std::string_view symbol) const {
  auto address = access_.symbols.address_of(symbol);
  for (const MaskNames& names : kMaskNames) {
    if (address || names.name != symbol) continue;
    address = access_.symbols.address_of(names.old_bits);
    const auto pointer = address ? std::nullopt : access_.symbols.address_of(names.old_pointer);
    const auto bits = pointer ? access_.memory.read_pointer(*pointer) : ReadResult<VirtualAddress>();
    if (pointer && bits && !bits->is_null()) address = *bits;
  }
  if (!address) return std::nullopt;
  std::vector<std::uint32_t> cpus;
  for (std::uint32_t first = 0; first < offsets_.size(); first += 64) {
    const auto word = access_.memory.read_u64(*address + first / 8);
    if (!word) return std::nullopt;
    for (std::uint32_t bit = 0; bit < 64 && first + bit < offsets_.size(); ++bit) {
      if ((*word >> bit & 1) != 0) cpus.push_back(first + bit);
    }
  }
  return cpus;
}

std::optional<VirtualAddress> PerCpu::find(std::string_view variable, std::uint32_t cpu) const {
  const auto address = access_.symbols.address_of(variable);
  if (!address) return std::nullopt;
  return instance(*address, cpu);
}

}  // namespace whyhung::kernel

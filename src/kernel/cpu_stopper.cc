// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/cpu_stopper.h"

#include <array>

#include "kernel/list.h"

namespace whyhung::kernel {
namespace {

constexpr std::uint64_t kMostWorks = 1024;
constexpr std::array<std::string_view, 5> kStates = {"MULTI_STOP_NONE", "MULTI_STOP_PREPARE", "MULTI_STOP_DISABLE_IRQ",
                                                     "MULTI_STOP_RUN", "MULTI_STOP_EXIT"};

}  // namespace

StopperView StopperView::bind(const Access& access, Binder& binder) {
  StopperView v;
  v.thread_ = binder.optional("cpu_stopper", {"thread"});
  v.enabled_ = binder.optional("cpu_stopper", {"enabled"});
  v.works_ = binder.required("cpu_stopper", {"works"});
  v.running_function_ = binder.optional("cpu_stopper", {"fn"});
  v.work_list_ = binder.required("cpu_stop_work", {"list"});
  v.work_function_ = binder.required("cpu_stop_work", {"fn"});
  v.work_argument_ = binder.required("cpu_stop_work", {"arg"});
  v.work_done_ = binder.required("cpu_stop_work", {"done"});
  v.data_function_ = binder.required("multi_stop_data", {"fn"});
  v.data_threads_ = binder.required("multi_stop_data", {"num_threads"});
  v.data_active_ = binder.required("multi_stop_data", {"active_cpus"});
  v.data_state_ = binder.required("multi_stop_data", {"state"});
  v.data_ack_ = binder.required("multi_stop_data", {"thread_ack"});
  v.done_to_do_ = binder.required("cpu_stop_done", {"nr_todo"});
  v.done_completion_ = binder.required("cpu_stop_done", {"completion"});
  if (!v.thread_.exists()) v.old_stopper_task_ = access.symbols.address_of("cpu_stopper_task");
  return v;
}

ReadResult<StopperState> StopperView::stopper(const Access& access, const PerCpu& percpu, std::uint32_t cpu) const {
  const auto address = percpu.find("cpu_stopper", cpu);
  if (!address) return tl::unexpected(ReadFault{FaultKind::kNoSuchField, 0});
  StopperState state;
  const auto thread = old_stopper_task_ ? access.memory.read_pointer(percpu.instance(*old_stopper_task_, cpu))
                                        : thread_.read_pointer(access.memory, *address);
  if (!thread) return tl::unexpected(thread.error());
  state.thread = *thread;
  if (const auto enabled = enabled_.read(access.memory, *address)) state.enabled = *enabled != 0;
  if (const auto function = running_function_.read_pointer(access.memory, *address)) state.running_function = *function;
  if (!works_.exists() || !work_list_.exists()) {
    state.broken = "the kernel's types do not describe the queue";
    return state;
  }
  const ListWalk walk = walk_list(access.memory, works_.in(*address), kMostWorks);
  state.broken = walk.broken;
  for (const VirtualAddress node : walk.nodes) {
    const VirtualAddress work = work_list_.container(node);
    const auto function = work_function_.read_pointer(access.memory, work);
    const auto argument = work_argument_.read_pointer(access.memory, work);
    const auto done = work_done_.read_pointer(access.memory, work);
    if (!function || !argument || !done) {
      state.broken = fmt::format("the work at {:#x} cannot be read", work.value);
      break;
    }
    state.pending.push_back({work, *function, *argument, *done});
  }
  return state;
}

ReadResult<MultiStopData> StopperView::multi_stop(const Access& access, VirtualAddress address) const {
  const auto function = data_function_.read_pointer(access.memory, address);
  const auto threads = data_threads_.read(access.memory, address);
  const auto active = data_active_.read_pointer(access.memory, address);
  const auto state = data_state_.read_signed(access.memory, address);
  const auto ack = data_ack_.read(access.memory, address);
  if (!function) return tl::unexpected(function.error());
  if (!threads) return tl::unexpected(threads.error());
  if (!active) return tl::unexpected(active.error());
  if (!state) return tl::unexpected(state.error());
  if (!ack) return tl::unexpected(ack.error());
  return MultiStopData{address, *function, static_cast<std::uint32_t>(*threads), static_cast<std::uint32_t>(*ack),
                       *state,  *active};
}

ReadResult<StopDone> StopperView::done(const Access& access, VirtualAddress address) const {
  const auto to_do = done_to_do_.read(access.memory, address);
  if (!to_do) return tl::unexpected(to_do.error());
  return StopDone{*to_do, done_completion_.exists() ? done_completion_.in(address) : VirtualAddress()};
}

std::string StopperView::state_name(const Access& access, std::int64_t state) const {
  for (std::size_t i = 0; i < kStates.size(); ++i) {
    if (access.types.enumerator(kStates[i]).value_or(static_cast<std::int64_t>(i)) == state) {
      return std::string(kStates[i]);
    }
  }
  return fmt::format("{}", state);
}

bool StopperView::is_plausible(const Access& access, const MultiStopData& data, std::size_t cpu_count) const {
  const bool counts = data.num_threads >= 1 && data.num_threads <= cpu_count && data.thread_ack <= data.num_threads;
  const bool in_progress = data.state >= 1 && data.state < static_cast<std::int64_t>(kStates.size());
  return counts && in_progress && access.symbols.find_covering(data.function).has_value();
}

}  // namespace whyhung::kernel

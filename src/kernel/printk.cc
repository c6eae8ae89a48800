// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/printk.h"

#include <algorithm>
#include <array>

namespace whyhung::kernel {
namespace {

constexpr std::uint64_t kMostRecords = 1u << 24;
constexpr std::uint64_t kMostLine = 8192;
constexpr unsigned kStateShift = 62;
constexpr std::uint64_t kIdMask = (1ull << kStateShift) - 1;
constexpr std::uint64_t kCommitted = 1;
constexpr std::uint64_t kFinalized = 2;

struct RingView {
  Field count_bits, descriptors, infos, head_id, tail_id;
  Field text_size_bits, text_data;
  Field state, begin, next;
  Field sequence, time, text_length, level, caller;
  std::uint64_t descriptor_size = 0;
  std::uint64_t info_size = 0;
};

RingView bind_ring(debuginfo::TypeSource& types, Binder& binder) {
  RingView v;
  v.count_bits = binder.required("printk_ringbuffer", {"desc_ring.count_bits"});
  v.descriptors = binder.required("printk_ringbuffer", {"desc_ring.descs"});
  v.infos = binder.required("printk_ringbuffer", {"desc_ring.infos"});
  v.head_id = binder.required("printk_ringbuffer", {"desc_ring.head_id"});
  v.tail_id = binder.required("printk_ringbuffer", {"desc_ring.tail_id"});
  v.text_size_bits = binder.required("printk_ringbuffer", {"text_data_ring.size_bits"});
  v.text_data = binder.required("printk_ringbuffer", {"text_data_ring.data"});
  v.state = binder.required("prb_desc", {"state_var"});
  v.begin = binder.required("prb_desc", {"text_blk_lpos.begin"});
  v.next = binder.required("prb_desc", {"text_blk_lpos.next"});
  v.sequence = binder.required("printk_info", {"seq"});
  v.time = binder.required("printk_info", {"ts_nsec"});
  v.text_length = binder.required("printk_info", {"text_len"});
  v.level = binder.required("printk_info", {"level"});
  v.caller = binder.optional("printk_info", {"caller_id"});
  v.descriptor_size = types.size_of("prb_desc").value_or(0);
  v.info_size = types.size_of("printk_info").value_or(0);
  return v;
}

class RingReader {
 public:
  RingReader(const VirtualMemory& memory, const RingView& view, VirtualAddress ring)
      : memory_(memory), view_(view), ring_(ring) {}

  KernelLog read(std::size_t most_entries) {
    KernelLog log;
    const auto count_bits = view_.count_bits.read(memory_, ring_);
    const auto size_bits = view_.text_size_bits.read(memory_, ring_);
    const auto head = view_.head_id.read(memory_, ring_);
    const auto tail = view_.tail_id.read(memory_, ring_);
    const auto descriptors = view_.descriptors.read_pointer(memory_, ring_);
    const auto infos = view_.infos.read_pointer(memory_, ring_);
    const auto data = view_.text_data.read_pointer(memory_, ring_);
    if (!count_bits || !size_bits || !head || !tail || !descriptors || !infos || !data) {
      log.broken = "the ring buffer's head cannot be read";
      return log;
    }
    if (*count_bits > 24 || *size_bits > 32) {
      log.broken = "the ring buffer's sizes make no sense";
      return log;
    }
    count_ = 1ull << *count_bits;
    text_size_ = 1ull << *size_bits;
    descriptors_ = *descriptors;
    infos_ = *infos;
    data_ = *data;
    const std::uint64_t newest = *head & kIdMask;
    const std::uint64_t in_ring = std::min(((newest - *tail) & kIdMask) + 1, count_);
    const std::uint64_t wanted = std::min<std::uint64_t>(in_ring, most_entries);
    for (std::uint64_t i = wanted; i-- > 0;) {
      if (auto entry = read_record((newest - i) & kIdMask)) log.entries.push_back(std::move(*entry));
    }
    if (log.entries.empty() && wanted > 1) log.broken = "no record of the ring buffer can be read";
    return log;
  }

 private:
  std::optional<LogEntry> read_record(std::uint64_t id) const {
    const VirtualAddress descriptor = descriptors_ + (id % count_) * view_.descriptor_size;
    const VirtualAddress info = infos_ + (id % count_) * view_.info_size;
    const auto state = view_.state.read(memory_, descriptor);
    const auto begin = view_.begin.read(memory_, descriptor);
    const auto next = view_.next.read(memory_, descriptor);
    if (!state || !begin || !next || (*state & kIdMask) != id) return std::nullopt;
    const std::uint64_t kind = *state >> kStateShift;
    if (kind != kCommitted && kind != kFinalized) return std::nullopt;
    LogEntry entry;
    const auto sequence = view_.sequence.read(memory_, info);
    const auto time = view_.time.read(memory_, info);
    const auto length = view_.text_length.read(memory_, info);
    const auto level = view_.level.read(memory_, info);
    if (!sequence || !time || !length || !level) return std::nullopt;
    entry.sequence = *sequence;
    entry.time = *time;
    entry.level = static_cast<std::uint8_t>(*level);
    if (const auto caller = view_.caller.read(memory_, info)) entry.caller = static_cast<std::uint32_t>(*caller);
    entry.text = read_text(*begin, *next, *length);
    return entry;
  }

  // A block lies between two logical positions; when it would wrap, it starts anew at the front of the data.
  std::string read_text(std::uint64_t begin, std::uint64_t next, std::uint64_t length) const {
    if ((begin & 1) != 0 || (next & 1) != 0) return {};  // LPOS_DATALESS
    const bool wraps = begin / text_size_ != next / text_size_ && next % text_size_ != 0;
    const std::uint64_t at = wraps ? 0 : begin % text_size_;
    constexpr std::uint64_t kBlockHeader = 8;  // the descriptor's id
    // The block reaches up to `next`; a length that says more is damaged.
    const std::uint64_t end = next % text_size_ == 0 ? text_size_ : next % text_size_;
    const std::uint64_t room = end > at ? end - at : 0;
    if (room <= kBlockHeader) return {};
    std::string text(std::min({length, room - kBlockHeader, kMostLine}), '\0');
    if (!memory_.read(data_ + at + kBlockHeader, std::as_writable_bytes(std::span(text)))) return {};
    return text;
  }

  const VirtualMemory& memory_;
  const RingView& view_;
  VirtualAddress ring_;
  std::uint64_t count_ = 0;
  std::uint64_t text_size_ = 0;
  VirtualAddress descriptors_, infos_, data_;
};

// v3.5 to v5.9: records of a fixed head and their text, one behind the other in a byte buffer.
KernelLog read_record_buffer(const Access& access, std::size_t most_entries) {
  KernelLog log;
  Binder binder(access.types);
  // v3.11 (62e32ac3505a): struct log became printk_log.
  const std::string_view type = access.types.size_of("printk_log") ? "printk_log" : "log";
  const Field time = binder.required(type, {"ts_nsec"});
  const Field length = binder.required(type, {"len"});
  const Field text_length = binder.required(type, {"text_len"});
  const Field level = binder.required(type, {"level"});
  const std::uint64_t head_size = access.types.size_of(type).value_or(0);
  const auto variable = [&](std::string_view name) -> std::optional<std::uint64_t> {
    const auto symbol = access.symbols.address_of(name);
    if (!symbol) return std::nullopt;
    const bool is_wide = name == "log_buf" || name == "log_first_seq";
    const auto value = is_wide ? access.memory.read_u64(*symbol) : access.memory.read_unsigned(*symbol, 4);
    if (!value) return std::nullopt;
    return *value;
  };
  const auto buffer = variable("log_buf");
  const auto size = variable("log_buf_len");
  const auto first = variable("log_first_idx");
  const auto end = variable("log_next_idx");
  if (!binder.missing().empty() || head_size == 0 || !buffer || !size || !first || !end) {
    log.broken = "neither kind of log buffer is described by the kernel's symbols and types";
    return log;
  }
  const std::uint64_t first_number = variable("log_first_seq").value_or(0);
  std::uint64_t at = *first;
  for (std::uint64_t steps = 0; at != *end; ++steps) {
    if (steps == kMostRecords || at >= *size) {
      log.broken = fmt::format("the record at {:#x} does not end", at);
      break;
    }
    const VirtualAddress record(*buffer + at);
    const auto bytes = length.read(access.memory, record);
    if (!bytes) {
      log.broken = fmt::format("the record at {:#x}: {}", at, describe(bytes.error().kind));
      break;
    }
    if (*bytes == 0) {  // the rest of the buffer was too small for a record
      if (at == 0) break;
      at = 0;
      continue;
    }
    if (*bytes < head_size) {
      log.broken = fmt::format("the record at {:#x} does not end", at);
      break;
    }
    LogEntry entry;
    entry.sequence = first_number + log.entries.size();
    entry.time = time.read(access.memory, record).value_or(0);
    entry.level = static_cast<std::uint8_t>(level.read(access.memory, record).value_or(0));
    const std::uint64_t text_bytes =
        std::min({text_length.read(access.memory, record).value_or(0), *bytes - head_size, kMostLine});
    entry.text.resize(text_bytes);
    if (!access.memory.read(record + head_size, std::as_writable_bytes(std::span(entry.text)))) entry.text.clear();
    log.entries.push_back(std::move(entry));
    at += *bytes;
  }
  if (log.entries.size() > most_entries) {
    log.entries.erase(log.entries.begin(), log.entries.end() - static_cast<std::ptrdiff_t>(most_entries));
  }
  return log;
}

}  // namespace

KernelLog read_kernel_log(const Access& access, std::size_t most_entries) {
  const auto pointer = access.symbols.address_of("prb");
  if (!pointer) return read_record_buffer(access, most_entries);
  Binder binder(access.types);
  const RingView view = bind_ring(access.types, binder);
  const auto ring = access.memory.read_pointer(*pointer);
  if (!ring) return {{}, fmt::format("prb at {:#x}: {}", pointer->value, describe(ring.error().kind))};
  if (!binder.missing().empty()) return {{}, fmt::format("the kernel's types lack {}", binder.missing().front())};
  return RingReader(access.memory, view, *ring).read(std::min<std::uint64_t>(most_entries, kMostRecords));
}

}  // namespace whyhung::kernel

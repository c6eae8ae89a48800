// SPDX-License-Identifier: GPL-2.0-or-later
#include "log/reader.h"

#include <algorithm>

namespace whyhung::log {
namespace {

constexpr std::size_t kMostFrames = 200;  // of one stack

}  // namespace

void Reader::read(std::span<const Record> records) {
  for (std::size_t i = 0; i < records.size(); ++i) {
    record_ = &records[i];
    index_ = i;
    if (!record_->text.empty()) read_record();
  }
}

void Reader::read_record() {
  if (events_.node_name.empty() && !record_->host.empty()) events_.node_name = record_->host;
  if (!record_->from_user_space && (read_marker() || read_frame())) {
    ++events_.recognised;
    return;
  }
  family_triggers().find(record_->text, found_);
  bool known = false;
  for (const std::uint16_t index : found_) {
    const Family& family = families()[index];
    if (record_->from_user_space && !family.user_space_too) continue;
    family.read(*this);
    known = true;
  }
  if (!known && !record_->from_user_space) known = read_old_task_header(*this);
  if (known) ++events_.recognised;
}

std::size_t Reader::open_dump(DumpOrigin origin) {
  Dump& added = events_.dumps.emplace_back();
  added.origin = origin;
  added.at = here();
  const std::size_t index = events_.dumps.size() - 1;
  last_caller_ = caller();
  printing_[last_caller_] = {index, FrameContext::kTask, true};
  return index;
}

std::optional<std::size_t> Reader::dump_index() const {
  const auto found = printing_.find(record_->caller);
  if (found == printing_.end() || !found->second.open) return std::nullopt;
  return found->second.dump;
}

Dump* Reader::dump() {
  const auto index = dump_index();
  return index ? &events_.dumps[*index] : nullptr;
}

void Reader::close_dump() {
  if (const auto found = printing_.find(record_->caller); found != printing_.end()) found->second.open = false;
}

void Reader::begin_list(DumpOrigin origin) {
  list_ = origin;
  expected_.reset();
  hung.reset();
  blocker.reset();
}

DumpOrigin Reader::take_expected() {
  const DumpOrigin origin = expected_.value_or(list_);
  expected_.reset();
  return origin;
}

void Reader::note(NoteKind kind, std::string_view subject, std::uint64_t number) {
  events_.notes.push_back({kind, here(), text(), subject, number});
}

bool Reader::read_marker() {
  const std::string_view line = text();
  if (line.front() != '<' && line.front() != 'C' && line.front() != 'B') return false;
  const auto found = printing_.find(record_->caller);
  Printing* printing = found == printing_.end() || !found->second.open ? nullptr : &found->second;
  const auto context = [&](FrameContext kind) {
    if (printing != nullptr) printing->context = kind;
    return true;
  };
  if (line == "<TASK>" || line == "</IRQ>" || line == "</NMI>" || line == "<EOI>" || line == "<EOE>" ||
      line == "</SOFTIRQ>") {
    return context(FrameContext::kTask);
  }
  if (line == "<IRQ>" || line == "<SOFTIRQ>" || line == "<EOI> <IRQ>") return context(FrameContext::kInterrupt);
  if (line == "<NMI>" || line == "<#DF>" || line == "<#DB>") return context(FrameContext::kNmi);
  if (line == "</TASK>") {
    close_dump();
    return true;
  }
  if (line == "Call Trace:" || line == "Call trace:" || line == "Backtrace:" || line == "Call Trace :") {
    // A second stack without a header is somebody else's: nothing is known of whose.
    if (printing != nullptr && !events_.dumps[printing->dump].frames.empty()) open_dump(DumpOrigin::kOther);
    return true;
  }
  return false;
}

bool Reader::read_frame() {
  std::string_view line = text();
  // Old x86 writes the marks in front of a frame: "<IRQ>  [<ffffffff81…>] ? f+0x1/0x2".
  for (const std::string_view mark : {"<IRQ>", "<NMI>", "<EOI>", "<<EOE>>", "<TASK>", "<EOE>"}) {
    std::string_view rest = line;
    if (!take(rest, mark)) continue;
    line = trimmed_left(rest);
    if (const auto found = printing_.find(record_->caller); found != printing_.end()) {
      found->second.context = mark == "<IRQ>"   ? FrameContext::kInterrupt
                              : mark == "<NMI>" ? FrameContext::kNmi
                                                : FrameContext::kTask;
    }
  }
  auto parsed = parse_frame(line);
  if (!parsed) return false;
  auto found = printing_.find(record_->caller);
  const bool is_open = found != printing_.end() && found->second.open;
  // Debuggers number the entries: what begins with the first is a stack, whether a header stands before it or not.
  if (line.starts_with("#0 ") && (!is_open || !events_.dumps[found->second.dump].frames.empty())) {
    open_dump(DumpOrigin::kDebugger);
    found = printing_.find(record_->caller);
  }
  if (found == printing_.end() || !found->second.open) {
    if (splat) events_.splats[*splat].functions.push_back(parsed->frame.function);
    return true;
  }
  Printing& printing = found->second;
  Dump& dump = events_.dumps[printing.dump];
  if (dump.frames.size() >= kMostFrames) return true;
  parsed->frame.line = record_->line;
  parsed->frame.context = printing.context;
  if (!parsed->inner.empty() && dump.frames.empty()) {
    Frame inner = parsed->frame;
    inner.function = parsed->inner;
    inner.module = {};
    dump.frames.push_back(inner);
  }
  dump.frames.push_back(parsed->frame);
  return true;
}

}  // namespace whyhung::log

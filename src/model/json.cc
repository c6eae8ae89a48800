// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/json.h"

#include <map>
#include <ostream>
#include <type_traits>

#include "model/json_fields.h"
#include "model/json_old.h"
#include "model/json_pieces.h"
#include "model/json_writer.h"

namespace whyhung::model {
namespace {

// Reads the members of one model value; the first complaint stays, with the path to where it was.
class Reader {
 public:
  Reader(const Json& object, std::string path, std::string& complaint)
      : object_(object), path_(std::move(path)), complaint_(complaint) {
    if (!object_.is_object()) complain("", "is not an object");
  }
  // One value that stands at `path`.
  template <typename T>
  static void read(const Json& json, const std::string& path, T& value, std::string& complaint) {
    const Json nothing = Json::object();
    Reader(nothing, "", complaint).from_json(json, path, value);
  }

  template <typename T>
  void field(const char* name, T& value) {
    if (const Json* found = find(name)) from_json(*found, name, value);
  }
  template <typename T>
  void field(const char* name, std::optional<T>& value) {
    if (!object_.is_object() || !object_.contains(name)) return;
    value.emplace();
    from_json(object_[name], name, *value);
  }
  void mark(const char* name, bool& value) {
    if (object_.is_object() && object_.contains(name)) from_json(object_[name], name, value);
  }
  template <typename T>
  void added(const char* name, T& value) {
    if (object_.is_object() && object_.contains(name)) from_json(object_[name], name, value);
  }
  // Words of another version are not known here, and say nothing.
  void set(const char* name, names::Meanings& value) {
    value = {};
    if (!object_.is_object() || !object_.contains(name)) return;
    const Json& json = object_[name];
    if (!json.is_array()) return complain(name, "is not a list");
    for (const Json& one : json) {
      const auto* word = one.get_ptr<const std::string*>();
      const auto known = word == nullptr ? std::nullopt : value_named<names::Meaning>(*word);
      if (known) value.add(*known);
    }
  }
  // The alternative that "of" names.
  template <typename... T>
  void one_of(const char* name, std::variant<std::monostate, T...>& value) {
    value = std::monostate{};
    if (!object_.is_object() || !object_.contains(name)) return;
    const Json& json = object_[name];
    const auto of = json.is_object() ? json.find("of") : json.end();
    const auto* word = of == json.end() ? nullptr : of->template get_ptr<const std::string*>();
    const bool known = word != nullptr && (take_if<T>(json, name, *word, value) || ...);
    if (!known) complain(name, "are no facts that are known");
  }
  void hex(const char* name, std::uint64_t& value) {
    if (const Json* found = find(name)) from_hex(*found, name, value);
  }
  void hex(const char* name, std::optional<std::uint64_t>& value) {
    if (!object_.is_object() || !object_.contains(name)) return;
    value.emplace();
    from_hex(object_[name], name, *value);
  }

 private:
  template <typename T, typename V>
  bool take_if(const Json& json, const char* name, std::string_view word, V& value) {
    if (word != T::kName) return false;
    from_json(json, name, value.template emplace<T>());
    return true;
  }
  void complain(std::string_view name, std::string_view what) {
    if (!complaint_.empty()) return;
    complaint_ = fmt::format("{}{}{} {}", path_, path_.empty() || name.empty() ? "" : ".", name, what);
  }
  const Json* find(const char* name) {
    if (!object_.is_object()) return nullptr;
    const auto found = object_.find(name);
    if (found == object_.end()) {
      complain(name, "is missing");
      return nullptr;
    }
    return &*found;
  }
  std::string path_of(std::string_view name) const {
    return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
  }

  void from_hex(const Json& json, std::string_view name, std::uint64_t& value) {
    const auto* text = json.get_ptr<const std::string*>();
    if (text == nullptr || !text->starts_with("0x")) return complain(name, "is not a hexadecimal string");
    const auto number = parse_unsigned(std::string_view(*text).substr(2), 16);
    if (!number) return complain(name, "is not a hexadecimal string");
    value = *number;
  }
  template <typename T>
  void from_json(const Json& json, std::string_view name, T& value) {
    if constexpr (std::is_same_v<T, std::string>) {
      const auto* text = json.get_ptr<const std::string*>();
      if (text == nullptr) return complain(name, "is not a text");
      value = *text;
    } else if constexpr (std::is_same_v<T, bool>) {
      if (!json.is_boolean()) return complain(name, "is not true or false");
      value = json.get<bool>();
    } else if constexpr (std::is_arithmetic_v<T>) {
      read_integer(json, name, value);
    } else if constexpr (std::is_enum_v<T>) {
      const auto* text = json.get_ptr<const std::string*>();
      const auto known = text == nullptr ? std::nullopt : value_named<T>(*text);
      if (!known) return complain(name, "is not a known word");
      value = *known;
    } else {
      Reader reader(json, path_of(name), complaint_);
      visit_fields(reader, value);
    }
  }
  template <typename T>
  void read_integer(const Json& json, std::string_view name, T& value) {
    const auto* positive = json.get_ptr<const Json::number_unsigned_t*>();
    const auto* any = json.get_ptr<const Json::number_integer_t*>();
    if (positive != nullptr && std::in_range<T>(*positive)) {
      value = static_cast<T>(*positive);
    } else if (positive == nullptr && any != nullptr && std::in_range<T>(*any)) {
      value = static_cast<T>(*any);
    } else {
      complain(name, "is not an integer of that size");
    }
  }
  template <typename T>
  void from_json(const Json& json, std::string_view name, std::vector<T>& values) {
    if (!json.is_array()) return complain(name, "is not a list");
    values.clear();
    values.reserve(json.size());
    for (std::size_t i = 0; i < json.size() && complaint_.empty(); ++i) {
      values.emplace_back();
      from_json(json[i], fmt::format("{}[{}]", name, i), values.back());
    }
  }

  const Json& object_;
  std::string path_;
  std::string& complaint_;
};

constexpr std::size_t kMostMembers = 100;  // of a snapshot, which has some ten

using Members = std::map<std::string_view, std::string_view>;

std::string quoted(std::string_view text) {
  return fmt::format("\"{}\"", text);
}

// Reads a snapshot from the text of its members. Of its lists one element at a time is a tree of JSON values, so memory
// grows with the snapshot and not with twenty times its text.
class PieceReader {
 public:
  PieceReader(const Members& members, bool is_old) : members_(members), is_old_(is_old) {}

  template <typename T>
  void field(const char* name, T& value) {
    if (const std::string_view* text = find(name)) read(*text, name, name, value);
  }
  template <typename T>
  void field(const char* name, std::vector<T>& values) {
    const std::string_view* text = find(name);
    if (text == nullptr) return;
    if (!text->starts_with('[')) return complain(name, "is not a list");
    const auto done = each_element(*text, [&](std::string_view element) -> Result<void> {
      const std::string path = fmt::format("{}[{}]", name, values.size());
      values.emplace_back();
      read(element, name, path, values.back());
      if (!complaint_.empty()) return fail(ErrorKind::kCorrupt, "{}", complaint_);
      return {};
    });
    if (!done) complain(name, done.error().what);
  }
  template <typename T>
  void added(const char* name, std::vector<T>& values) {
    if (members_.find(name) != members_.end()) field(name, values);
  }
  const std::string& complaint() const { return complaint_; }

 private:
  const std::string_view* find(const char* name) {
    if (!complaint_.empty()) return nullptr;
    const auto found = members_.find(name);
    if (found == members_.end()) {
      complain(name, "is missing");
      return nullptr;
    }
    return &found->second;
  }
  void complain(std::string_view path, std::string_view what) {
    if (complaint_.empty()) complaint_ = fmt::format("{} {}", path, what);
  }
  template <typename T>
  void read(std::string_view text, std::string_view list, const std::string& path, T& value) {
    if (text.size() > kLargestPiece) return complain(path, "is too large");
    Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (json.is_discarded()) return complain(path, "is no JSON");
    if (is_old_) convert_old_element(list, json);
    Reader::read(json, path, value, complaint_);
  }

  const Members& members_;
  const bool is_old_;
  std::string complaint_;
};

// Indexes between parts of a snapshot; everything else in it is only shown.
std::string check_indexes(const Snapshot& snapshot) {
  const auto bad_stack = [&](const StackTrace& stack) {
    for (const StackFrame& frame : stack.frames) {
      if (frame.location >= snapshot.locations.size()) return true;
    }
    for (const FrameRegisters& registers : stack.registers) {
      if (registers.frame > stack.frames.size()) return true;
    }
    return false;
  };
  for (const Task& task : snapshot.tasks) {
    if (bad_stack(task.stack)) return fmt::format("the stack of task {} points outside of its tables", task.pid);
  }
  for (const Cpu& cpu : snapshot.cpus) {
    bool bad = bad_stack(cpu.stack) || (cpu.activity && *cpu.activity >= cpu.contexts.size()) ||
               (cpu.loop && cpu.loop->frame >= cpu.stack.frames.size());
    for (const ContextSegment& segment : cpu.contexts) {
      bad |= segment.first_frame >= segment.end_frame || segment.end_frame > cpu.stack.frames.size();
    }
    if (bad) return fmt::format("CPU {} points outside of its tables", cpu.number);
  }
  return {};
}

// Every member of the snapshot but the tasks goes through the Writer as a whole.
class StreamWriter {
 public:
  explicit StreamWriter(std::ostream& out) : out_(out) {}
  template <typename T>
  void field(const char* name, T& value) {
    out_ << ",\n\"" << name << "\":" << JsonWriter::to_json(value).dump();
  }
  template <typename T>
  void field(const char* name, std::vector<T>& values) {
    out_ << ",\n\"" << name << "\":[";
    const char* separator = "\n";
    for (T& value : values) {
      out_ << separator << JsonWriter::to_json(value).dump();
      separator = ",\n";
    }
    out_ << "]";
  }
  template <typename T>
  void added(const char* name, std::vector<T>& values) {
    if (!values.empty()) field(name, values);
  }

 private:
  std::ostream& out_;
};

}  // namespace

void write_snapshot(std::ostream& out, const Snapshot& snapshot) {
  out << "{\"schema\":\"" << kSnapshotSchema << "\"";
  StreamWriter writer(out);
  // The visitors of both directions share one list of members, which therefore takes non-const values; nothing is
  // changed.
  visit_fields(writer, const_cast<Snapshot&>(snapshot));
  out << "}\n";
}

Result<Snapshot> read_snapshot(std::string_view text) {
  Members members;
  const auto cut = each_member(text, [&](std::string_view name, std::string_view value) -> Result<void> {
    if (members.size() == kMostMembers) return fail(ErrorKind::kLimit, "it has too many members");
    members.insert_or_assign(name, value);
    return {};
  });
  if (!cut) return fail(ErrorKind::kCorrupt, "the snapshot is not a JSON object");
  const auto schema = members.find("schema");
  const std::string_view written = schema == members.end() ? std::string_view() : schema->second;
  const bool is_old = written == quoted(kOldSnapshotSchema);
  if (!is_old && written != quoted(kSnapshotSchema)) {
    return with_hint(fail(ErrorKind::kUnsupported, "the snapshot's schema is not \"{}\"", kSnapshotSchema),
                     "save it again with this version");
  }
  Snapshot snapshot;
  PieceReader reader(members, is_old);
  visit_fields(reader, snapshot);
  std::string complaint = reader.complaint();
  if (is_old) add_meanings(snapshot);
  if (complaint.empty()) complaint = check_indexes(snapshot);
  if (!complaint.empty()) return fail(ErrorKind::kCorrupt, "the snapshot is damaged: {}", complaint);
  return snapshot;
}

}  // namespace whyhung::model

// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/recheck.h"

#include <ostream>
#include <set>

#include "base/text.h"
#include "report/marks.h"
#include "report/phrases.h"
#include "report/recheck_places.h"
#include "report/story.h"

namespace whyhung::report {
namespace {

using Kind = Place::Kind;

constexpr std::size_t kInstructions = 8;

// What every script for drgn begins with: how a record is read, and how it is compared.
constexpr std::string_view kDrgnHead = R"(import sys

from drgn import FaultError, Object, TypeKind
from drgn.helpers.linux.percpu import per_cpu

counts = {"same": 0, "DIFFERS": 0, "?": 0}


def inner(found):
    """What counts of a value: the counter of an atomic one."""
    kind = found.type_
    while kind.kind == TypeKind.TYPEDEF:
        kind = kind.type
    if kind.kind == TypeKind.STRUCT and len(kind.members) == 1:
        return inner(found.member_(kind.members[0].name))
    return found


def walk(found, path):
    for name in path.split("."):
        found = found.member_(name)
    return inner(found)


def member(kind, address, path):
    return walk(Object(prog, prog.type("struct " + kind), address=address), path)


def cpu_member(variable, cpu, path):
    return walk(per_cpu(prog[variable], cpu), path)


def cpu_variable(variable, cpu):
    return inner(per_cpu(prog[variable], cpu))


def has_frame(thread, name):
    def name_of(frame):
        try:
            return frame.symbol().name
        except LookupError:
            return frame.name or None
    names = [(frame.name, name_of(frame)) for frame in prog.stack_trace(thread)]
    if any(name in pair for pair in names):
        return True
    # Of a module whose file is not there no name is known.
    if any(pair[1] is None for pair in names):
        raise LookupError("some frames have no names here")
    return False


def on_task(address, name):
    return has_frame(Object(prog, "struct task_struct *", address), name)


def on_cpu(cpu, name):
    return has_frame(per_cpu(prog["runqueues"], cpu).curr, name)


def equal(found, expected):
    if isinstance(found, bool):
        return found == expected
    kind = found.type_
    while kind.kind == TypeKind.TYPEDEF:
        kind = kind.type
    if isinstance(expected, int):
        bits = 8 * kind.size
        return int(found) % 2**bits == expected % 2**bits
    if kind.kind == TypeKind.ARRAY:
        return found.string_().decode(errors="replace") == expected
    if kind.kind == TypeKind.POINTER:
        return prog.symbol(int(found)).name == expected
    return found.format_(type_name=False) == expected


def check(what, expected, ask):
    found, word = None, "?"
    try:
        found = ask()
        if expected is not None:
            word = "same" if equal(found, expected) else "DIFFERS"
    except (LookupError, FaultError, ValueError, TypeError) as error:
        found = f"{type(error).__name__}: {error}"
    counts[word] += 1
    shown = found if isinstance(found, (str, bool)) else found.format_(dereference=False, symbolize=True)
    print(f"{word:8} {what}: " + " ".join(str(shown).split()))


)";
constexpr std::string_view kDrgnEnd = R"(
print(f"{counts['same']} records are the same, {counts['DIFFERS']} differ, {counts['?']} could not be compared")
sys.exit(1 if counts["DIFFERS"] else 0)
)";

// A text of Python. What stands in it was made printable: it holds no newline.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : printable(text)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string crash_command(const Place& place) {
  switch (place.kind) {
    case Kind::kByHand: return {};
    case Kind::kMember:
      // Crash's struct follows no path through other structures.
      return place.member.find('.') == std::string::npos
                 ? fmt::format("struct -x {}.{} {:x}", place.type, place.member, place.address)
                 : fmt::format("p -x ((struct {} *){:#x})->{}", place.type, place.address, place.member);
    case Kind::kPerCpu:
      return place.type.empty()
                 ? fmt::format("p -x {}:{}", place.variable, place.cpu)
                 : fmt::format("struct -x {}.{} {}:{}", place.type, place.member, place.variable, place.cpu);
    case Kind::kWord: return fmt::format("rd -32 {:x}", place.address);
    case Kind::kObject: return fmt::format("struct -x {} {:x}", place.type, place.address);
    case Kind::kTaskStack: return fmt::format("bt {:x}", place.address);
    case Kind::kCpuStack: return fmt::format("bt -c {}", place.cpu);
    case Kind::kCode: return fmt::format("dis {:x} {}", place.address, kInstructions);
  }
  return {};
}

std::string drgn_expression(const Place& place, std::string_view function) {
  switch (place.kind) {
    case Kind::kByHand:
    case Kind::kCode: return {};
    case Kind::kMember: return fmt::format("member(\"{}\", {:#x}, \"{}\")", place.type, place.address, place.member);
    case Kind::kPerCpu:
      return place.type.empty()
                 ? fmt::format("cpu_variable(\"{}\", {})", place.variable, place.cpu)
                 : fmt::format("cpu_member(\"{}\", {}, \"{}\")", place.variable, place.cpu, place.member);
    case Kind::kWord: return fmt::format("Object(prog, \"unsigned int\", address={:#x})", place.address);
    case Kind::kObject: return fmt::format("Object(prog, \"struct {}\", address={:#x})", place.type, place.address);
    case Kind::kTaskStack: return fmt::format("on_task({:#x}, {})", place.address, quoted(function));
    case Kind::kCpuStack: return fmt::format("on_cpu({}, {})", place.cpu, quoted(function));
  }
  return {};
}

bool is_frame(const Place& place) {
  return place.kind == Kind::kTaskStack || place.kind == Kind::kCpuStack;
}

class Writer {
 public:
  Writer(std::ostream& out, const model::Index& index, Tool tool) : out_(out), index_(index), tool_(tool) {}

  void write(const diagnose::Link& link) {
    out_ << fmt::format("\n# {}. {}\n", ++links_, plain(claim_phrase(index_, link)));
    for (const model::Evidence& evidence : link.evidence) {
      const Place place = place_of(index_, link, evidence);
      tool_ == Tool::kCrash ? write_crash(evidence, place) : write_drgn(evidence, place);
    }
  }

 private:
  void remark(const model::Evidence& evidence, std::string_view text) {
    out_ << fmt::format("#    {}{}\n", plain(evidence_phrase(evidence)), text);
  }

  void write_crash(const model::Evidence& evidence, const Place& place) {
    const std::string command = crash_command(place);
    if (command.empty()) return remark(evidence, "  (by hand)");
    // A stack says the same of all its functions.
    const bool is_known = is_frame(place) && !shown_.insert(command).second;
    remark(evidence, is_known ? fmt::format("  ({} above)", command) : std::string());
    if (!is_known) out_ << command << "\n";
  }

  void write_drgn(const model::Evidence& evidence, const Place& place) {
    const Expected expected = expected_of(evidence);
    const std::string expression = drgn_expression(place, evidence.what);
    if (expression.empty()) return remark(evidence, "  (by hand)");
    const std::string value = is_frame(place)               ? "True"
                              : place.kind == Kind::kObject ? "None"
                              : expected.number             ? number_text(evidence, *expected.number)
                              : expected.word.empty()       ? "None"
                                                            : quoted(expected.word);
    std::string what = evidence.what;
    if (evidence.address) what += fmt::format(" at {:#x}", *evidence.address);
    out_ << fmt::format("check({}, {}, lambda: {})\n", quoted(what), value, expression);
  }

  // As the report shows it.
  static std::string number_text(const model::Evidence& evidence, std::int64_t number) {
    return evidence.value.starts_with("0x") ? fmt::format("{:#x}", static_cast<std::uint64_t>(number))
                                            : std::to_string(number);
  }

  std::ostream& out_;
  const model::Index& index_;
  Tool tool_;
  std::size_t links_ = 0;
  std::set<std::string> shown_;
};

}  // namespace

void write_recheck(std::ostream& out, const model::Index& index, const diagnose::Diagnosis& diagnosis, Tool tool) {
  const bool is_crash = tool == Tool::kCrash;
  out << fmt::format("# {}\n", printable(title_of(index, diagnosis)));
  out << (is_crash ? "# The evidence in crash:  crash -i THIS_FILE vmlinux vmcore\n"
                   : "# The evidence in drgn:  drgn -c vmcore -s vmlinux THIS_FILE\n");
  if (diagnosis.findings.empty()) out << "# There is no finding, and so no evidence.\n";
  if (!is_crash) out << kDrgnHead;
  Writer writer(out, index, tool);
  for (const diagnose::Finding& finding : diagnosis.findings) {
    out << fmt::format("\n# {}\n", plain(finding_phrase(index, finding)));
    for (const diagnose::Link& link : finding.chain) writer.write(link);
  }
  if (!is_crash) out << kDrgnEnd;
}

}  // namespace whyhung::report

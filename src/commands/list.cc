// SPDX-License-Identifier: GPL-2.0-or-later
// list: the elements of a linked list, each with what is wanted of it. tree: the same of red-black, radix and maple
// trees.
#include <algorithm>
#include <unordered_set>

#include "base/text.h"
#include "base/walk_limit.h"
#include "commands/command.h"
#include "commands/objects.h"
#include "commands/typed.h"
#include "kernel/tree.h"

namespace whyhung::commands {
namespace {

constexpr std::size_t kMostElements = 1u << 22;

constexpr auto kListOptions =
    std::to_array<Option>({{"o", "OFFSET", "of the pointer to the next element, or T.MEMBER"},
                           {"e", "ADDRESS", "the list ends there"},
                           {"h", "", "the address is that of an element, not of its list_head"},
                           {"H", "", "the address is that of a list_head that is no element"},
                           {"s", "T[.MEMBER,…]", "show each element as this type"},
                           {"S", "T.MEMBER,…", "the same, members only"},
                           {"l", "OFFSET", "of the list_head in T, when it is not -o's"},
                           {"r", "", "backwards"},
                           {"B", "", "nothing: circles are always noticed"},
                           {"x", "", "numbers in hexadecimal"},
                           {"d", "", "numbers in decimal"}});

constexpr auto kTreeOptions =
    std::to_array<Option>({{"t", "rbtree|radix|xarray|maple", "what kind of tree it is"},
                           {"o", "OFFSET", "of the rb_node in its element, or T.MEMBER"},
                           {"N", "", "the address is that of the first node, not of the root"},
                           {"s", "T[.MEMBER,…]", "show each element as this type"},
                           {"S", "T.MEMBER,…", "the same"},
                           {"v", "", "of maple trees: the ranges too"},
                           {"x", "", "numbers in hexadecimal"},
                           {"d", "", "numbers in decimal"}});

// "16", "0x10", "task_struct.tasks" or "task_struct.se.run_node".
Result<std::uint64_t> parse_offset(const Call& call, std::string_view text) {
  if (text.find('.') == std::string_view::npos) return parse_count(text, ~0ull);
  TRY_ASSIGN(const ObjectChoice holder, parse_choice(call, "", text));
  if (holder.members.size() != 1) return fail(ErrorKind::kUsage, "an offset is that of one member");
  Typed object = holder.type;
  object.in_memory = true;
  TRY_ASSIGN(const Typed member, follow_path(call, object, holder.members.front()));
  return member.address;
}

Result<std::vector<ObjectChoice>> choices_of(const Call& call) {
  std::vector<ObjectChoice> choices;
  for (const std::string_view option : {"s", "S"}) {
    for (const std::string& text : call.arguments.values(option)) {
      TRY_ASSIGN(ObjectChoice choice, parse_choice(call, "", text));
      choices.push_back(std::move(choice));
    }
  }
  return choices;
}

// `before` is how far before the address the objects begin that -s shows: what -l says.
void show_element(Call& call, const std::vector<ObjectChoice>& choices, std::uint64_t address, std::string_view extra,
                  Value value, std::uint64_t before = 0) {
  value.set("address", Value::address(address));
  std::string text = fmt::format("{:x}{}\n", address, extra);
  for (const ObjectChoice& choice : choices) {
    auto shown = show_object(call, choice, address - before, radix_of(call));
    // An element that cannot be read is said to be so, and those behind it are still shown.
    text += shown ? shown->text : fmt::format("  ({})\n", shown.error().what);
    if (shown) value.set(choice.name, std::move(shown->value));
  }
  call.output.row(text, value);
}

struct ListRequest {
  std::uint64_t first = 0;   // address of the first link
  std::uint64_t link = 0;    // of the link in an element
  std::uint64_t next = 0;    // of the pointer that is followed, from the link on
  std::uint64_t end = 0;     // link at which it ends
  bool skips_first = false;  // the first link is a head
  std::uint64_t before = 0;  // the shown object begins so far before what stands for the element
};

Result<ListRequest> parse_list(Call& call) {
  std::vector<std::string> words = call.words();
  ListRequest request;
  std::optional<std::string> offset = call.arguments.value("o");
  // As in crash: list task_struct.tasks ADDRESS, list 1624 ADDRESS.
  if (!offset && words.size() == 2) {
    offset = words.front();
    words.erase(words.begin());
  }
  if (words.size() != 1) return fail(ErrorKind::kUsage, "list wants where it begins: list -H modules");
  if (offset) {
    TRY_ASSIGN(request.link, parse_offset(call, *offset));
  }
  // Without -h and -H the pointers lead to elements, not to their list_heads: "list irqaction.next ADDRESS".
  if (!call.has("h") && !call.has("H")) std::swap(request.link, request.next);
  if (call.has("r")) request.next += 8;
  TRY_ASSIGN(const std::uint64_t start, parse_address(call, words.front()));
  request.skips_first = call.has("H");
  request.first = call.has("h") ? start + request.link : start;
  request.end = request.first;
  if (const auto end = call.arguments.value("e")) {
    TRY_ASSIGN(request.end, parse_address(call, *end));
  }
  if (const auto embedded = call.arguments.value("l")) {
    TRY_ASSIGN(request.before, parse_offset(call, *embedded));
  }
  return request;
}

Result<void> run_list(Call& call) {
  TRY_ASSIGN(const ListRequest request, parse_list(call));
  TRY_ASSIGN(const auto choices, choices_of(call));
  const VirtualMemory& memory = call.machine().access.memory;
  std::unordered_set<std::uint64_t> seen;
  std::uint64_t at = request.first;
  bool is_first = true;
  for (;;) {
    if (call.context.is_stopped()) return fail(ErrorKind::kLimit, "stopped after {} elements", seen.size());
    if (!is_first || !request.skips_first) {
      if (!seen.insert(at).second) return fail(ErrorKind::kLimit, "the list runs in a circle at {:#x}", at);
      if (seen.size() > kMostElements) return fail(ErrorKind::kLimit, "more than {} elements", kMostElements);
      show_element(call, choices, at - request.link, "", Value::object(), request.before);
    }
    is_first = false;
    const auto next = memory.read_pointer(VirtualAddress(at + request.next));
    if (!next) return fail(to_error(next.error(), "the next element"));
    at = next->value;
    // As in crash, an end that is no link of the list does not keep it from ending where it began.
    if (at == request.end || at == request.first || at == 0) break;
  }
  if (request.skips_first && seen.empty()) call.output.heading("(empty)\n");
  return {};
}

Result<void> walk_red_black(Call& call, std::uint64_t start, const std::vector<ObjectChoice>& choices) {
  kernel::Binder binder(call.machine().access.types);
  const auto view = kernel::RedBlackTreeView::bind(binder);
  if (!view.usable()) return fail(ErrorKind::kNotFound, "this kernel's types have no rb_node");
  std::uint64_t offset = 0;
  if (const auto text = call.arguments.value("o")) {
    TRY_ASSIGN(offset, parse_offset(call, *text));
  }
  const VirtualMemory& memory = call.machine().access.memory;
  VirtualAddress root(start);
  if (!call.has("N")) {
    const auto node = view.root_node(memory, root);
    if (!node) return fail(to_error(node.error(), "the tree's root"));
    root = *node;
  }
  const auto walk = view.nodes(memory, root, kMostElements);
  for (const VirtualAddress node : walk.nodes) {
    if (call.context.is_stopped()) break;
    show_element(call, choices, node.value - offset, "", Value::object());
  }
  if (!walk.broken.empty()) return fail(ErrorKind::kUnreadable, "the tree is damaged: {}", walk.broken);
  return {};
}

Result<void> walk_maple(Call& call, std::uint64_t start, const std::vector<ObjectChoice>& choices) {
  kernel::Binder binder(call.machine().access.types);
  const auto view = kernel::MapleTreeView::bind(binder);
  if (!view.usable()) return fail(ErrorKind::kNotFound, "this kernel's types have no maple_tree");
  const auto walk = view.entries(call.machine().access.memory, VirtualAddress(start), kMostElements);
  for (const auto& entry : walk.entries) {
    if (call.context.is_stopped()) break;
    Value value = Value::object();
    value.set("first", Value::address(entry.first));
    value.set("last", Value::address(entry.last));
    const std::string range = call.has("v") ? fmt::format("  [{:x}-{:x}]", entry.first, entry.last) : std::string();
    show_element(call, choices, entry.value, range, std::move(value));
  }
  if (!walk.broken.empty()) return fail(ErrorKind::kUnreadable, "the tree is damaged: {}", walk.broken);
  return {};
}

Result<void> walk_xarray(Call& call, std::uint64_t start, const std::vector<ObjectChoice>& choices) {
  const auto& view = call.machine().xarray;
  if (!view.usable()) return fail(ErrorKind::kNotFound, "this kernel's types have no xarray");
  const auto walk = view.entries(call.machine().access.memory, VirtualAddress(start), kMostElements,
                                 [](std::span<const VirtualAddress>) {});
  for (const VirtualAddress entry : walk.entries) {
    if (call.context.is_stopped()) break;
    show_element(call, choices, entry.value, "", Value::object());
  }
  if (!walk.broken.empty()) return fail(ErrorKind::kUnreadable, "the tree is damaged: {}", walk.broken);
  return {};
}

Result<void> run_tree(Call& call) {
  if (call.words().size() != 1) {
    return fail(ErrorKind::kUsage, "tree wants the address of a tree: tree -t rbtree -o T.MEMBER ADDRESS");
  }
  TRY_ASSIGN(const std::uint64_t start, parse_address(call, call.words().front()));
  TRY_ASSIGN(const auto choices, choices_of(call));
  const std::string kind = call.arguments.value("t").value_or("rbtree");
  const std::string_view name(kind);
  if (!name.empty() && std::string_view("rbtree").starts_with(name)) return walk_red_black(call, start, choices);
  if (call.has("N") || call.has("o")) return fail(ErrorKind::kUsage, "tree -N and -o are for red-black trees");
  if (!name.empty() && (std::string_view("radix").starts_with(name) || std::string_view("xarray").starts_with(name))) {
    return walk_xarray(call, start, choices);
  }
  if (!name.empty() && std::string_view("maple").starts_with(name)) return walk_maple(call, start, choices);
  return fail(ErrorKind::kUsage, "\"{}\" is no kind of tree: rbtree, radix, xarray or maple", printable(kind));
}

}  // namespace

extern const Command kList = {.name = "list",
                              .usage = "list [-hHr] [-o OFFSET] [-e END] [-s T[.MEMBER,…]] [-l OFFSET] ADDRESS|SYMBOL",
                              .help = "the elements of a linked list",
                              .options = kListOptions,
                              .needs = Needs::kMachine,
                              .run = run_list};
extern const Command kTree = {.name = "tree",
                              .usage = "tree [-t rbtree|radix|xarray|maple] [-N] [-o OFFSET] [-s T[.MEMBER,…]] ADDRESS",
                              .help = "the elements of a tree",
                              .options = kTreeOptions,
                              .needs = Needs::kMachine,
                              .run = run_tree};

}  // namespace whyhung::commands

// SPDX-License-Identifier: GPL-2.0-or-later
// mount: the mounted file systems, and what is open in each.
#include <map>
#include <set>

#include "base/text.h"
#include "commands/command.h"
#include "commands/desk.h"
#include "commands/file_paths.h"
#include "commands/process_files.h"
#include "commands/task_choice.h"
#include "kernel/tree.h"

namespace whyhung::commands {
namespace {

constexpr std::size_t kMostMounts = 1u << 17;

constexpr auto kMountOptions = std::to_array<Option>({{"f", "", "the files that tasks have open in each, too"}});

using FilesByMount = std::map<std::uint64_t, std::vector<std::uint64_t>>;
// Files that any task has open, by the mount through which they were opened.
FilesByMount files_by_mount(const Call& call) {
  FilesByMount files;
  std::set<std::uint64_t> known;
  for (const model::Task& task : call.snapshot().tasks) {
    if (call.context.is_stopped()) break;
    // Threads share a table.
    const auto table = Object(call, "task_struct", task.address).pointer({"files"});
    if (!table || !known.insert(*table).second) continue;
    std::string why;
    for (const OpenFile& open : open_files(call, task, why)) {
      if (!known.insert(open.file).second) continue;
      const auto mount = Object(call, "file", open.file).pointer({"f_path.mnt"});
      if (mount) files[*mount].push_back(open.file);
    }
  }
  return files;
}

std::string open_files_text(const Call& call, std::uint64_t mount, const std::vector<std::uint64_t>& files,
                            Value& value) {
  std::string text = "OPEN FILES:\n    DENTRY            INODE       TYPE  PATH\n";
  Value list = Value::array();
  for (const std::uint64_t file : files) {
    const std::uint64_t dentry = Object(call, "file", file).number({"f_path.dentry"}).value_or(0);
    const std::uint64_t inode = Object(call, "dentry", dentry).number({"d_inode"}).value_or(0);
    const auto mode = Object(call, "inode", inode).number({"i_mode"});
    const std::string path = path_of(call, dentry, mount);
    text += fmt::format("{:016x}  {:016x}  {:<4}  {}\n", dentry, inode, mode ? file_kind(*mode) : "?", path);
    Value one = Value::object();
    one.set("file", Value::address(file));
    one.set("dentry", Value::address(dentry));
    one.set("inode", Value::address(inode));
    one.set("path", path);
    list.push(std::move(one));
  }
  value.set("open_files", std::move(list));
  return files.empty() ? "OPEN FILES:\nNo open files found\n\n" : text + "\n";
}

// The mounts of a namespace, each a struct mount; `broken` says why there may be more.
Result<void> list_mounts(const Call& call, std::uint64_t space, std::vector<std::uint64_t>& mounts,
                         std::string& broken) {
  const Object names(call, "mnt_namespace", space);
  if (const auto head = names.place({"list"})) {
    const Elements elements = list_elements(call, *head, "mount", "mnt_list");
    mounts = elements.addresses;
    broken = elements.broken;
  } else if (const auto root = names.pointer({"mounts.rb_node"})) {
    // v6.8 (2eea9ce4310d): a tree by the numbers of mounts in place of the list.
    kernel::Binder binder(call.machine().access.types);
    const auto place = binder.optional("mount", {"mnt_node"});
    const auto walk =
        kernel::RedBlackTreeView::bind(binder).nodes(call.machine().access.memory, VirtualAddress(*root), kMostMounts);
    for (const VirtualAddress node : walk.nodes) mounts.push_back(node.value - (place.exists() ? place.offset() : 0));
    broken = walk.broken;
  } else {
    return fail(ErrorKind::kNotFound, "how this kernel keeps its mounts is not known");
  }
  return {};
}

Result<void> run_mount(Call& call) {
  const model::Task* task = current_task(call);
  if (!call.words().empty()) {
    TRY_ASSIGN(const auto tasks, choose_tasks(call.snapshot(), call.words()));
    task = tasks.empty() ? nullptr : tasks.front();
  }
  // The namespace of the task, or that of init.
  std::optional<std::uint64_t> space;
  if (task != nullptr) {
    const auto proxy = Object(call, "task_struct", task->address).pointer({"nsproxy"});
    if (proxy) space = Object(call, "nsproxy", *proxy).pointer({"mnt_ns"});
  }
  if (!space) return fail(ErrorKind::kUnreadable, "the namespace of mounts cannot be read");
  std::vector<std::uint64_t> mounts;
  std::string broken;
  TRY_CHECK(list_mounts(call, *space, mounts, broken));
  const bool with_files = call.has("f");
  const auto files = with_files ? files_by_mount(call) : FilesByMount();
  const auto inner = call.machine().access.types.member("mount", "mnt");
  constexpr std::string_view kHeading = "     MOUNT           SUPERBLK     TYPE   DEVNAME   DIRNAME\n";
  if (!with_files) call.output.heading(kHeading);
  for (const std::uint64_t address : mounts) {
    if (call.context.is_stopped()) break;
    const Object mount(call, "mount", address);
    const std::uint64_t super = mount.number({"mnt.mnt_sb"}).value_or(0);
    const auto type = Object(call, "super_block", super).pointer({"s_type"});
    const std::string kind = type ? Object(call, "file_system_type", *type).text({"name"}).value_or("?") : "?";
    const std::string device = mount.text({"mnt_devname"}).value_or("none");
    const std::uint64_t vfsmount = address + (inner ? inner->offset : 0);
    const std::string path = path_of(call, mount.number({"mnt.mnt_root"}).value_or(0), vfsmount);
    Value value = Value::object();
    value.set("mount", Value::address(address));
    value.set("superblock", Value::address(super));
    value.set("type", kind);
    value.set("device", device);
    value.set("directory", path);
    std::string text =
        fmt::format("{:016x} {:016x} {:<6} {:<9} {}\n", address, super, printable(kind), printable(device), path);
    if (with_files) {
      const auto open = files.find(vfsmount);
      const auto& list = open == files.end() ? std::vector<std::uint64_t>() : open->second;
      text = fmt::format("{}{}{}", kHeading, text, open_files_text(call, vfsmount, list, value));
    }
    call.output.row(text, value);
  }
  call.output.heading(broken_text(broken));
  return {};
}

}  // namespace

extern const Command kMount = {.name = "mount",
                               .usage = "mount [-f] [PID|TASK|NAME]",
                               .help = "the mounted file systems; -f: and the files that are open in each",
                               .options = kMountOptions,
                               .needs = Needs::kMachine,
                               .run = run_mount};

}  // namespace whyhung::commands

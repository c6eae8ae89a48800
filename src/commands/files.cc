// SPDX-License-Identifier: GPL-2.0-or-later
// files: what tasks have open; mount: the mounted file systems.
#include "base/text.h"
#include "commands/command.h"
#include "commands/file_paths.h"
#include "commands/object.h"
#include "commands/process_files.h"
#include "commands/task_choice.h"
#include "kernel/tree.h"

namespace whyhung::commands {
namespace {

constexpr std::uint64_t kMostDescriptors = 1u << 16;
constexpr std::size_t kMostMappings = 1u << 17;

constexpr auto kFilesOptions =
    std::to_array<Option>({{"R", "TEXT", "only files whose path or address holds the text"}});

}  // namespace

std::vector<OpenFile> open_files(const Call& call, const model::Task& task, std::string& why) {
  std::vector<OpenFile> files;
  const auto table = Object(call, "task_struct", task.address).pointer({"files"});
  if (!table) {
    why = "No open files";
    return files;
  }
  const auto fdt = Object(call, "files_struct", *table).pointer({"fdt"});
  if (!fdt) {
    why = "the table of files cannot be read";
    return files;
  }
  const Object descriptors(call, "fdtable", *fdt);
  const auto count = descriptors.number({"max_fds"});
  const auto array = descriptors.pointer({"fd"});
  if (!count || !array) {
    why = "the table of files cannot be read";
    return files;
  }
  for (std::uint64_t i = 0; i < std::min(*count, kMostDescriptors); ++i) {
    const auto file = call.machine().access.memory.read_u64(VirtualAddress(*array + i * 8));
    if (!file) {
      why = fmt::format("descriptors from {} on cannot be read", i);
      break;
    }
    if (*file != 0) files.push_back({i, *file});
  }
  if (files.empty() && why.empty()) why = "No open files";
  return files;
}

namespace {

Result<void> run_files(Call& call) {
  TRY_ASSIGN(const auto tasks, tasks_of(call));
  const auto wanted = call.arguments.value("R");
  bool is_first = true;
  for (const model::Task* task : tasks) {
    if (call.context.is_stopped()) break;
    std::string why;
    const auto files = open_files(call, *task, why);
    const auto fs = Object(call, "task_struct", task->address).pointer({"fs"});
    std::string text = (is_first ? "" : "\n") + task_line(*task);
    Value value = Value::object();
    value.set("pid", task->pid);
    if (fs) {
      const Object place(call, "fs_struct", *fs);
      const std::string root =
          path_of(call, place.number({"root.dentry"}).value_or(0), place.number({"root.mnt"}).value_or(0));
      const std::string cwd =
          path_of(call, place.number({"pwd.dentry"}).value_or(0), place.number({"pwd.mnt"}).value_or(0));
      text += fmt::format("ROOT: {}    CWD: {} \n", root, cwd);
      value.set("root", root);
      value.set("cwd", cwd);
    }
    Value list = Value::array();
    std::string rows;
    for (const OpenFile& open : files) {
      const Object file(call, "file", open.file);
      const std::uint64_t dentry = file.number({"f_path.dentry"}).value_or(0);
      const std::uint64_t inode =
          file.pointer({"f_inode"}).value_or(Object(call, "dentry", dentry).number({"d_inode"}).value_or(0));
      const auto mode = Object(call, "inode", inode).number({"i_mode"});
      const std::string path = path_of(call, dentry, file.number({"f_path.mnt"}).value_or(0));
      const std::string row = fmt::format("{:>3} {:016x} {:016x} {:016x} {:<4} {}\n", open.descriptor, open.file,
                                          dentry, inode, mode ? file_kind(*mode) : "?", path);
      if (wanted && row.find(*wanted) == std::string::npos) continue;
      rows += row;
      Value one = Value::object();
      one.set("fd", open.descriptor);
      one.set("file", Value::address(open.file));
      one.set("dentry", Value::address(dentry));
      one.set("inode", Value::address(inode));
      one.set("type", mode ? file_kind(*mode) : "?");
      one.set("path", path);
      list.push(std::move(one));
    }
    if (wanted && rows.empty()) continue;
    is_first = false;
    if (!rows.empty()) text += " FD       FILE            DENTRY           INODE       TYPE PATH\n" + rows;
    if (!why.empty()) text += why + "\n";
    value.set("files", std::move(list));
    call.output.row(text, value);
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
  const Object names(call, "mnt_namespace", *space);
  if (const auto head = names.place({"list"})) {
    const Elements elements = list_elements(call, *head, "mount", "mnt_list");
    mounts = elements.addresses;
    broken = elements.broken;
  } else if (const auto root = names.pointer({"mounts.rb_node"})) {
    // v6.8 (2eea9ce4310d): a tree by the numbers of mounts in place of the list.
    kernel::Binder binder(call.machine().access.types);
    const auto place = binder.optional("mount", {"mnt_node"});
    const auto walk = kernel::RedBlackTreeView::bind(binder).nodes(call.machine().access.memory, VirtualAddress(*root),
                                                                   kMostMappings);
    for (const VirtualAddress node : walk.nodes) mounts.push_back(node.value - (place.exists() ? place.offset() : 0));
    broken = walk.broken;
  } else {
    return fail(ErrorKind::kNotFound, "how this kernel keeps its mounts is not known");
  }
  const auto inner = call.machine().access.types.member("mount", "mnt");
  call.output.heading("     MOUNT           SUPERBLK     TYPE   DEVNAME   DIRNAME\n");
  for (const std::uint64_t address : mounts) {
    if (call.context.is_stopped()) break;
    const Object mount(call, "mount", address);
    const std::uint64_t super = mount.number({"mnt.mnt_sb"}).value_or(0);
    const auto type = Object(call, "super_block", super).pointer({"s_type"});
    const std::string kind = type ? Object(call, "file_system_type", *type).text({"name"}).value_or("?") : "?";
    const std::string device = mount.text({"mnt_devname"}).value_or("none");
    const std::string path =
        path_of(call, mount.number({"mnt.mnt_root"}).value_or(0), address + (inner ? inner->offset : 0));
    Value value = Value::object();
    value.set("mount", Value::address(address));
    value.set("superblock", Value::address(super));
    value.set("type", kind);
    value.set("device", device);
    value.set("directory", path);
    call.output.row(
        fmt::format("{:016x} {:016x} {:<6} {:<9} {}\n", address, super, printable(kind), printable(device), path),
        value);
  }
  call.output.heading(broken_text(broken));
  return {};
}

}  // namespace

extern const Command kFiles = {.name = "files",
                               .usage = "files [-R TEXT] [PID|TASK|NAME]…",
                               .help = "what tasks have open",
                               .options = kFilesOptions,
                               .needs = Needs::kMachine,
                               .per_task = PerTask::kYes,
                               .run = run_files};
extern const Command kMount = {.name = "mount",
                               .usage = "mount [PID|TASK|NAME]",
                               .help = "the mounted file systems",
                               .options = {},
                               .needs = Needs::kMachine,
                               .run = run_mount};

}  // namespace whyhung::commands

// SPDX-License-Identifier: GPL-2.0-or-later
// files: what tasks have open.
#include "base/text.h"
#include "commands/command.h"
#include "commands/file_paths.h"
#include "commands/object.h"
#include "commands/process_files.h"
#include "commands/task_choice.h"

namespace whyhung::commands {
namespace {

constexpr std::uint64_t kMostDescriptors = 1u << 16;

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

}  // namespace

extern const Command kFiles = {.name = "files",
                               .usage = "files [-R TEXT] [PID|TASK|NAME]…",
                               .help = "what tasks have open",
                               .options = kFilesOptions,
                               .needs = Needs::kMachine,
                               .per_task = PerTask::kYes,
                               .run = run_files};
}  // namespace whyhung::commands

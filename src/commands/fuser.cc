// SPDX-License-Identifier: GPL-2.0-or-later
// fuser: which tasks use a file: have it open or mapped, or have it as root, directory or program.
#include "base/text.h"
#include "commands/command.h"
#include "commands/expression.h"
#include "commands/file_paths.h"
#include "commands/process_files.h"

namespace whyhung::commands {
namespace {

// What is asked for: a path as this machine shows it, or the address of an inode.
struct Wanted {
  std::string path;
  std::uint64_t inode = 0;
};

bool is_it(const Call& call, const Wanted& wanted, std::uint64_t dentry, std::uint64_t mount) {
  if (dentry == 0) return false;
  if (wanted.inode != 0) {
    // Of a file, too, the inode counts: names may be many.
    return wanted.inode == dentry || Object(call, "dentry", dentry).pointer({"d_inode"}) == wanted.inode;
  }
  return path_of(call, dentry, mount) == wanted.path;
}

bool is_file(const Call& call, const Wanted& wanted, std::uint64_t address) {
  const Object file(call, "file", address);
  return is_it(call, wanted, file.number({"f_path.dentry"}).value_or(0), file.number({"f_path.mnt"}).value_or(0));
}

std::string uses_of(const Call& call, const model::Task& task, const Wanted& wanted) {
  std::string uses;
  const Object object(call, "task_struct", task.address);
  if (const auto fs = object.pointer({"fs"})) {
    const Object place(call, "fs_struct", *fs);
    if (is_it(call, wanted, place.number({"root.dentry"}).value_or(0), place.number({"root.mnt"}).value_or(0)))
      uses += "root ";
    if (is_it(call, wanted, place.number({"pwd.dentry"}).value_or(0), place.number({"pwd.mnt"}).value_or(0)))
      uses += "cwd ";
  }
  const auto mm = object.pointer({"mm"});
  if (mm && !task.is_kernel_thread) {
    const Object memory(call, "mm_struct", *mm);
    if (const auto program = memory.pointer({"exe_file"}); program && is_file(call, wanted, *program)) uses += "exe ";
    std::string broken;
    for (const std::uint64_t mapping : mappings_of(call, memory, broken)) {
      const auto file = Object(call, "vm_area_struct", mapping).pointer({"vm_file"});
      if (!file || !is_file(call, wanted, *file)) continue;
      uses += "mmap ";
      break;
    }
  }
  std::string why;
  for (const OpenFile& open : open_files(call, task, why)) {
    if (!is_file(call, wanted, open.file)) continue;
    uses += "fd ";
    break;
  }
  return uses;
}

Result<void> run(Call& call) {
  if (call.words().size() != 1) return fail(ErrorKind::kUsage, "fuser wants a path or the address of an inode");
  const std::string& word = call.words().front();
  Wanted wanted;
  if (word.starts_with('/')) {
    wanted.path = word;
  } else {
    TRY_ASSIGN(wanted.inode, parse_address(call, word));
  }
  bool found = false;
  for (const model::Task& task : call.snapshot().tasks) {
    if (call.context.is_stopped()) break;
    const std::string uses = uses_of(call, task, wanted);
    if (uses.empty()) continue;
    if (!found) call.output.heading(" PID         TASK        COMM             USAGE\n");
    found = true;
    Value value = Value::object();
    value.set("pid", task.pid);
    value.set("task", Value::address(task.address));
    value.set("comm", task.comm);
    value.set("usage", uses.substr(0, uses.size() - 1));
    call.output.row(fmt::format("{:>5}  {:016x}  {:<16} {}\n", task.pid, task.address,
                                fmt::format("\"{}\"", printable(task.comm)), uses),
                    value);
  }
  if (!found) call.output.heading(fmt::format("No users of {} found\n", printable(word)));
  return {};
}

}  // namespace

extern const Command kFuser = {.name = "fuser",
                               .usage = "fuser PATH|INODE",
                               .help = "which tasks use a file",
                               .options = {},
                               .needs = Needs::kMachine,
                               .run = run};

}  // namespace whyhung::commands

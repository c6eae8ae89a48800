// SPDX-License-Identifier: GPL-2.0-or-later
// ipcs: shared memory, semaphores and message queues of System V.
#include "commands/command.h"
#include "commands/object.h"
#include "commands/task_choice.h"

namespace whyhung::commands {
namespace {

constexpr std::size_t kMostObjects = 1u << 16;

constexpr auto kOptions = std::to_array<Option>({{"s", "", "semaphores"},
                                                 {"m", "", "shared memory"},
                                                 {"q", "", "message queues"},
                                                 {"n", "PID|TASK", "of this task's namespace"}});

// One of the three kinds: its structures, and the members that a row shows behind what all have.
struct Kind {
  std::string_view option, name, heading, type, permissions, first, second;
  std::uint64_t table;  // its place in ipc_namespace.ids
};
constexpr auto kKinds = std::to_array<Kind>(
    {{"m", "shared memory", "SHMID_KERNEL     KEY      SHMID      UID   PERMS BYTES      NATTCH STATUS\n",
      "shmid_kernel", "shm_perm", "shm_segsz", "shm_nattch", 2},
     {"s", "semaphores", "SEM_ARRAY        KEY      SEMID      UID   PERMS NSEMS     \n", "sem_array", "sem_perm",
      "sem_nsems", "", 0},
     {"q", "message queue", "MSG_QUEUE        KEY      MSQID      UID   PERMS USED-BYTES   MESSAGES    \n", "msg_queue",
      "q_perm", "q_cbytes", "q_qnum", 1}});

Result<void> show(Call& call, std::uint64_t space, const Kind& kind) {
  const auto tables = Object(call, "ipc_namespace", space).field({"ids"});
  const auto& view = call.machine().xarray;
  const Object table(call, "ipc_ids",
                     tables ? tables->in(VirtualAddress(space)).value + kind.table * tables->element_size() : 0);
  const auto tree = table.place({"ipcs_idr.idr_rt"});
  if (!tables || !tree || !view.usable())
    return fail(ErrorKind::kNotFound, "how this kernel keeps the objects of System V is not known");
  const auto walk = view.entries(call.machine().access.memory, VirtualAddress(*tree), kMostObjects,
                                 [](std::span<const VirtualAddress>) {});
  call.output.heading(kind.heading);
  if (walk.entries.empty() && walk.broken.empty()) call.output.heading("(none allocated)\n");
  const auto place = call.machine().access.types.member(kind.type, kind.permissions);
  for (const VirtualAddress entry : walk.entries) {
    if (call.context.is_stopped()) break;
    const Object permissions(call, "kern_ipc_perm", entry.value);
    const Object object(call, kind.type, entry.value - (place ? place->offset : 0));
    const auto key = permissions.number({"key"});
    const auto id = permissions.signed_number({"id"});
    const auto user = permissions.number({"uid.val", "uid"});
    const auto mode = permissions.number({"mode"});
    const auto first = object.number({kind.first});
    const auto second = kind.second.empty() ? std::nullopt : object.number({kind.second});
    Value value = Value::object();
    value.set("kind", kind.name);
    value.set("address", Value::address(object.address()));
    value.set("key", key ? Value::address(*key & 0xffffffff) : Value());
    value.set("id", id ? Value(*id) : Value());
    value.set("uid", shown_value(user));
    value.set("mode", shown_value(mode));
    value.set(kind.first, shown_value(first));
    if (!kind.second.empty()) value.set(kind.second, shown_value(second));
    call.output.row(
        fmt::format("{:016x} {:08x} {:<10} {:<5} {:<5} {:<10} {}\n", object.address(), key.value_or(0) & 0xffffffff,
                    id ? std::to_string(*id) : "?", shown(user), mode ? fmt::format("{:o}", *mode & 0777) : "?",
                    shown(first), kind.second.empty() ? "" : shown(second)),
        value);
  }
  if (!walk.broken.empty()) call.output.heading(fmt::format("(the tree is damaged: {})\n", walk.broken));
  call.output.heading("\n");
  return {};
}

Result<void> run(Call& call) {
  std::optional<std::uint64_t> space;
  const model::Task* task = current_task(call);
  if (const auto who = call.arguments.value("n")) {
    TRY_ASSIGN(task, task_by_pid_or_address(call.snapshot(), *who));
  }
  if (task != nullptr) {
    const auto proxy = Object(call, "task_struct", task->address).pointer({"nsproxy"});
    if (proxy) space = Object(call, "nsproxy", *proxy).pointer({"ipc_ns"});
  }
  if (!space) {
    if (const auto first = call.machine().access.symbols.address_of("init_ipc_ns")) space = first->value;
  }
  if (!space) return fail(ErrorKind::kNotFound, "the namespace of System V's objects was not found");
  const bool all = !call.has("s") && !call.has("m") && !call.has("q");
  for (const Kind& kind : kKinds) {
    if (all || call.has(kind.option)) TRY_CHECK(show(call, *space, kind));
  }
  return {};
}

}  // namespace

extern const Command kIpcs = {.name = "ipcs",
                              .usage = "ipcs [-s] [-m] [-q] [-n PID|TASK]",
                              .help = "shared memory, semaphores and message queues of System V",
                              .options = kOptions,
                              .needs = Needs::kMachine,
                              .run = run};

}  // namespace whyhung::commands

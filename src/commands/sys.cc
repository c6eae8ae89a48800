// SPDX-License-Identifier: GPL-2.0-or-later
// sys: the machine as a whole.
#include <sstream>

#include "base/text.h"
#include "commands/command.h"
#include "commands/expression.h"
#include "report/json_values.h"
#include "report/system_header.h"

namespace whyhung::commands {
namespace {

constexpr auto kOptions = std::to_array<Option>({{"c", "", "the table of system calls"},
                                                 {"t", "", "the kernel's taints"},
                                                 {"i", "", "what the firmware says of the machine (DMI)"}});

constexpr std::uint64_t kMostCalls = 1024;

// kernel/panic.c taint_flags[]: letter where set.
constexpr std::string_view kTaintLetters = "PFSRMBUDAWCIOELKXTNJ";

Result<std::uint64_t> taints_of(const Call& call) {
  const auto at = call.machine().access.symbols.address_of("tainted_mask");
  if (!at) return fail(ErrorKind::kNotFound, "this kernel has no tainted_mask");
  const auto mask = call.machine().access.memory.read_u64(*at);
  if (!mask) return fail(to_error(mask.error(), "tainted_mask"));
  return *mask;
}

std::string letters_of(std::uint64_t mask) {
  std::string letters;
  for (std::size_t i = 0; i < kTaintLetters.size(); ++i) {
    if ((mask >> i & 1) != 0) letters += kTaintLetters[i];
  }
  return letters;
}

Result<void> show_taints(Call& call) {
  TRY_CHECK(need_machine(call.context, "sys -t"));
  TRY_ASSIGN(const std::uint64_t mask, taints_of(call));
  Value value = Value::object();
  value.set("tainted_mask", Value::address(mask));
  value.set("letters", letters_of(mask));
  call.output.record(fmt::format("TAINTED_MASK: {:x}  {}\n", mask, letters_of(mask)), value);
  return {};
}

Result<void> show_system_calls(Call& call) {
  TRY_CHECK(need_machine(call.context, "sys -c"));
  const auto table = call.machine().access.symbols.find_all("sys_call_table", 1);
  if (table.empty()) return fail(ErrorKind::kNotFound, "this kernel names no sys_call_table");
  const std::uint64_t count = std::min(table.front().size == 0 ? kMostCalls : table.front().size / 8, kMostCalls);
  call.output.heading("NUM  SYSTEM CALL                FILE AND LINE NUMBER\n");
  for (std::uint64_t number = 0; number < count; ++number) {
    const auto entry = call.machine().access.memory.read_u64(table.front().address + number * 8);
    if (!entry) return fail(to_error(entry.error(), "sys_call_table"));
    const auto symbol = call.machine().access.symbols.find_covering(VirtualAddress(*entry));
    if (!symbol || symbol->offset != 0) break;
    Value row = Value::object();
    row.set("number", number);
    row.set("function", symbol->symbol.name);
    call.output.row(fmt::format("{:>3x}  {}\n", number, printable(symbol->symbol.name)), row);
  }
  return {};
}

Result<void> show_firmware(Call& call) {
  TRY_CHECK(need_machine(call.context, "sys -i"));
  // enum dmi_field (include/linux/mod_devicetable.h), by the kernel's own numbers.
  constexpr std::array<std::pair<std::string_view, std::string_view>, 18> kFields = {
      {{"DMI_BIOS_VENDOR", "bios_vendor"},
       {"DMI_BIOS_VERSION", "bios_version"},
       {"DMI_BIOS_DATE", "bios_date"},
       {"DMI_SYS_VENDOR", "sys_vendor"},
       {"DMI_PRODUCT_NAME", "product_name"},
       {"DMI_PRODUCT_VERSION", "product_version"},
       {"DMI_PRODUCT_SERIAL", "product_serial"},
       {"DMI_PRODUCT_UUID", "product_uuid"},
       {"DMI_BOARD_VENDOR", "board_vendor"},
       {"DMI_BOARD_NAME", "board_name"},
       {"DMI_BOARD_VERSION", "board_version"},
       {"DMI_BOARD_SERIAL", "board_serial"},
       {"DMI_BOARD_ASSET_TAG", "board_asset_tag"},
       {"DMI_CHASSIS_VENDOR", "chassis_vendor"},
       {"DMI_CHASSIS_TYPE", "chassis_type"},
       {"DMI_CHASSIS_VERSION", "chassis_version"},
       {"DMI_CHASSIS_SERIAL", "chassis_serial"},
       {"DMI_CHASSIS_ASSET_TAG", "chassis_asset_tag"}}};
  const auto table = call.machine().access.symbols.address_of("dmi_ident");
  if (!table) return fail(ErrorKind::kNotFound, "this kernel names no dmi_ident");
  Value value = Value::object();
  std::string text;
  for (const auto& [enumerator, name] : kFields) {
    const auto number = call.machine().access.types.enumerator(enumerator);
    if (!number || *number < 0 || *number > 64) continue;
    const auto pointer = call.machine().access.memory.read_pointer(*table + static_cast<std::uint64_t>(*number) * 8);
    if (!pointer || pointer->is_null()) continue;
    const auto words = call.machine().access.memory.read_c_string(*pointer, 256);
    if (!words) continue;
    text += fmt::format("{:>20}: {}\n", enumerator, printable(*words));
    value.set(name, *words);
  }
  if (text.empty()) text = "(the firmware says nothing of the machine)\n";
  call.output.record(text, value);
  return {};
}

Result<void> run(Call& call) {
  if (!call.words().empty()) return fail(ErrorKind::kUsage, "sys takes options only");
  if (call.has("t")) return show_taints(call);
  if (call.has("c")) return show_system_calls(call);
  if (call.has("i")) return show_firmware(call);
  std::ostringstream text;
  report::write_system_header(text, call.snapshot().machine);
  std::string lines = text.str();
  // What support asks first: whether the kernel is tainted, beside its name as crash shows it.
  if (call.context.machine != nullptr) {
    const auto mask = taints_of(call);
    const std::size_t end = lines.find('\n');
    if (mask && *mask != 0 && end != std::string::npos)
      lines.insert(end, fmt::format("  [TAINTED: {}]", letters_of(*mask)));
  }
  call.output.record(
      lines,
      Value::json(
          report::machine_json(call.snapshot().machine).dump(-1, ' ', false, report::Json::error_handler_t::replace)));
  return {};
}

}  // namespace

extern const Command kSys = {.name = "sys",
                             .usage = "sys [-t|-c|-i]",
                             .help = "the machine: kernel, time, load, memory, panic; -t: taints",
                             .options = kOptions,
                             .run = run,
                             .rehearse = [](const model::Snapshot&) {
                               return std::vector<std::string>{"sys", "sys -t", "sys -i"};
                             }};

}  // namespace whyhung::commands

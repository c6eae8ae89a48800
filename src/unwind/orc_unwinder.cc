// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/orc_unwinder.h"

#include <array>
#include <vector>

#include "unwind/orc_search.h"
#include "unwind/orc_stepper.h"
#include "unwind/x86_64_code.h"

namespace whyhung::unwind {
namespace {

class OrcUnwinder final : public Unwinder {
 public:
  OrcUnwinder(const UnwindInputs& inputs, OrcVersion version)
      : architecture_(inputs.architecture),
        version_(version),
        tables_(inputs.memory, version),
        hooks_(inputs.memory, inputs.symbols, inputs.types),
        code_(inputs.memory, inputs.symbols, hooks_),
        stepper_(inputs.memory, tables_, inputs.symbols) {}

  std::optional<FrameState> find_interruption(VirtualRange stack) override {
    return outermost_interruption(*this, stack, [this](VirtualAddress end) { return code_.interrupted_above(end); });
  }
  Stack walk(const WalkStart& start) override { return walk_stack(architecture_, stepper_, start, &hooks_); }
  void add_module(const ModuleTables& module) override {
    if (module.orc_ips.is_null() || module.orc_rows.is_null()) return;
    add({module.text, module.orc_ips, module.orc_rows, module.orc_count, {}, 0});
  }
  void add(const OrcTableLocation& table) { tables_.add(table); }
  std::string description() const override { return fmt::format("ORC version {}", static_cast<int>(version_) + 1); }

 private:
  const arch::Architecture& architecture_;
  OrcVersion version_;
  OrcTables tables_;
  ReturnHooks hooks_;
  X86Code code_;
  OrcStepper stepper_;
};

Result<OrcVersion> find_version(const UnwindInputs& inputs) {
  constexpr std::size_t kHashSize = 20;
  if (const auto header = inputs.symbols.address_of("__start_orc_header")) {
    std::array<std::byte, kHashSize> hash;
    if (const auto done = inputs.memory.read(*header, hash); !done) {
      return fail(to_error(done.error(), "the ORC header"));
    }
    const auto version = orc_version_of_hash(hash);
    if (!version) {
      return with_hint(
          fail(ErrorKind::kUnsupported, "the ORC header holds a hash that is not known: {:02x}{:02x}{:02x}{:02x}…",
               static_cast<unsigned>(hash[0]), static_cast<unsigned>(hash[1]), static_cast<unsigned>(hash[2]),
               static_cast<unsigned>(hash[3])),
          "a newer whyhung may know this kernel's unwind tables");
    }
    return *version;
  }
  // Without a header the bit fields of the type tell the versions apart (v6.3 brought `signal`, v6.4 the wider `type`).
  const auto type = inputs.types.member("orc_entry", "type");
  if (!type || inputs.types.member("orc_entry", "end")) {
    return inputs.types.member("orc_entry", "signal") ? OrcVersion::k2 : OrcVersion::k1;
  }
  return OrcVersion::k3;
}

}  // namespace

namespace {

// Of a kernel whose kallsyms hold functions only.
Result<std::unique_ptr<Unwinder>> make_from_search(const UnwindInputs& inputs) {
  auto& symbols = inputs.symbols;
  const auto text = symbols.address_of("_stext");
  const auto text_end = symbols.address_of("_etext");
  const auto init_text = symbols.address_of("_sinittext");
  if (!text || !text_end || !init_text || *text_end <= *text || *init_text <= *text_end) {
    return fail(ErrorKind::kNotFound, "the kernel has no ORC tables (no symbol __start_orc_unwind_ip)");
  }
  TRY_ASSIGN(const OrcVersion by_types, find_version(inputs));
  std::vector<OrcVersion> versions{by_types};
  if (by_types == OrcVersion::k3) versions.push_back(OrcVersion::k4);
  const auto found = search_orc_tables(inputs.memory, symbols, {{*text, *text_end}, {*text_end, *init_text}, versions});
  if (!found) {
    return fail(ErrorKind::kNotFound, "no symbol names the kernel's ORC tables, and none were found in its memory");
  }
  auto unwinder = std::make_unique<OrcUnwinder>(inputs, found->version);
  unwinder->add(found->table);
  return unwinder;
}

}  // namespace

Result<std::unique_ptr<Unwinder>> make_orc_unwinder(const UnwindInputs& inputs) {
  auto& symbols = inputs.symbols;
  const auto ips = symbols.address_of("__start_orc_unwind_ip");
  const auto ips_end = symbols.address_of("__stop_orc_unwind_ip");
  const auto rows = symbols.address_of("__start_orc_unwind");
  const auto text = symbols.address_of("_stext");
  const auto text_end = symbols.address_of("_etext");
  if (!ips || !ips_end || !rows || !text || !text_end || *ips_end <= *ips) return make_from_search(inputs);
  TRY_ASSIGN(const OrcVersion version, find_version(inputs));
  OrcTableLocation table{{*text, *text_end}, *ips, *rows, (*ips_end - *ips) / 4, {}, 0};
  const auto lookup = symbols.address_of("orc_lookup");
  const auto lookup_end = symbols.address_of("orc_lookup_end");
  if (lookup && lookup_end && *lookup_end > *lookup) {
    table.lookup = *lookup;
    table.lookup_count = (*lookup_end - *lookup) / 4;
  }
  auto unwinder = std::make_unique<OrcUnwinder>(inputs, version);
  unwinder->add(table);
  // Code that runs once at boot lies outside of _stext.._etext and has rows in the same table.
  const auto init_text = symbols.address_of("_sinittext");
  const auto init_text_end = symbols.address_of("_einittext");
  if (init_text && init_text_end) {
    unwinder->add({{*init_text, *init_text_end}, *ips, *rows, table.count, {}, 0});
  }
  return unwinder;
}

}  // namespace whyhung::unwind

// SPDX-License-Identifier: GPL-2.0-or-later
// CapstoneDecoder: capstone's handle and the room for one instruction, both given back at its end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include <capstone/capstone.h>

#include "base/address.h"

namespace whyhung::arch {

class CapstoneDecoder {
 public:
  // `detail` is CS_OPT_ON where operands are asked for: the room for an instruction is made with room for them or
  // without. Null, and `status` says why, when this capstone does not have the machine.
  static std::unique_ptr<CapstoneDecoder> open(cs_arch machine, cs_mode mode, cs_opt_value detail, cs_err& status) {
    csh handle = 0;
    status = cs_open(machine, mode, &handle);
    if (status != CS_ERR_OK) return nullptr;
    cs_option(handle, CS_OPT_DETAIL, detail);
    return std::unique_ptr<CapstoneDecoder>(new CapstoneDecoder(handle));
  }
  CapstoneDecoder(const CapstoneDecoder&) = delete;
  CapstoneDecoder& operator=(const CapstoneDecoder&) = delete;
  ~CapstoneDecoder() {
    cs_free(instruction_, 1);
    cs_close(&handle_);
  }

  csh handle() const { return handle_; }
  // What was decoded last.
  const cs_insn& instruction() const { return *instruction_; }
  // The instruction at the start of `code`; false when the bytes are none.
  bool decode(std::span<const std::byte> code, VirtualAddress address) const {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(code.data());
    std::size_t left = code.size();
    std::uint64_t at = address.value;
    return cs_disasm_iter(handle_, &bytes, &left, &at, instruction_);
  }

 private:
  explicit CapstoneDecoder(csh handle) : handle_(handle), instruction_(cs_malloc(handle)) {}

  csh handle_;
  cs_insn* instruction_;
};

}  // namespace whyhung::arch

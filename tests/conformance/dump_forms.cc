// SPDX-License-Identifier: GPL-2.0-or-later
#include "conformance/dump_forms.h"

#include <fmt/format.h>

#include "support/elf_core_builder.h"
#include "support/kdump_builder.h"

namespace whyhung::test {
namespace {

KdumpForm kdump_of(const Origin& origin) {
  KdumpForm form;
  form.order = origin.order;
  form.machine = origin.machine;
  return form;
}

DumpForm kdump(std::string name, const std::function<void(KdumpForm&)>& change) {
  return {std::move(name), "kdump-compressed", [change](const MemoryImage& image, const Origin& origin) {
            KdumpForm form = kdump_of(origin);
            change(form);
            form.notes = origin.notes(form.order);
            return std::vector<Bytes>{build_kdump(image, form).bytes};
          }};
}

DumpForm flattened(std::string name, FlattenForm::Writer writer, std::size_t piece) {
  return {std::move(name), "kdump-compressed", [=](const MemoryImage& image, const Origin& origin) {
            FlattenForm form;
            form.writer = writer;
            form.piece = piece;
            form.rewrites_header = writer == FlattenForm::Writer::kMakedumpfile;
            KdumpForm inner = kdump_of(origin);
            inner.notes = origin.notes(inner.order);
            return std::vector<Bytes>{flatten(build_kdump(image, inner), form)};
          }};
}

Bytes core_of(const MemoryImage& image, const Origin& origin, ByteOrder order) {
  CoreForm form;
  form.order = order;
  form.machine = origin.elf_machine;
  form.notes = origin.notes(order);
  return build_core(segments_of(image), form);
}

}  // namespace

std::vector<DumpForm> all_dump_forms() {
  std::vector<DumpForm> forms;
  for (int version = 1; version <= 6; ++version) {
    forms.push_back(kdump(fmt::format("kdump_v{}", version), [=](KdumpForm& form) {
      form.version = version;
      // Before version 4 there are no notes; version 3 has VMCOREINFO all the same.
      form.header_vmcoreinfo = version == 3 ? kSampleVmcoreinfo : "";
    }));
  }
  for (const auto& [name, codec] : {std::pair{"none", PageCodec::kNone},
                                    {"zlib", PageCodec::kZlib},
                                    {"lzo", PageCodec::kLzo},
                                    {"snappy", PageCodec::kSnappy},
                                    {"zstd", PageCodec::kZstd},
                                    {"mixed", PageCodec::kMixed}}) {
    forms.push_back(kdump(fmt::format("kdump_{}", name), [=](KdumpForm& form) { form.codec = codec; }));
  }
  forms.push_back(kdump("kdump_big_endian", [](KdumpForm& form) { form.order = ByteOrder::kBig; }));
  forms.push_back(kdump("kdump_own_zero_pages", [](KdumpForm& form) { form.shared_zero_page = false; }));
  forms.push_back(kdump("diskdump", [](KdumpForm& form) {
    form.signature = "DISKDUMP";
    form.version = 1;
  }));
  forms.push_back({"kdump_split_in_4", "kdump-compressed", [](const MemoryImage& image, const Origin& origin) {
                     KdumpForm form = kdump_of(origin);
                     form.notes = origin.notes(form.order);
                     return build_split(image, form, 4);
                   }});
  forms.push_back(flattened("flattened_makedumpfile", FlattenForm::Writer::kMakedumpfile, 65536));
  forms.push_back(flattened("flattened_small_pieces", FlattenForm::Writer::kMakedumpfile, 3000));
  forms.push_back(flattened("flattened_qemu", FlattenForm::Writer::kQemu, 16384));
  for (const ByteOrder order : {ByteOrder::kLittle, ByteOrder::kBig}) {
    const auto build = [=](const MemoryImage& image, const Origin& origin) {
      return std::vector<Bytes>{core_of(image, origin, order)};
    };
    forms.push_back({order == ByteOrder::kLittle ? "elf" : "elf_big_endian", "ELF vmcore", build});
  }
  forms.push_back({"elf_flattened", "ELF vmcore", [](const MemoryImage& image, const Origin& origin) {
                     FlattenForm form;
                     form.piece = 4096;
                     form.rewrites_header = false;
                     return std::vector<Bytes>{flatten(core_of(image, origin, origin.order), {}, form)};
                   }});
  return forms;
}

}  // namespace whyhung::test

// SPDX-License-Identifier: GPL-2.0-or-later
// A saved snapshot that anybody may have written: it is refused with one error, or diagnosed and reported in
// each form.
#include <sstream>

#include "diagnose/diagnose.h"
#include "model/json.h"
#include "report/first_screen.h"
#include "report/json.h"
#include "report/text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace whyhung;
  const auto snapshot = model::read_snapshot({reinterpret_cast<const char*>(data), size});
  if (!snapshot) return 0;
  const diagnose::Diagnosis diagnosis = diagnose::diagnose(*snapshot);
  std::ostringstream text, json, saved;
  report::write_text(text, *snapshot, diagnosis, report::Style(report::Colour::kNever));
  report::write_json(json, *snapshot, diagnosis);
  const model::Index index(*snapshot);
  report::write_screen(text, report::make_screen(index, diagnosis), report::Style(report::Colour::kNever), 80);
  model::write_snapshot(saved, *snapshot);
  // What was loaded once is loaded again.
  if (!model::read_snapshot(saved.str())) __builtin_trap();
  return 0;
}

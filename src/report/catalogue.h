// SPDX-License-Identifier: GPL-2.0-or-later
// What the program can explain: a page for each class of verdicts, and words of its reports. Both are the documents
// themselves (docs/hang-catalogue.md, docs/glossary.md), which are built in.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report/document.h"

namespace whyhung::report {

struct CataloguePage {
  struct Part {
    std::string label;  // "What one sees"; empty: none
    Inlines text;
  };
  std::string name;
  std::vector<Part> parts;
  std::string example;  // the verdict's words on a machine of that kind, several lines; empty: there is none
};

struct GlossaryEntry {
  std::vector<std::string> words;  // "mutex", "rw_semaphore"
  Inlines text;
};

// By the name of a class. There is one for each of diagnose::HangClass.
std::optional<CataloguePage> catalogue_page(std::string_view name);
std::vector<std::string> catalogue_names();

const std::vector<GlossaryEntry>& glossary();

}  // namespace whyhung::report

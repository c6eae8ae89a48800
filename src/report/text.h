// SPDX-License-Identifier: GPL-2.0-or-later
// The whole report as text for people: header, verdict, chain with evidence, what still ran, what is not known.
#pragma once

#include <iosfwd>

#include "diagnose/diagnose.h"
#include "report/document.h"
#include "report/style.h"

namespace whyhung::report {

inline constexpr std::size_t kPageWidth = 112;  // where no terminal says how wide it is

void write_document(std::ostream& out, const Document& document, const Style& style, std::size_t width);
// With an index that the caller has, or one made for it.
void write_text(std::ostream& out, const model::Index& index, const diagnose::Diagnosis& diagnosis, const Style& style,
                std::size_t width = kPageWidth);
void write_text(std::ostream& out, const model::Snapshot& snapshot, const diagnose::Diagnosis& diagnosis,
                const Style& style, std::size_t width = kPageWidth);

}  // namespace whyhung::report

// SPDX-License-Identifier: GPL-2.0-or-later
// The names that the views of this layer ask for, so that sources which search can find all of them in one pass. A name
// that is missing here is still found, only later and slower.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "debuginfo/symbols.h"

namespace whyhung::kernel {

std::span<const std::string_view> symbols_used();
// Those without which nothing is found, and which no kernel lacks.
std::span<const std::string_view> symbols_of_every_kernel();
// Types of some kernels only are in the list when a symbol says that this kernel has them.
std::vector<std::string_view> types_used(debuginfo::SymbolSource& symbols);
std::span<const std::string_view> enumerators_used();
// Every word that stands in the sources of the layers which ask the kernel's types and symbols: all names that they ask
// for, on any kernel, are among them. Made when whyhung is built.
std::span<const std::string_view> words_used();
// Source files of the kernel whose debug information describes these types, by the ends of their paths: those that
// define the functions and variables in question.
std::span<const std::string_view> sources_used();

}  // namespace whyhung::kernel

// SPDX-License-Identifier: GPL-2.0-or-later
// What somebody meant who misspelt a word.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace whyhung {

// The candidate that is nearest to `word`: one that it begins, or one that a slip or two of the hand lead to (a letter
// left out, doubled, wrong, or two of them exchanged). Empty when none is near enough to be worth a question.
std::string_view nearest(std::string_view word, std::span<const std::string> candidates);

}  // namespace whyhung

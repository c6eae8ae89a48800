// SPDX-License-Identifier: GPL-2.0-or-later
#include "embed/handles.h"

namespace whyhung::embed {

std::uintptr_t Handles::add(std::unique_ptr<Examined> examined) {
  auto entry = std::make_shared<Entry>();
  entry->examined = std::move(examined);
  const std::lock_guard lock(mutex_);
  entries_.emplace(++last_, std::move(entry));
  return last_;
}

std::shared_ptr<Handles::Entry> Handles::find(std::uintptr_t handle) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(handle);
  return found == entries_.end() ? nullptr : found->second;
}

bool Handles::remove(std::uintptr_t handle) {
  const std::lock_guard lock(mutex_);
  return entries_.erase(handle) != 0;
}

}  // namespace whyhung::embed

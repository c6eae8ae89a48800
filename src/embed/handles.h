// SPDX-License-Identifier: GPL-2.0-or-later
// Handles of what a program has opened. A handle is a number that is looked up and never an address that is followed:
// one that was closed, or that somebody made up, is found out. Each is for one thread at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "embed/examined.h"

namespace whyhung::embed {

class Handles {
 public:
  struct Entry {
    std::unique_ptr<Examined> examined;
    std::mutex in_use;
    std::atomic<bool> stop = false;  // what is being done shall come to an end
  };

  // Held while a call uses what a handle stands for. Empty: there is no such handle, or another thread has it.
  class Use {
   public:
    Use() = default;
    explicit Use(std::shared_ptr<Entry> entry) : entry_(std::move(entry)) {
      if (entry_) lock_ = std::unique_lock(entry_->in_use, std::try_to_lock);
    }
    bool is_known() const { return entry_ != nullptr; }
    bool is_free() const { return lock_.owns_lock(); }
    Entry& entry() const { return *entry_; }

   private:
    std::shared_ptr<Entry> entry_;
    std::unique_lock<std::mutex> lock_;  // behind the entry, so that it ends first
  };

  std::uintptr_t add(std::unique_ptr<Examined> examined);
  std::shared_ptr<Entry> find(std::uintptr_t handle);
  Use use(std::uintptr_t handle) { return Use(find(handle)); }
  // False when somebody else was quicker.
  bool remove(std::uintptr_t handle);

 private:
  std::mutex mutex_;
  std::uintptr_t last_ = 0;  // a number is never given out twice
  std::unordered_map<std::uintptr_t, std::shared_ptr<Entry>> entries_;
};

}  // namespace whyhung::embed

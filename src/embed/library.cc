// SPDX-License-Identifier: GPL-2.0-or-later
// The C interface, include/whyhung.h. Nothing that is thrown leaves it.
#include <whyhung.h>

#include <bit>
#include <cstdlib>
#include <cstring>
#include <new>

#include "embed/examined.h"
#include "embed/handles.h"

namespace whyhung::embed {
namespace {

struct LastError {
  std::string what;
  std::string hint;
};

LastError& last_error() {
  thread_local LastError error;
  return error;
}

// Never destroyed: a thread may still be calling while the process ends.
Handles& handles() {
  static Handles& table = *new Handles;
  return table;
}

whyhung_status status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kIo: return WHYHUNG_IO;
    case ErrorKind::kNotADump: return WHYHUNG_NOT_A_DUMP;
    case ErrorKind::kTruncated: return WHYHUNG_TRUNCATED;
    case ErrorKind::kCorrupt: return WHYHUNG_CORRUPT;
    case ErrorKind::kUnsupported: return WHYHUNG_UNSUPPORTED;
    case ErrorKind::kNotFound: return WHYHUNG_NOT_FOUND;
    case ErrorKind::kUnreadable: return WHYHUNG_UNREADABLE;
    case ErrorKind::kLimit: return WHYHUNG_LIMIT;
    case ErrorKind::kMismatch: return WHYHUNG_MISMATCH;
    case ErrorKind::kUsage: return WHYHUNG_USAGE;
  }
  return WHYHUNG_INTERNAL;
}

whyhung_status refuse(whyhung_status status, std::string what, std::string hint = {}) {
  last_error() = {std::move(what), std::move(hint)};
  return status;
}

whyhung_status refuse(const Error& error) {
  return refuse(status_of(error.kind), error.what, error.hint);
}

whyhung_status refuse_null(const char* what) {
  return refuse(WHYHUNG_USAGE, std::string(what) + " is NULL");
}

// Memory is what may run out here; of anything else that is thrown nobody knows.
template <typename Do>
whyhung_status guarded(Do what) noexcept {
  try {
    try {
      return what();
    } catch (const std::bad_alloc&) {
      return refuse(WHYHUNG_MEMORY, "out of memory");
    } catch (const std::exception& error) {
      return refuse(WHYHUNG_INTERNAL, error.what());
    }
  } catch (...) {
    return WHYHUNG_INTERNAL;  // not even the words could be kept
  }
}

// Runs `what` with what the handle stands for, which nobody else uses meanwhile.
template <typename Do>
whyhung_status with(whyhung_machine* machine, Do what) noexcept {
  return guarded([&] {
    const Handles::Use use = handles().use(reinterpret_cast<std::uintptr_t>(machine));
    if (!use.is_known()) return refuse(WHYHUNG_HANDLE, "the machine was closed, or never opened");
    if (!use.is_free()) return refuse(WHYHUNG_BUSY, "another thread uses this machine");
    use.entry().stop = false;
    return what(*use.entry().examined, use.entry().stop);
  });
}

whyhung_status give(const std::string& text, char** out) {
  auto* copy = static_cast<char*>(std::malloc(text.size() + 1));
  if (copy == nullptr) throw std::bad_alloc();
  std::memcpy(copy, text.c_str(), text.size() + 1);
  *out = copy;
  return WHYHUNG_OK;
}

whyhung_status give(const Result<std::string>& text, char** out) {
  return text ? give(*text, out) : refuse(text.error());
}

}  // namespace
}  // namespace whyhung::embed

using namespace whyhung::embed;
using whyhung::Error;

const char* whyhung_version(void) {
  return WHYHUNG_VERSION;
}

const char* whyhung_status_name(whyhung_status status) {
  switch (status) {
    case WHYHUNG_OK: return "ok";
    case WHYHUNG_END: return "end";
    case WHYHUNG_IO: return "io";
    case WHYHUNG_NOT_A_DUMP: return "not-a-dump";
    case WHYHUNG_TRUNCATED: return "truncated";
    case WHYHUNG_CORRUPT: return "corrupt";
    case WHYHUNG_UNSUPPORTED: return "unsupported";
    case WHYHUNG_NOT_FOUND: return "not-found";
    case WHYHUNG_UNREADABLE: return "unreadable";
    case WHYHUNG_LIMIT: return "limit";
    case WHYHUNG_MISMATCH: return "mismatch";
    case WHYHUNG_USAGE: return "usage";
    case WHYHUNG_HANDLE: return "handle";
    case WHYHUNG_BUSY: return "busy";
    case WHYHUNG_MEMORY: return "memory";
    case WHYHUNG_INTERNAL: return "internal";
  }
  return "unknown";
}

const char* whyhung_last_error(void) {
  return last_error().what.c_str();
}

const char* whyhung_last_hint(void) {
  return last_error().hint.c_str();
}

void whyhung_free(char* text) {
  std::free(text);
}

whyhung_status whyhung_open(const char* path, const char* options, whyhung_machine** machine) {
  return guarded([&] {
    if (path == nullptr) return refuse_null("path");
    if (machine == nullptr) return refuse_null("machine");
    auto opened = Examined::open(path, options == nullptr ? "" : options);
    if (!opened) return refuse(opened.error());
    *machine = std::bit_cast<whyhung_machine*>(std::uintptr_t{handles().add(std::move(*opened))});
    return WHYHUNG_OK;
  });
}

whyhung_status whyhung_close(whyhung_machine* machine) {
  return with(machine, [&](Examined&, std::atomic<bool>&) {
    handles().remove(reinterpret_cast<std::uintptr_t>(machine));
    return WHYHUNG_OK;
  });
}

whyhung_status whyhung_notices(whyhung_machine* machine, char** json) {
  if (json == nullptr) return guarded([] { return refuse_null("json"); });
  return with(machine, [&](Examined& examined, std::atomic<bool>&) { return give(examined.notices(), json); });
}

whyhung_status whyhung_diagnose(whyhung_machine* machine, char** json) {
  return whyhung_report(machine, "json", json);
}

whyhung_status whyhung_report(whyhung_machine* machine, const char* form, char** text) {
  return with(machine, [&](Examined& examined, std::atomic<bool>&) {
    if (form == nullptr) return refuse_null("form");
    if (text == nullptr) return refuse_null("text");
    return give(examined.report(form), text);
  });
}

whyhung_status whyhung_command(whyhung_machine* machine, const char* line, whyhung_form form, char** output) {
  return with(machine, [&](Examined& examined, std::atomic<bool>& stop) {
    if (line == nullptr) return refuse_null("line");
    if (output == nullptr) return refuse_null("output");
    if (form != WHYHUNG_TEXT && form != WHYHUNG_JSON) return refuse(WHYHUNG_USAGE, "there is no such form");
    const auto format = form == WHYHUNG_JSON ? whyhung::commands::Format::kJson : whyhung::commands::Format::kText;
    return give(examined.command(line, format, stop), output);
  });
}

whyhung_status whyhung_stop(whyhung_machine* machine) {
  return guarded([&] {
    const auto entry = handles().find(reinterpret_cast<std::uintptr_t>(machine));
    if (entry == nullptr) return refuse(WHYHUNG_HANDLE, "the machine was closed, or never opened");
    entry->stop = true;
    return WHYHUNG_OK;
  });
}

whyhung_status whyhung_read(whyhung_machine* machine, uint64_t address, void* buffer, size_t size, size_t* done) {
  return with(machine, [&](Examined& examined, std::atomic<bool>&) {
    if (done != nullptr) *done = 0;
    if (buffer == nullptr && size != 0) return refuse_null("buffer");
    std::optional<Error> fault;
    const auto read = examined.read(address, std::span(static_cast<std::byte*>(buffer), size), fault);
    if (!read) return refuse(read.error());
    if (done != nullptr) *done = *read;
    return fault ? refuse(WHYHUNG_UNREADABLE, fault->what, fault->hint) : WHYHUNG_OK;
  });
}

whyhung_status whyhung_symbol_address(whyhung_machine* machine, const char* name, uint64_t* address) {
  return with(machine, [&](Examined& examined, std::atomic<bool>&) {
    if (name == nullptr) return refuse_null("name");
    if (address == nullptr) return refuse_null("address");
    const auto found = examined.symbol_address(name);
    if (!found) return refuse(found.error());
    *address = *found;
    return WHYHUNG_OK;
  });
}

whyhung_status whyhung_symbol_at(whyhung_machine* machine, uint64_t address, char** json) {
  return with(machine, [&](Examined& examined, std::atomic<bool>&) {
    return json == nullptr ? refuse_null("json") : give(examined.symbol_at(address), json);
  });
}

whyhung_status whyhung_read_value(whyhung_machine* machine, const char* type, uint64_t address, char** json) {
  return with(machine, [&](Examined& examined, std::atomic<bool>&) {
    if (type == nullptr) return refuse_null("type");
    return json == nullptr ? refuse_null("json") : give(examined.value(type, address), json);
  });
}

whyhung_status whyhung_evaluate(whyhung_machine* machine, const char* expression, whyhung_depth depth, char** json) {
  return with(machine, [&](Examined& examined, std::atomic<bool>&) {
    if (expression == nullptr) return refuse_null("expression");
    if (json == nullptr) return refuse_null("json");
    if (depth != WHYHUNG_SHALLOW && depth != WHYHUNG_DEEP) return refuse(WHYHUNG_USAGE, "there is no such depth");
    const auto wanted = depth == WHYHUNG_DEEP ? whyhung::commands::Depth::kDeep : whyhung::commands::Depth::kShallow;
    return give(examined.evaluated(expression, wanted), json);
  });
}

whyhung_status whyhung_next_task(whyhung_machine* machine, uint64_t* position, char** json) {
  return with(machine, [&](Examined& examined, std::atomic<bool>&) {
    if (position == nullptr) return refuse_null("position");
    if (json == nullptr) return refuse_null("json");
    const auto task = examined.task(*position);
    if (!task) return refuse(task.error());
    if (!*task) return WHYHUNG_END;
    const whyhung_status given = give(**task, json);
    ++*position;
    return given;
  });
}

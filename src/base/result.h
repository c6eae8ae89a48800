// SPDX-License-Identifier: GPL-2.0-or-later
// Result<T>: a value or an Error. A missing page, a cut file and a strange header are normal cases for a reader of
// crash dumps, so they travel as values. An Error carries facts; the words around them are chosen where they are shown.
#pragma once

#include <string>
#include <utility>

#include <fmt/format.h>
#include <tl/expected.hpp>

namespace whyhung {

enum class ErrorKind {
  kIo,           // the operating system refused: open, read, write
  kNotADump,     // no known format recognised the bytes
  kTruncated,    // the bytes end before the structure does
  kCorrupt,      // the bytes contradict themselves or a limit
  kUnsupported,  // recognised, but not handled: the message says what
  kNotFound,     // a symbol, type, member, note or task that is not there
  kUnreadable,   // an address of the crashed machine that the dump cannot give
  kLimit,        // a walk went past its bound
  kMismatch,     // two files do not belong together
  kUsage,        // the user's request makes no sense
};

// `what` says in one line what was found and where; `hint` says what the user can do next and may be empty.
struct Error {
  ErrorKind kind;
  std::string what;
  std::string hint;
};

template <typename T>
using Result = tl::expected<T, Error>;

template <typename... Args>
tl::unexpected<Error> fail(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
  return tl::unexpected(Error{kind, fmt::format(format, std::forward<Args>(args)...), {}});
}

inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected(std::move(error));
}

// The same error with a hint for the user.
inline tl::unexpected<Error> with_hint(tl::unexpected<Error> error, std::string hint) {
  error.value().hint = std::move(hint);
  return error;
}

// The same error, its facts put behind `context`: "page tables: filtered out at 0x…".
inline Error in_context(std::string_view context, Error error) {
  error.what = fmt::format("{}: {}", context, error.what);
  return error;
}

}  // namespace whyhung

// Propagates the error of a Result-valued expression; otherwise assigns its value. One statement, one evaluation.
#define WHYHUNG_CONCAT_INNER(a, b) a##b
#define WHYHUNG_CONCAT(a, b) WHYHUNG_CONCAT_INNER(a, b)
#define WHYHUNG_TRY_IMPL(temporary, declaration, expression)           \
  auto temporary = (expression);                                       \
  if (!temporary) return tl::unexpected(std::move(temporary).error()); \
  declaration = std::move(*temporary)
#define TRY_ASSIGN(declaration, expression) \
  WHYHUNG_TRY_IMPL(WHYHUNG_CONCAT(try_result_, __COUNTER__), declaration, expression)
#define TRY_CHECK(expression)                                                                              \
  do {                                                                                                     \
    if (auto try_result = (expression); !try_result) return tl::unexpected(std::move(try_result).error()); \
  } while (false)

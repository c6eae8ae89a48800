/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libwhyhung: a crash dump under examination, for programs.
 *
 *   whyhung_machine *machine;
 *   char *report;
 *   if (whyhung_open("vmcore", NULL, &machine) != WHYHUNG_OK) {
 *     fprintf(stderr, "%s\n", whyhung_last_error());
 *     return 1;
 *   }
 *   if (whyhung_diagnose(machine, &report) == WHYHUNG_OK) {
 *     puts(report);
 *     whyhung_free(report);
 *   }
 *   whyhung_close(machine);
 *
 * Whatever can fail returns a whyhung_status, and whyhung_last_error() then says what was found, to the thread that
 * called. Where a call fails, what its last arguments point to is left alone, but for whyhung_read().
 *
 * Texts that are given out end with a zero byte, are UTF-8, and belong to the caller, who gives them to whyhung_free().
 * JSON holds addresses and words beyond 2^53 as strings "0x...". What could not be read is null or absent, never 0.
 *
 * A machine is for one thread at a time: a second one that calls meanwhile is told WHYHUNG_BUSY. Several machines may
 * be open, each used by a thread of its own. A handle that was closed, or never was one, is told so and harms nothing.
 *
 * Within one major version of the library functions and members of JSON are added, and none is changed or removed.
 */
#ifndef WHYHUNG_H
#define WHYHUNG_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define WHYHUNG_API __attribute__((visibility("default")))
#else
#define WHYHUNG_API
#endif

typedef enum whyhung_status {
  WHYHUNG_OK = 0,
  WHYHUNG_END = 1,         /* there is nothing more: of whyhung_next_task() */
  WHYHUNG_IO = 2,          /* the operating system refused: open, read */
  WHYHUNG_NOT_A_DUMP = 3,  /* no known format recognised the file */
  WHYHUNG_TRUNCATED = 4,   /* the file ends too early */
  WHYHUNG_CORRUPT = 5,     /* the file contradicts itself */
  WHYHUNG_UNSUPPORTED = 6, /* recognised, but not handled */
  WHYHUNG_NOT_FOUND = 7,   /* a symbol, type, member or task that is not there */
  WHYHUNG_UNREADABLE = 8,  /* an address that the dump cannot give */
  WHYHUNG_LIMIT = 9,       /* more than is done at once */
  WHYHUNG_MISMATCH = 10,   /* two files do not belong together */
  WHYHUNG_USAGE = 11,      /* the call makes no sense */
  WHYHUNG_HANDLE = 12,     /* the machine was closed, or is none */
  WHYHUNG_BUSY = 13,       /* another thread uses the machine */
  WHYHUNG_MEMORY = 14,     /* this process is out of memory */
  WHYHUNG_INTERNAL = 15    /* anything else: an error of this library */
} whyhung_status;

/* How the output of a command is wanted. */
typedef enum whyhung_form {
  WHYHUNG_TEXT = 0, /* as the program prints it */
  WHYHUNG_JSON = 1  /* one JSON value */
} whyhung_form;

/* How much of a value is wanted. */
typedef enum whyhung_depth {
  WHYHUNG_SHALLOW = 0, /* what it is; the value itself of scalars and texts only */
  WHYHUNG_DEEP = 1     /* structures and arrays with all that is in them */
} whyhung_depth;

typedef struct whyhung_machine whyhung_machine;

/* The version of the library, "0.1.0". Never freed. */
WHYHUNG_API const char* whyhung_version(void);
/* The name of a status, "not-found". Never freed. */
WHYHUNG_API const char* whyhung_status_name(whyhung_status status);

/* What the last call of this thread that failed found, in one line, and what can be done about it; empty when there is
 * nothing to be said. Valid until the next call of this thread that fails. */
WHYHUNG_API const char* whyhung_last_error(void);
WHYHUNG_API const char* whyhung_last_hint(void);

/* Frees a text that was given out; nothing for NULL. */
WHYHUNG_API void whyhung_free(char* text);

/* Opens a dump, a saved snapshot, a kernel log, or the newest dump in a folder, and collects what there is to know.
 * `options` is NULL or a JSON object:
 *   "vmlinux": "FILE"       the kernel's debug file
 *   "types": "FILE"         types made by `whyhung distill`, a file or a folder
 *   "parts": ["FILE", ...]  the other files of a split dump
 *   "exact_numbers": true   in values, pointers and numbers beyond 2^53 as JSON numbers too, so that no text is taken
 * for one: for readers that keep 64 bits Of a log there is a verdict and no machine: whyhung_diagnose() and
 * whyhung_report() answer, the others do not. */
WHYHUNG_API whyhung_status whyhung_open(const char* path, const char* options, whyhung_machine** machine);
/* Ends the examination; the handle is never valid again. */
WHYHUNG_API whyhung_status whyhung_close(whyhung_machine* machine);
/* What was to be said when it was opened, as a JSON array of texts: files that were named and cannot be used. */
WHYHUNG_API whyhung_status whyhung_notices(whyhung_machine* machine, char** json);

/* The report as JSON: the same document as `whyhung --json` prints (report.schema.json). */
WHYHUNG_API whyhung_status whyhung_diagnose(whyhung_machine* machine, char** json);
/* The report in another form: "screen", "full", "json", or what checks its evidence elsewhere, "crash" or "drgn". */
WHYHUNG_API whyhung_status whyhung_report(whyhung_machine* machine, const char* form, char** text);

/* Runs a command line as the shell knows them, "bt 1", "struct mutex ffff...". */
WHYHUNG_API whyhung_status whyhung_command(whyhung_machine* machine, const char* line, whyhung_form form,
                                           char** output);
/* Brings the command that another thread runs to an early end. The one function that may be called meanwhile. */
WHYHUNG_API whyhung_status whyhung_stop(whyhung_machine* machine);

/* Reads the kernel's virtual memory, at most 64 MB at once. `done`, unless NULL, is how many bytes at the beginning of
 * `buffer` are those of the dump: all of them, or, with WHYHUNG_UNREADABLE, those before the first that it cannot give.
 */
WHYHUNG_API whyhung_status whyhung_read(whyhung_machine* machine, uint64_t address, void* buffer, size_t size,
                                        size_t* done);

/* Where a symbol of the kernel or of a module lies; of several that are called so, the first. */
WHYHUNG_API whyhung_status whyhung_symbol_address(whyhung_machine* machine, const char* name, uint64_t* address);
/* What covers an address: {"name", "offset", "address", "size", "module"}, the last two where they are known. */
WHYHUNG_API whyhung_status whyhung_symbol_at(whyhung_machine* machine, uint64_t address, char** json);

/* The value of a type at an address, whole, or those of its members that `type` names: "task_struct",
 * "task_struct.comm,pid,se.vruntime". */
WHYHUNG_API whyhung_status whyhung_read_value(whyhung_machine* machine, const char* type, uint64_t address,
                                              char** json);
/* A C expression over symbols, casts and memory: "init_task.comm", "((struct mutex *)0xffff...)->owner",
 * "runqueues:2.curr". The answer:
 *   "type"     as C writes it
 *   "kind"     "struct", "union", "array", "pointer", "number", "enum", "boolean", "text", "function" or "void"
 *   "address"  where it lies, when it lies in memory
 *   "value"    of scalars and texts, of all others with WHYHUNG_DEEP
 *   "name"     of structures and unions a name by which their type is found again, of enums that of the value
 *   "symbol"   what a pointer points to, where that has a name
 *   "count"    of arrays
 *   "size"     in bytes */
WHYHUNG_API whyhung_status whyhung_evaluate(whyhung_machine* machine, const char* expression, whyhung_depth depth,
                                            char** json);

/* One task after the other: `position` is 0 before the first, and is moved on. As an element of the report's "tasks",
 * with its stack. WHYHUNG_END behind the last. */
WHYHUNG_API whyhung_status whyhung_next_task(whyhung_machine* machine, uint64_t* position, char** json);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program that embeds libwhyhung, as its users write one.
 * usage: embedding_program FOLDER_OF_DUMPS CASE */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <whyhung.h>

static const char* folder;

#define EXPECT(truth)                                                                                \
  do {                                                                                               \
    if (!(truth)) {                                                                                  \
      fprintf(stderr, "%s:%d: not so: %s (%s)\n", __FILE__, __LINE__, #truth, whyhung_last_error()); \
      exit(1);                                                                                       \
    }                                                                                                \
  } while (0)

#define EXPECT_REFUSED(call, with) \
  do {                             \
    EXPECT((call) == (with));      \
    EXPECT(*whyhung_last_error()); \
  } while (0)

static whyhung_machine* opened(const char* name) {
  char path[4096];
  whyhung_machine* machine = NULL;
  snprintf(path, sizeof path, "%s/%s", folder, name);
  EXPECT(whyhung_open(path, NULL, &machine) == WHYHUNG_OK);
  EXPECT(machine != NULL);
  return machine;
}

static whyhung_machine* sample(void) {
  return opened("while1-6.1-4cpu.vmcore");
}

static int holds(const char* text, const char* part) {
  return strstr(text, part) != NULL;
}

static _Thread_local char* given; /* what the last call that gives() looks at gave out */

/* Whether that holds a part; frees it. */
static int gives(whyhung_status status, const char* part) {
  char* text = given;
  const int found = status == WHYHUNG_OK && holds(text, part);
  if (status == WHYHUNG_OK && !found) fprintf(stderr, "%.2000s\n", text);
  if (status == WHYHUNG_OK) whyhung_free(text);
  return found;
}

static void tells_its_version(void) {
  EXPECT(strcmp(whyhung_version(), "0.1.0") == 0);
  EXPECT(strcmp(whyhung_status_name(WHYHUNG_NOT_FOUND), "not-found") == 0);
  EXPECT(strcmp(whyhung_status_name((whyhung_status)77), "unknown") == 0);
}

static void diagnoses_a_dump(void) {
  whyhung_machine* machine = sample();
  char* text = NULL;
  EXPECT(gives(whyhung_diagnose(machine, &given), "\"schema\":\"whyhung-report-1\""));
  EXPECT(gives(whyhung_diagnose(machine, &given), "\"class\":\"stop-machine-starved\""));
  EXPECT(gives(whyhung_report(machine, "screen", &given), "pmount_kthread"));
  EXPECT(gives(whyhung_report(machine, "full", &given), "pmount_kthread"));
  EXPECT(gives(whyhung_report(machine, "crash", &given), "struct -x multi_stop_data."));
  EXPECT(gives(whyhung_report(machine, "drgn", &given), "member(\"multi_stop_data\""));
  EXPECT_REFUSED(whyhung_report(machine, "poem", &text), WHYHUNG_USAGE);
  EXPECT(holds(whyhung_last_hint(), "screen"));
  EXPECT(gives(whyhung_notices(machine, &given), "[]"));
  EXPECT(whyhung_close(machine) == WHYHUNG_OK);
}

static void runs_commands_in_both_forms(void) {
  whyhung_machine* machine = sample();
  char* text = NULL;
  EXPECT(gives(whyhung_command(machine, "bt 115", WHYHUNG_TEXT, &given), "#0 ["));
  EXPECT(gives(whyhung_command(machine, "ps 115", WHYHUNG_JSON, &given), "\"pid\":115"));
  EXPECT_REFUSED(whyhung_command(machine, "btt", WHYHUNG_TEXT, &text), WHYHUNG_USAGE);
  EXPECT_REFUSED(whyhung_command(machine, "bt 999999", WHYHUNG_TEXT, &text), WHYHUNG_NOT_FOUND);
  EXPECT_REFUSED(whyhung_command(machine, "ps", (whyhung_form)9, &text), WHYHUNG_USAGE);
  EXPECT_REFUSED(whyhung_command(machine, "", WHYHUNG_TEXT, &text), WHYHUNG_USAGE);
  EXPECT(whyhung_close(machine) == WHYHUNG_OK);
}

static void remembers_from_one_command_to_the_next(void) {
  whyhung_machine* machine = sample();
  EXPECT(gives(whyhung_command(machine, "set 115", WHYHUNG_TEXT, &given), "pmount_kthread"));
  EXPECT(gives(whyhung_command(machine, "bt", WHYHUNG_TEXT, &given), "pmount_kthread"));
  EXPECT(whyhung_close(machine) == WHYHUNG_OK);
}

static void reads_memory_up_to_where_it_ends(void) {
  whyhung_machine* machine = sample();
  uint64_t address = 0;
  char bytes[64];
  size_t done = 7;
  EXPECT(whyhung_symbol_address(machine, "init_task", &address) == WHYHUNG_OK);
  EXPECT(whyhung_read(machine, address, bytes, sizeof bytes, &done) == WHYHUNG_OK && done == sizeof bytes);
  EXPECT(whyhung_read(machine, address, bytes, 0, &done) == WHYHUNG_OK && done == 0);
  EXPECT(whyhung_read(machine, address, bytes, 8, NULL) == WHYHUNG_OK);
  done = 7;
  EXPECT_REFUSED(whyhung_read(machine, 0, bytes, sizeof bytes, &done), WHYHUNG_UNREADABLE);
  EXPECT(done == 0);
  EXPECT_REFUSED(whyhung_read(machine, 0xdeadbeefdeadbeef, bytes, sizeof bytes, &done), WHYHUNG_UNREADABLE);
  EXPECT_REFUSED(whyhung_read(machine, UINT64_MAX - 3, bytes, sizeof bytes, &done), WHYHUNG_USAGE);
  EXPECT_REFUSED(whyhung_read(machine, address, bytes, SIZE_MAX / 2, &done), WHYHUNG_LIMIT);
  EXPECT_REFUSED(whyhung_read(machine, address, NULL, 8, &done), WHYHUNG_USAGE);
  EXPECT(whyhung_close(machine) == WHYHUNG_OK);
}

static void finds_symbols_both_ways(void) {
  whyhung_machine* machine = sample();
  uint64_t address = 1;
  char* text = NULL;
  EXPECT(whyhung_symbol_address(machine, "pmount_kthread", &address) == WHYHUNG_OK);
  EXPECT(gives(whyhung_symbol_at(machine, address + 5, &given), "\"name\":\"pmount_kthread\",\"offset\":5"));
  EXPECT(gives(whyhung_symbol_at(machine, address + 5, &given), "\"module\":\"while1\""));
  address = 1;
  EXPECT_REFUSED(whyhung_symbol_address(machine, "no_such_symbol", &address), WHYHUNG_NOT_FOUND);
  EXPECT(address == 1);
  EXPECT_REFUSED(whyhung_symbol_at(machine, 5, &text), WHYHUNG_NOT_FOUND);
  EXPECT(whyhung_close(machine) == WHYHUNG_OK);
}

static void reads_values_by_type(void) {
  whyhung_machine* machine = sample();
  uint64_t address = 0;
  char* text = NULL;
  EXPECT(whyhung_symbol_address(machine, "init_task", &address) == WHYHUNG_OK);
  EXPECT(gives(whyhung_read_value(machine, "task_struct.comm,pid", address, &given),
               "{\"comm\":\"swapper/0\",\"pid\":0}"));
  EXPECT(gives(whyhung_read_value(machine, "struct list_head", address, &given), "\"next\":"));
  EXPECT(gives(whyhung_read_value(machine, "unsigned long", address, &given), ""));
  EXPECT_REFUSED(whyhung_read_value(machine, "no_such_type", address, &text), WHYHUNG_NOT_FOUND);
  EXPECT_REFUSED(whyhung_read_value(machine, "task_struct.no_such_member", address, &text), WHYHUNG_NOT_FOUND);
  EXPECT_REFUSED(whyhung_read_value(machine, "task_struct", 0x10, &text), WHYHUNG_UNREADABLE);
  EXPECT_REFUSED(whyhung_read_value(machine, "", 0, &text), WHYHUNG_USAGE);
  EXPECT(whyhung_close(machine) == WHYHUNG_OK);
}

static void evaluates_expressions(void) {
  whyhung_machine* machine = sample();
  char* text = NULL;
  EXPECT(gives(whyhung_evaluate(machine, "init_task.comm", WHYHUNG_SHALLOW, &given), "\"value\":\"swapper/0\""));
  EXPECT(gives(whyhung_evaluate(machine, "init_task", WHYHUNG_SHALLOW, &given), "\"kind\":\"struct\""));
  EXPECT(gives(whyhung_evaluate(machine, "init_task.tasks", WHYHUNG_DEEP, &given), "\"prev\":\"0xffff"));
  EXPECT(gives(whyhung_evaluate(machine, "6*7", WHYHUNG_SHALLOW, &given), "\"value\":42"));
  EXPECT_REFUSED(whyhung_evaluate(machine, "((", WHYHUNG_SHALLOW, &text), WHYHUNG_USAGE);
  EXPECT_REFUSED(whyhung_evaluate(machine, "((struct task_struct *)8)->pid", WHYHUNG_SHALLOW, &text),
                 WHYHUNG_UNREADABLE);
  EXPECT_REFUSED(whyhung_evaluate(machine, "1", (whyhung_depth)5, &text), WHYHUNG_USAGE);
  EXPECT(whyhung_close(machine) == WHYHUNG_OK);
}

static void walks_the_tasks(void) {
  whyhung_machine* machine = sample();
  uint64_t position = 0;
  int count = 0, culprits = 0;
  char* text = NULL;
  whyhung_status status;
  while ((status = whyhung_next_task(machine, &position, &text)) == WHYHUNG_OK) {
    ++count;
    culprits += holds(text, "\"comm\":\"pmount_kthread\"");
    whyhung_free(text);
  }
  EXPECT(status == WHYHUNG_END);
  EXPECT(count == 72 && position == 72 && culprits == 1);
  position = UINT64_MAX;
  EXPECT(whyhung_next_task(machine, &position, &text) == WHYHUNG_END);
  EXPECT(whyhung_close(machine) == WHYHUNG_OK);
}

static void refuses_what_is_no_dump(void) {
  whyhung_machine* machine = (whyhung_machine*)1;
  EXPECT_REFUSED(whyhung_open("/no/such/file", NULL, &machine), WHYHUNG_IO);
  EXPECT_REFUSED(whyhung_open("/bin/sh", NULL, &machine), WHYHUNG_NOT_A_DUMP);
  EXPECT_REFUSED(whyhung_open(NULL, NULL, &machine), WHYHUNG_USAGE);
  EXPECT_REFUSED(whyhung_open("/bin/sh", NULL, NULL), WHYHUNG_USAGE);
  EXPECT_REFUSED(whyhung_open("/bin/sh", "{", &machine), WHYHUNG_USAGE);
  EXPECT_REFUSED(whyhung_open("/bin/sh", "[]", &machine), WHYHUNG_USAGE);
  EXPECT_REFUSED(whyhung_open("/bin/sh", "{\"vmlinus\": \"x\"}", &machine), WHYHUNG_USAGE);
  EXPECT_REFUSED(whyhung_open("/bin/sh", "{\"parts\": [1]}", &machine), WHYHUNG_USAGE);
  EXPECT(machine == (whyhung_machine*)1);
}

static void finds_out_handles_that_are_none(void) {
  whyhung_machine *machine = sample(), *other = sample();
  whyhung_machine* wild[] = {NULL, (whyhung_machine*)&machine, (whyhung_machine*)UINTPTR_MAX, machine};
  size_t i, done;
  uint64_t number = 0;
  char *text = NULL, byte;
  EXPECT(machine != other);
  EXPECT(whyhung_close(machine) == WHYHUNG_OK);
  for (i = 0; i < sizeof wild / sizeof *wild; ++i) {
    EXPECT_REFUSED(whyhung_close(wild[i]), WHYHUNG_HANDLE);
    EXPECT_REFUSED(whyhung_notices(wild[i], &text), WHYHUNG_HANDLE);
    EXPECT_REFUSED(whyhung_diagnose(wild[i], &text), WHYHUNG_HANDLE);
    EXPECT_REFUSED(whyhung_report(wild[i], "screen", &text), WHYHUNG_HANDLE);
    EXPECT_REFUSED(whyhung_command(wild[i], "ps", WHYHUNG_TEXT, &text), WHYHUNG_HANDLE);
    EXPECT_REFUSED(whyhung_stop(wild[i]), WHYHUNG_HANDLE);
    EXPECT_REFUSED(whyhung_read(wild[i], 0, &byte, 1, &done), WHYHUNG_HANDLE);
    EXPECT_REFUSED(whyhung_symbol_address(wild[i], "jiffies", &number), WHYHUNG_HANDLE);
    EXPECT_REFUSED(whyhung_symbol_at(wild[i], 0, &text), WHYHUNG_HANDLE);
    EXPECT_REFUSED(whyhung_read_value(wild[i], "task_struct", 0, &text), WHYHUNG_HANDLE);
    EXPECT_REFUSED(whyhung_evaluate(wild[i], "1", WHYHUNG_SHALLOW, &text), WHYHUNG_HANDLE);
    EXPECT_REFUSED(whyhung_next_task(wild[i], &number, &text), WHYHUNG_HANDLE);
  }
  EXPECT(text == NULL);
  EXPECT(whyhung_close(other) == WHYHUNG_OK);
}

static void refuses_null_everywhere(void) {
  whyhung_machine* machine = sample();
  char* text = NULL;
  uint64_t number = 0;
  EXPECT_REFUSED(whyhung_notices(machine, NULL), WHYHUNG_USAGE);
  EXPECT_REFUSED(whyhung_diagnose(machine, NULL), WHYHUNG_USAGE);
  EXPECT_REFUSED(whyhung_report(machine, NULL, &text), WHYHUNG_USAGE);
  EXPECT_REFUSED(whyhung_report(machine, "screen", NULL), WHYHUNG_USAGE);
  EXPECT_REFUSED(whyhung_command(machine, NULL, WHYHUNG_TEXT, &text), WHYHUNG_USAGE);
  EXPECT_REFUSED(whyhung_command(machine, "ps", WHYHUNG_TEXT, NULL), WHYHUNG_USAGE);
  EXPECT_REFUSED(whyhung_symbol_address(machine, NULL, &number), WHYHUNG_USAGE);
  EXPECT_REFUSED(whyhung_symbol_address(machine, "jiffies", NULL), WHYHUNG_USAGE);
  EXPECT_REFUSED(whyhung_symbol_at(machine, 0, NULL), WHYHUNG_USAGE);
  EXPECT_REFUSED(whyhung_read_value(machine, NULL, 0, &text), WHYHUNG_USAGE);
  EXPECT_REFUSED(whyhung_read_value(machine, "task_struct", 0, NULL), WHYHUNG_USAGE);
  EXPECT_REFUSED(whyhung_evaluate(machine, NULL, WHYHUNG_SHALLOW, &text), WHYHUNG_USAGE);
  EXPECT_REFUSED(whyhung_evaluate(machine, "1", WHYHUNG_SHALLOW, NULL), WHYHUNG_USAGE);
  EXPECT_REFUSED(whyhung_next_task(machine, NULL, &text), WHYHUNG_USAGE);
  EXPECT_REFUSED(whyhung_next_task(machine, &number, NULL), WHYHUNG_USAGE);
  whyhung_free(NULL);
  EXPECT(whyhung_close(machine) == WHYHUNG_OK);
}

static void* examine(void* unused) {
  int i;
  (void)unused;
  for (i = 0; i < 3; ++i) {
    whyhung_machine* machine = opened(i % 2 == 0 ? "mutex-abba-6.1-4cpu.vmcore" : "while1-7.2-ppc64le-4cpu.vmcore");
    char* text = NULL;
    EXPECT(gives(whyhung_diagnose(machine, &given), i % 2 == 0 ? "mutex-deadlock" : "stop-machine-starved"));
    EXPECT_REFUSED(whyhung_evaluate(machine, "no_such_symbol_here", WHYHUNG_SHALLOW, &text), WHYHUNG_NOT_FOUND);
    EXPECT(holds(whyhung_last_error(), "no_such_symbol_here"));
    EXPECT(whyhung_close(machine) == WHYHUNG_OK);
  }
  return NULL;
}

static void serves_a_machine_to_each_of_several_threads(void) {
  pthread_t threads[3];
  size_t i;
  for (i = 0; i < 3; ++i) EXPECT(pthread_create(&threads[i], NULL, examine, NULL) == 0);
  for (i = 0; i < 3; ++i) EXPECT(pthread_join(threads[i], NULL) == 0);
}

static whyhung_machine* shared;
static whyhung_status searched;

static void* search(void* unused) {
  char* text = NULL;
  (void)unused;
  searched = whyhung_command(shared, "foreach bt -FF", WHYHUNG_TEXT, &text);
  if (searched == WHYHUNG_OK) whyhung_free(text);
  return NULL;
}

static void tells_a_second_thread_that_it_is_busy(void) {
  pthread_t thread;
  char* text = NULL;
  int was_busy = 0;
  int tries;
  shared = sample();
  for (tries = 0; tries < 20 && !was_busy; ++tries) {
    int i;
    EXPECT(pthread_create(&thread, NULL, search, NULL) == 0);
    for (i = 0; i < 100000 && !was_busy; ++i) {
      const whyhung_status status = whyhung_notices(shared, &text);
      if (status == WHYHUNG_OK) whyhung_free(text);
      EXPECT(status == WHYHUNG_OK || status == WHYHUNG_BUSY);
      was_busy = status == WHYHUNG_BUSY;
    }
    EXPECT(whyhung_stop(shared) == WHYHUNG_OK);
    EXPECT(pthread_join(thread, NULL) == 0);
    EXPECT(searched == WHYHUNG_OK || searched == WHYHUNG_BUSY);
  }
  EXPECT(was_busy);
  EXPECT(gives(whyhung_command(shared, "sys", WHYHUNG_TEXT, &given), "RELEASE"));
  EXPECT(whyhung_close(shared) == WHYHUNG_OK);
}

static const struct {
  const char* name;
  void (*run)(void);
} kCases[] = {
    {"tells_its_version", tells_its_version},
    {"diagnoses_a_dump", diagnoses_a_dump},
    {"runs_commands_in_both_forms", runs_commands_in_both_forms},
    {"remembers_from_one_command_to_the_next", remembers_from_one_command_to_the_next},
    {"reads_memory_up_to_where_it_ends", reads_memory_up_to_where_it_ends},
    {"finds_symbols_both_ways", finds_symbols_both_ways},
    {"reads_values_by_type", reads_values_by_type},
    {"evaluates_expressions", evaluates_expressions},
    {"walks_the_tasks", walks_the_tasks},
    {"refuses_what_is_no_dump", refuses_what_is_no_dump},
    {"finds_out_handles_that_are_none", finds_out_handles_that_are_none},
    {"refuses_null_everywhere", refuses_null_everywhere},
    {"serves_a_machine_to_each_of_several_threads", serves_a_machine_to_each_of_several_threads},
    {"tells_a_second_thread_that_it_is_busy", tells_a_second_thread_that_it_is_busy},
};

int main(int argc, char** argv) {
  size_t i;
  if (argc != 3) return 2;
  folder = argv[1];
  for (i = 0; i < sizeof kCases / sizeof *kCases; ++i) {
    if (strcmp(kCases[i].name, argv[2]) == 0) {
      kCases[i].run();
      return 0;
    }
  }
  fprintf(stderr, "there is no case %s\n", argv[2]);
  return 2;
}

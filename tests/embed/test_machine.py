#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The Python module on bundled dumps: what it says, and that wrong use ends with an exception.

usage: test_machine.py FOLDER_OF_DUMPS WHYHUNG"""
import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import unittest

import whyhung

DUMPS, PROGRAM = pathlib.Path(sys.argv[1]), sys.argv[2]
SAMPLE = DUMPS / "while1-6.1-4cpu.vmcore"


class OpenSample(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.m = whyhung.open(SAMPLE)

    @classmethod
    def tearDownClass(cls):
        cls.m.close()


class Reports(OpenSample):
    def test_the_document_is_the_one_that_the_program_prints(self):
        printed = subprocess.run([PROGRAM, "--json", SAMPLE], capture_output=True, text=True, check=True).stdout
        self.assertEqual(self.m.report("json"), printed)
        self.assertEqual(self.m.verdict["class"], "stop-machine-starved")

    def test_the_screen_is_the_one_that_the_program_prints(self):
        printed = subprocess.run([PROGRAM, SAMPLE], capture_output=True, text=True, check=True).stdout
        self.assertEqual(self.m.report(), printed)

    def test_commands_say_what_the_program_says(self):
        printed = subprocess.run([PROGRAM, SAMPLE, "-c", "bt 115"], capture_output=True, text=True, check=True).stdout
        self.assertEqual(self.m.command("bt 115"), printed)

    def test_commands_give_values(self):
        self.assertEqual([row["pid"] for row in self.m.command_json("ps 115")], [115])

    def test_a_saved_snapshot_has_a_verdict_and_no_memory(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "snapshot.json"
            subprocess.run([PROGRAM, SAMPLE, "--save-snapshot", path], capture_output=True, check=True)
            with whyhung.open(path) as m:
                self.assertEqual(m.verdict["class"], "stop-machine-starved")
                self.assertEqual(len(list(m.tasks())), 72)
                with self.assertRaises(whyhung.NotFound):
                    m.evaluate("init_task.pid")
                with self.assertRaises(whyhung.NotFound):
                    m.read(0xffffffff81000000, 8)

    def test_a_log_has_a_verdict_and_no_tasks(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "dmesg.txt"
            path.write_text("".join(f"[   1{i}.000000] Linux version 6.1.0 (x@y) line {i}\n" if i == 0 else
                                    f"[   1{i}.000000] systemd[1]: line {i}\n" for i in range(10)))
            with whyhung.open(path) as m:
                self.assertIn("class", m.verdict)
                for wrong in (lambda: m.command("ps"), lambda: list(m.tasks()), lambda: m.evaluate("1"),
                              lambda: m.report("crash")):
                    with self.assertRaises(whyhung.UsageError):
                        wrong()


class Values(OpenSample):
    def test_tasks_have_what_was_collected_and_their_structure(self):
        tasks = {task.pid: task for task in self.m.tasks() if task.pid}
        self.assertEqual(tasks[115].comm, "pmount_kthread")
        self.assertEqual(tasks[115].object.comm, "pmount_kthread")
        self.assertEqual(tasks[115].object.pid, 115)
        self.assertEqual(str(tasks[115].stack[1]), "kthread+0xda")
        self.assertEqual(self.m.task(115).address, tasks[115].address)
        self.assertEqual(tasks[115].bucket, "running")
        with self.assertRaises(AttributeError):
            tasks[115].no_such_thing  # pylint: disable=pointless-statement

    def test_members_are_read_through_structures_pointers_and_arrays(self):
        task = self.m.task(1).object
        self.assertEqual(task.real_parent.comm, "swapper/0")
        self.assertEqual(task.real_parent.value, self.m.symbol("init_task").address)
        self.assertEqual(task.real_parent.deref(), self.m.evaluate("init_task"))
        self.assertEqual(task.children.address, task.address + int(self.m.evaluate("&((struct task_struct *)0)->children")))
        self.assertIsInstance(task.se, whyhung.Struct)
        self.assertIsInstance(task.se.vruntime, int)
        self.assertEqual(task["pid"], 1)

    def test_several_members_are_read_at_once(self):
        task = self.m.task(1).object
        self.assertEqual(task.read("pid", "comm", "se.vruntime"),
                         {"pid": 1, "comm": task.comm, "se.vruntime": task.se.vruntime})

    def test_a_whole_structure_holds_numbers_and_not_their_texts(self):
        whole = self.m.evaluate("init_task.tasks").to_dict()
        self.assertEqual(whole["next"], self.m.evaluate("init_task.tasks.next").value)
        self.assertIsInstance(whole["next"], int)

    def test_enumerators_know_their_names(self):
        state = self.m.evaluate("((struct multi_stop_data *){})->state".format(self.stop_data()))
        self.assertEqual((str(state), int(state) > 0), ("MULTI_STOP_PREPARE", True))

    def stop_data(self):
        (one,) = [evidence["address"] for link in self.m.verdict["chain"] for evidence in link["evidence"]
                  if evidence["what"] == "multi_stop_data.state"][:1]
        return one

    def test_arrays_have_a_length_and_elements(self):
        sets = self.m.evaluate("init_task.cpus_mask.bits")
        self.assertGreater(len(sets), 0)
        self.assertEqual(sets[0], sets[-len(sets)])
        self.assertEqual(len(list(sets)), len(sets))
        self.assertEqual(sets.to_list(), list(sets))
        with self.assertRaises(IndexError):
            sets[len(sets)]  # pylint: disable=pointless-statement

    def test_pointers_tell_symbols_and_texts(self):
        work = self.m.evaluate("((struct multi_stop_data *){})->fn".format(self.stop_data()))
        self.assertTrue(work)
        self.assertEqual(self.m.symbol(work.value).module, "while1")
        self.assertFalse(self.m.evaluate("init_task.mm"))
        self.assertIn("Linux version", self.m.string(self.m.symbol("linux_banner").address))

    def test_symbols_are_found_both_ways(self):
        symbol = self.m.symbol("schedule")
        inside = self.m.symbol(symbol.address + 3)
        self.assertEqual((inside.name, inside.offset), ("schedule", 3))
        self.assertEqual(str(inside), "schedule+0x3")

    def test_each_cpu_has_its_own_variables(self):
        self.assertEqual([self.m.per_cpu("runqueues", cpu).cpu for cpu in range(4)], [0, 1, 2, 3])

    def test_memory_is_bytes(self):
        address = self.m.symbol("linux_banner").address
        self.assertEqual(self.m.read(address, 13), b"Linux version")
        self.assertEqual(self.m.read(address, 0), b"")


class WrongUse(OpenSample):
    def refused(self, kind, ask):
        with self.assertRaises(kind) as caught:
            ask()
        self.assertTrue(str(caught.exception))

    def test_what_is_not_there_is_said(self):
        for ask in (lambda: self.m.symbol("no_such_symbol"), lambda: self.m.evaluate("no_such_symbol"),
                    lambda: self.m.struct("no_such_type", 0).x, lambda: self.m.evaluate("init_task").no_such_member,
                    lambda: self.m.task(10**9), lambda: self.m.symbol(3)):
            self.refused(whyhung.NotFound, ask)

    def test_a_member_that_is_not_there_is_no_attribute(self):
        task = self.m.evaluate("init_task")
        self.assertFalse(hasattr(task, "no_such_member"))
        self.assertFalse(hasattr(task.real_parent, "no_such_member"))
        self.assertTrue(hasattr(task, "pid") and hasattr(task.real_parent, "pid"))

    def test_wild_addresses_are_unreadable(self):
        for address in (0, 8, 0xdeadbeefdeadbeef, (1 << 64) - 16, 1 << 47):
            self.refused(whyhung.Unreadable, lambda: self.m.read(address, 16))
            self.refused(whyhung.Unreadable, lambda: self.m.struct("task_struct", address).pid)
            self.refused(whyhung.Unreadable, lambda: self.m.string(address))

    def test_places_that_are_none_are_refused(self):
        self.refused(whyhung.UsageError, lambda: self.m.read(-1, 8))
        self.refused(whyhung.UsageError, lambda: self.m.read(1 << 64, 8))
        self.refused(whyhung.UsageError, lambda: self.m.read(0, -8))
        self.refused(whyhung.Error, lambda: self.m.read(0, 1 << 40))

    def test_texts_that_would_be_cut_short_are_refused(self):
        self.refused(whyhung.UsageError, lambda: self.m.command("ps\0"))
        self.refused(whyhung.UsageError, lambda: whyhung.open("a\0b"))

    def test_wrong_commands_are_refused(self):
        self.refused(whyhung.UsageError, lambda: self.m.command("btt"))
        self.refused(whyhung.UsageError, lambda: self.m.report("poem"))

    def test_no_command_runs_another_program(self):
        for line in ("!touch /tmp/x", "ps | cat", "ps > /tmp/x"):
            self.refused(whyhung.Error, lambda: self.m.command(line))

    def test_files_that_are_no_dumps_are_refused(self):
        self.refused(whyhung.NotADump, lambda: whyhung.open("/bin/sh"))
        self.refused(whyhung.Error, lambda: whyhung.open("/no/such/file"))
        self.refused(whyhung.Error, lambda: whyhung.open("/bin"))
        for length in (0, 1, 100, 5000):
            with tempfile.NamedTemporaryFile() as file:
                file.write(SAMPLE.read_bytes()[:length])
                file.flush()
                self.refused(whyhung.Error, lambda: whyhung.open(file.name))

    def test_a_closed_machine_says_so(self):
        with whyhung.open(SAMPLE) as m:
            task = m.task(1)
            value = task.object
        m.close()
        for ask in (lambda: m.verdict, lambda: m.command("ps"), lambda: m.read(0, 8), lambda: list(m.tasks()),
                    lambda: value.pid, lambda: task.object, m.stop):
            self.refused(whyhung.Closed, ask)

    def test_an_error_of_one_call_is_not_that_of_the_next(self):
        self.refused(whyhung.NotFound, lambda: self.m.symbol("no_such_symbol"))
        with self.assertRaises(whyhung.Error) as caught:
            whyhung.open("/no/such/file")
        self.assertNotIn("no_such_symbol", str(caught.exception))

    def test_threads_have_machines_of_their_own(self):
        failures = []

        def examine():
            try:
                with whyhung.open(SAMPLE) as m:
                    for _ in range(20):
                        assert m.evaluate("init_task.comm") == "swapper/0"
            except Exception as error:  # pylint: disable=broad-except
                failures.append(error)

        threads = [threading.Thread(target=examine) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])


class OtherMachines(unittest.TestCase):
    def test_a_big_machine_and_another_architecture_are_read_alike(self):
        for name, word in (("renamed-6.12-16cpu", "stop-machine-starved"), ("while1-7.2-ppc64le-4cpu", "stop-machine-starved"),
                           ("mutex-abba-6.1-4cpu", "mutex-deadlock"), ("busy-6.1-4cpu", "none")):
            with self.subTest(name), whyhung.open(DUMPS / f"{name}.vmcore") as m:
                self.assertEqual(m.verdict["class"], word)
                first = next(m.tasks())
                self.assertEqual(first.object.comm, first.comm)
                json.dumps(first.to_dict())


unittest.main(argv=sys.argv[:1])

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls whyhung as its users do and holds what it says, writes and returns against what they expect. The calls are the
functions of calls_*.py, named as sentences.

usage: run_call.py --list
       run_call.py WHYHUNG CALL
"""
import inspect
import pathlib
import sys
import tempfile

import calls_inputs
import calls_options
import calls_output
import calls_pictures
import calls_report
from kit import Kit

CALLS = {name: function for module in (calls_inputs, calls_options, calls_output, calls_pictures, calls_report)
         for name, function in inspect.getmembers(module, inspect.isfunction)
         if function.__module__ == module.__name__ and not name.startswith("_")}


def main():
    if sys.argv[1:] == ["--list"]:
        print("\n".join(CALLS))
        return
    program, wanted = str(pathlib.Path(sys.argv[1]).resolve()), sys.argv[2]
    with tempfile.TemporaryDirectory() as folder:
        CALLS[wanted](Kit(program, pathlib.Path(folder)))


main()

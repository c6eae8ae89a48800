# SPDX-License-Identifier: GPL-2.0-or-later
"""Options, commands of the program and of crash, right and misspelt."""
import re

from kit import CULPRIT, EXPLAINED, SAMPLE, UNUSABLE, refused


def a_misspelt_option_is_answered_with_the_nearest(kit):
    for wrong, right in (("--jsn", "--json"), ("--vmlinx=k", "--vmlinux"), ("--comand", "--command"), ("--save-snapshots", "--save-snapshot"),
                         ("--versoin", "--version"), ("--hlep", "--help"), ("--stat", "--stats")):
        refused(kit.run(wrong, SAMPLE), f"whyhung: there is no option {wrong.partition('=')[0]}", f"hint: did you mean {right}?")
    refused(kit.run("pack", "--forse", SAMPLE, "-o", "x"), "whyhung pack: there is no option --forse", "did you mean --force?")


def an_option_that_resembles_none_names_the_help(kit):
    for wrong in ("-i", "-s", "--osrelease"):
        refused(kit.run(wrong, SAMPLE), f"whyhung: there is no option {wrong}", "hint: whyhung --help lists them")


def colour_is_spelt_in_either_way(kit):
    for option in ("--color", "--colour"):
        ran = kit.run(option, "always", SAMPLE)
        assert ran.status == EXPLAINED and "\x1b[" in ran.output, ran
    refused(kit.run("--color", "allways", SAMPLE), "whyhung: --color is auto, always or never, not allways")


def the_version_is_told_with_its_commit(kit):
    for option in ("--version", "-V"):
        ran = kit.run(option)
        assert ran.status == 0 and re.fullmatch(r"whyhung \d+\.\d+\.\d+( \([0-9a-f]{7,40}(, modified)?\))?\n", ran.output), ran


def help_is_for_people(kit):
    for arguments in ([], ["pack"], ["distill"], ["completion"]):
        ran = kit.run(*arguments, "--help")
        assert ran.status == 0 and ran.errors == "", ran
        for ugly in ("->", "OR {", ":value", "TEXT"):
            assert ugly not in ran.output, f"{ugly}: {ran}"
        assert ("foreach" in ran.output) == (arguments == []), ran
        assert "Examples" in ran.output or arguments == ["completion"], ran
        assert all(len(line) <= 100 for line in ran.output.splitlines()), ran


def a_misspelt_command_is_answered_with_the_nearest(kit):
    for wrong, right in (("packk", "pack"), ("pak", "pack"), ("distil", "distill")):
        refused(kit.run(wrong, SAMPLE), f"{wrong}: there is no such file and no such command", f"hint: did you mean whyhung {right}?")
    refused(kit.run("help"), "help: there is no such file and no such command", "did you mean whyhung --help?")


def a_command_of_crash_without_its_option_is_told_of_it(kit):
    for words in (["bt"], ["ps"], ["dmesg"]):
        refused(kit.run(SAMPLE, *words), f"{words[0]}: there is no such file", f"did you mean -c {words[0]}?")


def a_command_behind_the_dump_is_told_where_it_stands(kit):
    refused(kit.run(SAMPLE, "pack", "-o", "x"), "whyhung pack: pack stands before the dump", f"whyhung pack {SAMPLE}")


def what_is_missing_is_named(kit):
    refused(kit.run("pack", SAMPLE), "whyhung pack: -o FILE is missing", "whyhung pack --help")
    refused(kit.run("pack", "-o", "x"), "whyhung pack: VMCORE is missing")
    refused(kit.run("distill", "-o", "x"), "whyhung distill: VMLINUX is missing")
    refused(kit.run(SAMPLE, "-c"), "whyhung: --command wants COMMAND")
    refused(kit.run("distill", "--from", "debug", "v", "-o", "x"), "whyhung distill: --from is any, btf or dwarf, not debug")


def several_commands_follow_each_other(kit):
    ran = kit.run(SAMPLE, "-c", "sys", "-c", "bt 115")
    assert ran.status == 0 and "PANIC" in ran.output and CULPRIT in ran.output, ran


def a_command_that_fails_is_exit_status_2_and_the_others_run(kit):
    ran = kit.run(SAMPLE, "-c", "nosuch", "-c", "sys")
    assert ran.status == UNUSABLE and "PANIC" in ran.output and ran.errors.startswith("whyhung: "), ran


def completions_name_every_option_and_command(kit):
    options = re.findall(r"(--[a-z][a-z-]+)", kit.run("--help").output)
    commands = re.findall(r"^  ([a-z]+)(?:,| |$)", kit.run("--help").output.partition("Commands for -c")[2], re.MULTILINE)
    assert "--save-snapshot" in options and "foreach" in commands, (options, commands)
    for shell in ("bash", "zsh", "fish"):
        ran = kit.run("completion", shell)
        assert ran.status == 0, ran
        for option in options:
            assert option.removeprefix("--") in ran.output, (shell, option)
        for word in [*commands, "pack", "distill"]:
            assert word in ran.output, (shell, word)
    refused(kit.run("completion", "tcsh"), "whyhung completion: SHELL is bash, zsh or fish, not tcsh")


def _bash_answers(kit, *words):
    import subprocess
    script = (kit.folder / "completion.bash")
    script.write_text(kit.run("completion", "bash").output)
    quoted = " ".join(f"'{word}'" for word in words)
    run = subprocess.run(["bash", "-c", f"source {script}; COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; "
                          f"_whyhung; printf '%s\\n' \"${{COMPREPLY[@]}}\""], capture_output=True, text=True, cwd=kit.folder)
    assert run.returncode == 0 and run.stderr == "", run
    return [word for word in run.stdout.split("\n") if word]


def bash_completes_options_their_values_commands_and_files(kit):
    kit.dump("vmcore.one")
    assert "--json" in _bash_answers(kit, "whyhung", "--js")
    assert _bash_answers(kit, "whyhung", "pa") == ["pack"]
    assert _bash_answers(kit, "whyhung", "--color", "al") == ["always"]
    assert "foreach" in _bash_answers(kit, "whyhung", "vmcore.one", "-c", "fo")
    assert _bash_answers(kit, "whyhung", "vmc") == ["vmcore.one"]
    assert "--force" in _bash_answers(kit, "whyhung", "pack", "--fo")
    assert "--json" not in _bash_answers(kit, "whyhung", "pack", "--")

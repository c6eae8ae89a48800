# SPDX-License-Identifier: GPL-2.0-or-later
"""The forged 3.10 kernels: how each is compiled, and what a machine of its kind leaves behind."""
import dataclasses
import pathlib
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
MODULES = ("while1", "abba")
MODULE_BYTES = 0x20000
FLAGS = ("-g", "-O2", "-std=gnu11", "-ffreestanding", "-fno-pic", "-fno-optimize-sibling-calls", "-fno-stack-protector",
         "-fno-asynchronous-unwind-tables", "-nostdlib", "-static", "-Wl,--no-warn-rwx-segments")


@dataclasses.dataclass(frozen=True)
class Machine:
    name: str
    compiler: str
    package: str
    flags: tuple
    module_base: int
    unsaved_cpus: tuple  # that save no registers when another one panics
    thread_start: str
    system_call: tuple   # what a backtrace ends with
    interrupt: tuple     # functions from the timer's interrupt to its entry
    culprit: tuple       # what a backtrace of the culprit says
    log_line: str        # of the log, where the culprit is seen to loop


PPC64LE = Machine(
    "ppc64le", "powerpc64le-linux-gnu-gcc", "gcc-powerpc64le-linux-gnu",
    ("-mabi=elfv2", "-mcpu=power8", "-mno-vsx", "-mno-altivec", "-mtraceback=no"),
    0xd000000003a10000, (2, 3, 4, 5, 6, 7), "ret_from_kernel_thread",
    ("system_call", "System Call [c00] exception frame"), ("decrementer_common",),
    ("registers were not saved for the dump; these are what the last interrupt found",
     "[NIP : pmount_kthread+0] [while1]", "kthread at", "(from the link register)", "ret_from_kernel_thread"),
    "NIP [d000000003a10000] pmount_kthread+0x0/0x10 [while1]")
# Frame pointers, what the tracer leaves at the start of each function, and calls through registers that avoid speculation.
X86_64 = Machine(
    "x86_64", "x86_64-linux-gnu-gcc", "gcc-x86-64-linux-gnu, or gcc on amd64",
    ("-no-pie", "-fno-pie", "-mcmodel=kernel", "-mno-red-zone", "-mgeneral-regs-only", "-fno-omit-frame-pointer",
     "-fno-shrink-wrap", "-fcf-protection=none", "-pg", "-mfentry", "-mnop-mcount", "-mindirect-branch=thunk-extern",
     "-mindirect-branch-register"),
    0xffffffffa0010000, (), "ret_from_fork_nospec_begin", ("system_call_fastpath",),
    ("local_apic_timer_interrupt", "smp_apic_timer_interrupt", "apic_timer_interrupt", "--- <IRQ stack> ---"),
    ("[exception RIP: pmount_kthread+9] [while1]", "#1 [", "kthread at", "ret_from_fork_nospec_begin"),
    "RIP: 0010:[<ffffffffa0010009>] [<ffffffffa0010009>] pmount_kthread+0x9/0x10 [while1]")
MACHINES = {one.name: one for one in (PPC64LE, X86_64)}


def can_compile(machine):
    return shutil.which(machine.compiler) is not None


def compile_kernel(machine, folder, build_id="none"):
    """vmlinux and the modules, into `folder`. `build_id` is as the linker takes it: "none", or "0x" and digits."""
    source = HERE / "el7"

    def make(out, *more):
        command = [machine.compiler, *FLAGS, *machine.flags, f"-I{machine.name}", "-o", str(folder / out), *more]
        subprocess.run(command, cwd=source, check=True)

    make("vmlinux", f"-Wl,-T,{machine.name}/kernel.lds", f"-Wl,--build-id={build_id}", "kernel.c",
         f"{machine.name}/machine.c", f"{machine.name}/head.S")
    for number, module in enumerate(MODULES):
        base = machine.module_base + number * MODULE_BYTES
        make(module, "-Wl,-T,module.lds", "-Wl,--build-id=none", f"-Wl,--defsym=MODULE_BASE={base:#x}",
             f"-Wl,-R,{folder}/vmlinux", f"{module}.c")

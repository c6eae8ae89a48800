# SPDX-License-Identifier: GPL-2.0-or-later
"""Three of the lab's four tables: machines (ARCHES), kernels (KERNELS) and dump
forms (FORMS). The fourth, scenarios, is in scenarios.py. Adding a kernel or a
form is adding one entry here; nothing else lists them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Arch:
    """How QEMU, the kernel and the compiler are called for one machine type."""

    debian: str                      # Debian's name of the architecture
    qemu: str                        # the emulator's program name
    machine: tuple[str, ...]         # QEMU arguments: machine and accelerator
    # Paging levels, or the name of an MMU -> QEMU arguments
    cpu: dict[int | str, tuple[str, ...]]
    paging: int | str                # the one used when none is asked for
    console: str                     # kernel console, the first serial port
    facts: str                       # where the guest writes facts, the second port
    ports: tuple[str, ...]           # QEMU arguments: the chardevs console and facts as ports
    kbuild_arch: str                 # ARCH= of kbuild
    cross: str                       # CROSS_COMPILE= when built on another machine
    compiler: tuple[str, ...]        # packages to build modules with, in the chroot
    crashkernel: str                 # memory kept for the capture kernel
    capture_append: str              # more of the capture kernel's command line
    inject_nmi: bool                 # QMP inject-nmi reaches the kernel
    memory: int = 0                  # MB that a guest needs at least
    vmcoreinfo: bool = True          # QEMU can be given the VMCOREINFO note
    panic_stops: bool = False        # a panic ends in the firmware, which stops the machine
    lockups: bool = True             # the kernel reports soft lockups
    makers: tuple[str, ...] = ("kdump", "qemu")   # who can dump it, see Form.maker
    bare: str = ""                   # behind the CPU's model: no hypervisor to be seen
    # Paging -> words of the kernel's command line that bring it about
    append: dict[int | str, str] = field(default_factory=dict)


ARCHES = {
    "amd64": Arch(
        debian="amd64",
        qemu="qemu-system-x86_64",
        machine=("-machine", "q35", "-accel", "tcg,thread=multi"),
        cpu={4: ("-cpu", "max,la57=off"), 5: ("-cpu", "max")},
        paging=4,
        console="ttyS0,115200",
        facts="/dev/ttyS1",
        ports=("-serial", "chardev:console", "-serial", "chardev:facts"),
        kbuild_arch="x86_64",
        cross="",
        compiler=("gcc", "libc6-dev", "make"),
        crashkernel="192M",
        capture_append="nr_cpus=1 irqpoll reset_devices",
        inject_nmi=True,
        bare=",-hypervisor",
    ),
    "arm64": Arch(
        debian="arm64",
        qemu="qemu-system-aarch64",
        machine=("-machine", "virt,gic-version=3", "-accel", "tcg,thread=multi"),
        # Five levels need a kernel for 52 bits too; the CPU that has them also signs return addresses,
        # by an algorithm of QEMU's own, as the architecture's takes most of the time of a boot.
        cpu={4: ("-cpu", "cortex-a72"), 5: ("-cpu", "max,pauth-impdef=on")},
        paging=4,
        console="ttyAMA0,115200",
        facts="/dev/ttyS0",
        ports=("-serial", "chardev:console", "-device", "pci-serial,chardev=facts"),
        kbuild_arch="arm64",
        cross="aarch64-linux-gnu-",
        compiler=("gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross", "make"),
        crashkernel="192M",
        capture_append="nr_cpus=1 reset_devices",
        inject_nmi=False,
    ),
    "ppc64el": Arch(
        debian="ppc64el",
        qemu="qemu-system-ppc64",
        # Emulated CPUs have none of the mitigations that a POWER9 guest asks for. Left to itself
        # QEMU ends when the guest panics; with threads that finish, nothing could be dumped.
        machine=("-machine", "pseries,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,"
                             "cap-ccf-assist=off",
                 "-accel", "tcg,thread=multi", "-action", "panic=pause", "-no-shutdown",
                 # The capture kernel cannot have the interrupts that the hung one had set up.
                 "-global", "virtio-9p-pci.vectors=0"),
        cpu={"radix": ("-cpu", "power9"), "hash": ("-cpu", "power8")},
        paging="radix",
        console="hvc0",
        facts="/dev/hvc1",
        ports=("-serial", "chardev:console", "-serial", "chardev:facts"),
        kbuild_arch="powerpc",
        cross="powerpc64le-linux-gnu-",
        compiler=("gcc-powerpc64le-linux-gnu", "libc6-dev-ppc64el-cross", "make"),
        crashkernel="384M",
        capture_append="nr_cpus=1 irqpoll reset_devices",
        inject_nmi=False,
        memory=1024,
        vmcoreinfo=False,
        panic_stops=True,
    ),
    "riscv64": Arch(
        debian="riscv64",
        qemu="qemu-system-riscv64",
        machine=("-machine", "virt", "-accel", "tcg,thread=multi"),
        # The kernel takes as many levels as the machine describes, unless its command line forbids some.
        cpu={3: ("-cpu", "rv64"), 4: ("-cpu", "rv64")},
        paging=4,
        console="ttyS0,115200",
        facts="/dev/ttyS1",
        ports=("-serial", "chardev:console", "-device", "pci-serial,chardev=facts"),
        kbuild_arch="riscv",
        cross="riscv64-linux-gnu-",
        compiler=("gcc-riscv64-linux-gnu", "libc6-dev-riscv64-cross", "make"),
        crashkernel="192M",
        capture_append="nr_cpus=1 reset_devices",
        inject_nmi=False,
        vmcoreinfo=False,
        # The capture kernel says nothing after the hung one's last words.
        makers=("qemu",),
        append={3: "no4lvl", 4: "no5lvl"},
    ),
    "s390x": Arch(
        debian="s390x",
        qemu="qemu-system-s390x",
        machine=("-machine", "s390-ccw-virtio", "-accel", "tcg,thread=multi", "-action", "panic=pause"),
        cpu={3: ("-cpu", "max")},
        paging=3,
        console="ttysclp0",
        facts="/dev/sclp_line0",
        ports=("-device", "sclpconsole,chardev=console", "-device", "sclplmconsole,chardev=facts"),
        kbuild_arch="s390",
        cross="s390x-linux-gnu-",
        compiler=("gcc-s390x-linux-gnu", "libc6-dev-s390x-cross", "make"),
        crashkernel="192M",
        capture_append="nr_cpus=1 reset_devices",
        inject_nmi=False,
        vmcoreinfo=False,
        panic_stops=True,
        lockups=False,
        makers=("qemu",),
    ),
}

# Pages of 16 KB: four levels need a CPU with 52 bits; with others the kernel makes do with 47,
# which are three.
ARCHES["arm64-16k"] = replace(
    ARCHES["arm64"],
    cpu={3: ("-cpu", "neoverse-n1"), 4: ARCHES["arm64"].cpu[5]})


@dataclass(frozen=True)
class Kernel:
    """One stock Debian kernel, taken through its metapackages."""

    summary: str
    arch: str
    suite: str           # where the packages, the compiler and the guest's tools come from
    no_preempt: bool     # a loop keeps its CPU only with preemption disabled
    image: str = ""      # its package or metapackage; empty: linux-image-ARCH
    headers: str = ""    # metapackage of the headers; empty: linux-headers-ARCH
    makedumpfile: bool = True   # Debian's reads its page tables; else there is vmcore-raw alone


KERNELS = {
    "5.10": Kernel("Debian 11, ORC v1, no kallsyms in VMCOREINFO", "amd64", "bullseye", False),
    "6.1": Kernel("Debian 12, voluntary preemption", "amd64", "bookworm", False),
    "6.12": Kernel("Debian 13, voluntary preemption", "amd64", "trixie", False),
    "7.2": Kernel("Debian unstable, lazy preemption", "amd64", "sid", True),
    "6.1-rt": Kernel("Debian 12, PREEMPT_RT: spinlocks, rwsems and mutexes on rt_mutex", "amd64", "bookworm", True,
                     "linux-image-rt-amd64", "linux-headers-rt-amd64"),
    "6.12-rt": Kernel("Debian 13, PREEMPT_RT", "amd64", "trixie", True,
                      "linux-image-rt-amd64", "linux-headers-rt-amd64"),
    "5.10-arm64": Kernel("Debian 11 on arm64: kallsyms of code only, not in VMCOREINFO",
                         "arm64", "bullseye", False,
                         # The release of the archive that stands still; the security archive's is gone.
                         image="linux-image-5.10.0-32-arm64"),
    "6.1-arm64": Kernel("Debian 12 on arm64: kallsyms of code only", "arm64", "bookworm", False),
    # Built for 52 bits of virtual address, which makedumpfile up to 1.7.9 knows with 64 KB pages alone.
    "7.2-arm64": Kernel("Debian unstable on arm64: exception frames of their own kind",
                        "arm64", "sid", True, makedumpfile=False),
    "6.12-arm64": Kernel("Debian 13 on arm64", "arm64", "trixie", False, makedumpfile=False),
    "6.12-arm64-16k": Kernel("Debian 13 on arm64: 16 KB pages", "arm64-16k", "trixie", False,
                             "linux-image-arm64-16k", "linux-headers-arm64-16k", makedumpfile=False),
    "7.2-arm64-16k": Kernel("Debian unstable on arm64: 16 KB pages", "arm64-16k", "sid", True,
                            "linux-image-arm64-16k", "linux-headers-arm64-16k", makedumpfile=False),
    "6.1-ppc64el": Kernel("Debian 12 on ppc64el: 64 KB pages, no BTF", "ppc64el", "bookworm", False,
                          "linux-image-powerpc64le", "linux-headers-powerpc64le"),
    "6.12-ppc64el": Kernel("Debian 13 on ppc64el: 64 KB pages", "ppc64el", "trixie", False,
                           "linux-image-powerpc64le-64k", "linux-headers-powerpc64le-64k"),
    "6.12-ppc64el-4k": Kernel("Debian 13 on ppc64el: 4 KB pages", "ppc64el", "trixie", False,
                              "linux-image-powerpc64le", "linux-headers-powerpc64le"),
    "7.2-ppc64el": Kernel("Debian unstable on ppc64el: 64 KB pages", "ppc64el", "sid", True,
                          "linux-image-powerpc64le-64k", "linux-headers-powerpc64le-64k"),
    "6.12-riscv64": Kernel("Debian 13 on riscv64", "riscv64", "trixie", False),
    "6.12-s390x": Kernel("Debian 13 on s390x: big-endian", "s390x", "trixie", False),
    "7.2-s390x": Kernel("Debian unstable on s390x: big-endian", "s390x", "sid", True),
    "7.2-riscv64": Kernel("Debian unstable on riscv64", "riscv64", "sid", True),
}


@dataclass(frozen=True)
class Form:
    """One way to write a dump: by a command in the capture kernel (kdump), by
    QEMU from outside (qemu), or from another form by recoding its pages."""

    summary: str
    maker: str                  # "kdump" or "qemu"; of a recoded form, its source's
    command: str = ""           # kdump: shell command, $IN and $OUT (without .vmcore) are set
    format: str = ""            # qemu: dump-guest-memory's format
    source: str = ""            # recoded: from this form
    codec: str = ""             # recoded: with these pages, see recode.py
    parts: int = 1              # files: NAME.vmcore, or NAME.vmcore.1 ... .N
    suite: str = ""             # tools of this suite, not of the kernel's own


FORMS = {
    "kdump-lzo": Form("makedumpfile -l -d 31: free, cache and user pages left out",
                      "kdump", "makedumpfile -l -d 31 $IN $OUT.vmcore"),
    "kdump-zlib": Form("makedumpfile -c -d 31",
                       "kdump", "makedumpfile -c -d 31 $IN $OUT.vmcore"),
    "kdump-zstd": Form("makedumpfile -z -d 31, by unstable's makedumpfile",
                       "kdump", "makedumpfile -z -d 31 $IN $OUT.vmcore", suite="sid"),
    # Debian builds makedumpfile without snappy, and QEMU without both snappy and lzo.
    "kdump-snappy": Form("kdump-zlib with its pages recoded to snappy",
                         "kdump", source="kdump-zlib", codec="snappy"),
    "kdump-none": Form("makedumpfile -d 31, pages not compressed",
                       "kdump", "makedumpfile -d 31 $IN $OUT.vmcore"),
    "kdump-flat": Form("makedumpfile -F -l -d 31, left flattened",
                       "kdump", "makedumpfile -F -l -d 31 $IN > $OUT.vmcore"),
    "kdump-split": Form("makedumpfile --split -l -d 31: two files", "kdump",
                        "makedumpfile --split --splitblock-size 16 -l -d 31 $IN "
                        "$OUT.vmcore.1 $OUT.vmcore.2", parts=2),
    "kdump-elf": Form("makedumpfile -E -d 31: ELF",
                      "kdump", "makedumpfile -E -d 31 $IN $OUT.vmcore"),
    "kdump-full": Form("makedumpfile -l -d 0: compressed, all pages",
                       "kdump", "makedumpfile -l -d 0 $IN $OUT.vmcore"),
    "vmcore-raw": Form("/proc/vmcore as it is: ELF with all memory",
                       "kdump", "dd if=$IN of=$OUT.vmcore bs=1M"),
    "qemu-elf": Form("QEMU's dump-guest-memory: ELF with all memory", "qemu", format="elf"),
    "qemu-zlib": Form("QEMU's dump-guest-memory: flattened kdump, zlib",
                      "qemu", format="kdump-zlib"),
    "qemu-lzo": Form("qemu-zlib with its pages recoded to lzo",
                     "qemu", source="qemu-zlib", codec="lzo"),
    "qemu-snappy": Form("qemu-zlib with its pages recoded to snappy",
                        "qemu", source="qemu-zlib", codec="snappy"),
}

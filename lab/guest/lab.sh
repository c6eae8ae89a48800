# SPDX-License-Identifier: GPL-2.0-or-later
# What the steps of scenarios are made of. Everything that the runner writes
# into truth.json about tasks is read here from /proc, in the guest itself.

# Descriptor 3 is the serial port for facts, open all the time: closing a port
# waits for its last interrupt, which a lost CPU may never take.
fact() {
	echo "$*" >&3
}

fail() {
	fact "error=$*"
	while :; do sleep 1000; done
}

# expect CLASS: this run's right verdict, where the table's entry cannot tell it.
expect() {
	fact "expected=$*"
}

# load_drivers [NAME PARAMETER...]: the drivers that the scenario asks for, NAME with parameters.
load_drivers() {
	special=$1
	[ $# -gt 0 ] && shift
	for driver in $(cat /lab/drivers/more); do
		[ -d "/sys/module/$driver" ] && continue
		if [ "$driver" = "$special" ]; then
			insmod "/lab/drivers/$driver.ko" "$@"
		else
			insmod "/lab/drivers/$driver.ko"
		fi || fail "driver $driver cannot be loaded"
	done
}

load_driver() {
	for driver in $(cat /lab/drivers/order); do
		if [ "$driver" = "$1" ]; then
			insmod "/lab/drivers/$driver.ko" || fail "driver $1 cannot be loaded"
		fi
	done
}

machine_facts() {
	fact "kernel.release=$(uname -r)"
	fact "kernel.version=$(uname -v)"
	fact "machine.name=$(uname -m)"
	fact "machine.cpus=$(grep -c ^processor /proc/cpuinfo)"
	fact "machine.memory_kb=$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo)"
	if grep -qw la57 /proc/cpuinfo; then
		fact "machine.paging_levels=5"
	elif [ "$(uname -m)" = x86_64 ]; then
		fact "machine.paging_levels=4"
	fi
	fact "kernel.stext=$(sed -n 's/^\([0-9a-f]*\) . _stext$/\1/p' /proc/kallsyms)"
}

settings() {
	cd /proc/sys/kernel
	echo "$WATCHDOG_THRESH" > watchdog_thresh
	echo 1 > sysrq
	[ "$PANIC" = softlockup ] && echo 1 > softlockup_panic
	[ "$PANIC" = oops ] && echo 1 > panic_on_oops
	[ "$PANIC" = hungtask ] && echo 1 > hung_task_panic
	[ "$PANIC" = nmi ] && echo 1 > unknown_nmi_panic
	cd /
}

# name_text: kexec looks for _text in /proc/kallsyms, where kernels have it only if they name data
# too. Its stead is taken by _stext, with which the code begins in /proc/iomem.
name_text() {
	grep -q ' _text$' /proc/kallsyms && return
	sed 's/^\([0-9a-f]*\) . _stext$/\1 T _text\n&/' /proc/kallsyms > /tmp/kallsyms
	mount --bind /tmp/kallsyms /proc/kallsyms
}

load_capture_kernel() {
	name_text
	"/tools/$SUITE/bin/kexec" -p /kdump/kernel --initrd=/kdump/initrd \
		--append="console=$CONSOLE rdinit=/init panic=1 $CAPTURE_APPEND" ||
		fail "the capture kernel cannot be loaded"
	umount /proc/kallsyms 2> /dev/null && rm /tmp/kallsyms
	rm -rf /kdump
}

# pid_of COMM: the first task of that name, waited for.
pid_of() {
	for try in $(seq 20); do
		comm=$(grep -lxF -e "$1" /proc/[0-9]*/comm 2> /dev/null | head -n 1)
		if [ -n "$comm" ]; then
			comm=${comm#/proc/}
			echo "${comm%/comm}"
			return 0
		fi
		usleep 50000
	done
	return 1
}

# cpu_of PID: the CPU it runs on or ran on last, field 39 of its stat.
cpu_of() {
	read -r stat < "/proc/$1/stat"
	set -- ${stat##*) }
	echo "${37}"
}

# comm_of PID: as the task itself has it. Of a worker /proc tells its queue behind that.
comm_of() {
	read -r comm < "/proc/$1/comm"
	case $comm in
	kworker/*) comm=${comm%%[+-]*} ;;
	esac
	echo "$comm"
}

# task_fact ROLE PID
task_fact() {
	fact "$1.pid=$2"
	fact "$1.comm=$(comm_of "$2")"
	fact "$1.cpu=$(cpu_of "$2")"
}

# function_fact ROLE: where the module's function lies in this boot.
function_fact() {
	fact "$1.module=$MODULE"
	fact "$1.function=$FUNCTION"
	fact "$1.function_address=$(sed -n \
		"s/^\([0-9a-f]*\) [tT] $FUNCTION[[:space:]]*\[$MODULE\]\$/\1/p" /proc/kallsyms)"
}

# insert PARAMETER...: loads the scenario's module.
insert() {
	insmod "/lab/$MODULE.ko" "$@" || fail "$MODULE cannot be loaded"
}

# begin_hang: lets the loaded module take its CPU for good. On a single CPU
# nothing runs here any more from then on.
begin_hang() {
	fact stage=hanging
	sleep 1
	echo 1 > "/sys/module/$MODULE/parameters/go"
	sleep 1
}

# start_culprit PARAMETER...: loads the module, tells who its thread is, and lets
# it loop.
start_culprit() {
	insert "cpu=$CPU" "loop=$LOOP" "$@"
	culprit=$(pid_of "$THREAD") || fail "no thread is called $THREAD"
	task_fact culprit "$culprit"
	function_fact culprit
	[ "$CPUS" = 1 ] && [ "$MODULE_SOURCE" = while1 ] && expect cpu-hog
	begin_hang
	fact "culprit.cpu=$(cpu_of "$culprit")"
}

# keep_off CPU...: this shell, its children and all device interrupts stay on the
# other CPUs. Left on one with interrupts off they would be lost with it, and
# with them the serial ports.
keep_off() {
	[ "$CPUS" = 1 ] && return
	mask=$(((1 << CPUS) - 1))
	for lost in "$@"; do
		mask=$((mask & ~(1 << lost)))
	done
	others=$(printf %x "$mask")
	taskset -p "$others" $$ > /dev/null
	for irq in /proc/irq/[0-9]*/smp_affinity; do
		echo "$others" 2> /dev/null > "$irq"
	done
}

# request COMMAND...: runs it in the background as the task that asks for what
# cannot be had; its pid is written down before it starts.
request() {
	fact "requester.comm=$1"
	sh -c 'echo "requester.pid=$$" >&3; usleep 300000; exec "$@"' sh "$@" &
	requester=$!
}

# waits_in PID: the innermost functions of its stack, on one line.
waits_in() {
	echo $(sed -n 's/^\[<0>\] \([^ +]*\).*/\1/p' "/proc/$1/stack" | head -n 6)
}

# told_by_requester [FUNCTION]: what the request waits in, which can be read only
# while user space runs, and so is never told where stop_machine() was reached.
# Where a kworker carries out the request, FUNCTION is on the kworker's stack.
told_by_requester() {
	sleep 4
	[ -e "/proc/$requester" ] || fail "the request was granted"
	waits=$(waits_in "$requester")
	fact "requester.waits_in=$waits"
	for stack in $([ -n "$1" ] && grep -lw "$1" /proc/[0-9]*/stack 2> /dev/null); do
		server=${stack#/proc/}
		server=${server%/stack}
		[ "$server" = "$requester" ] && continue
		task_fact requester.served_by "$server"
		waits="$waits $(waits_in "$server")"
		fact "requester.served_by.waits_in=$(waits_in "$server")"
	done
	case $waits in
	*rcu*) expect cpu-hog ;;
	*) fail "the request waits in $waits, not in stop_machine" ;;
	esac
}

# crash: a panic on purpose, by the task that calls it, if the run wants that.
crash() {
	fact stage=hung
	sleep 1
	[ "$PANIC" = sysrq ] && echo c > /proc/sysrq-trigger
}

# --- hangs of tasks that sleep: user space lives, so that the truth is told afterwards

# start_hang HANG PARAMETER...: loads the scenario's module, whose parameter `hang`
# chooses what happens, and lets its threads go.
start_hang() {
	started=$1
	shift
	insert "hang=$started" "names=$THREAD,$OTHER,$THIRD" "victim=$VICTIM" "$@"
	began
	[ -e "/sys/module/$MODULE/parameters/go" ] && echo 1 > "/sys/module/$MODULE/parameters/go"
}

# began: from now on the hang grows old; seconds since boot.
began() {
	[ -n "$HUNG_TASK" ] && echo "$HUNG_TASK" > /proc/sys/kernel/hung_task_timeout_secs
	read -r up idle < /proc/uptime
	fact "began=$up"
}

# in_companion COMMAND...: the same command for the scenario's second module and its threads.
in_companion() {
	first="$MODULE|$THREAD|$OTHER|$THIRD|$VICTIM"
	MODULE=$COMPANION THREAD=$THREAD2 OTHER=$OTHER2 THIRD=$THIRD2 VICTIM=$VICTIM2
	"$@"
	IFS='|' read -r MODULE THREAD OTHER THIRD VICTIM <<- END
		$first
	END
}

grow_old() {
	sleep "$AGE"
}

# tell_pid ROLE PID: the task, what it waits in, and the innermost function of the
# scenario's module on its stack, if there is one.
tell_pid() {
	task_fact "$1" "$2"
	fact "$1.waits_in=$(waits_in "$2")"
	inside=$(sed -n "s/^\[<0>\] \([^ +]*\).*\[$MODULE\].*/\1/p" "/proc/$2/stack" | head -n 1)
	[ -z "$inside" ] && return
	fact "$1.module=$MODULE"
	fact "$1.function=$inside"
}

# tell ROLE COMM: the same of the first task of that name.
tell() {
	found=$(pid_of "$2") || fail "no task is called $2"
	tell_pid "$1" "$found"
}

# tell_victims COMM: all tasks of that name.
tell_victims() {
	suffering=$(grep -lxF -e "$1" /proc/[0-9]*/comm 2> /dev/null | sed 's/[^0-9]//g' | sort -n)
	fact "victims.comm=$1"
	fact "victims.pids="$suffering
}

# tell_pids ROLE PID...: many tasks that wait for the same; the first says in what.
tell_pids() {
	fact "$1.comm=$(comm_of "$2")"
	fact "$1.waits_in=$(waits_in "$2")"
	told=$1
	shift
	fact "$told.pids=$*"
}

# state_of PID: its letter, as in its status.
state_of() {
	sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status"
}

# tell_lock PLACE KIND SYMBOL: a lock of the module, by its place in the list of locks.
tell_lock() {
	fact "locks.$1.kind=$2"
	fact "locks.$1.symbol=$3"
	fact "locks.$1.address=$(sed -n "s/^\([0-9a-f]*\) . $3[[:space:]]*\[$MODULE\]\$/\1/p" /proc/kallsyms)"
}

# tell_inside ROLE FUNCTION: of the task that has FUNCTION on its stack.
tell_inside() {
	for stack in $(grep -lw "$2" /proc/[0-9]*/stack 2> /dev/null); do
		found=${stack#/proc/}
		tell_pid "$1" "${found%/stack}"
		return
	done
	fail "no task is in $2"
}

# --- hangs that take CPUs: the truth is told before

# start_spinning HANG PARAMETER...: loads the module; its threads wait for begin_hang, and take two CPUs.
start_spinning() {
	[ "$CPUS" -ge 3 ] || fail "this scenario needs three CPUs"
	another=$(((CPU + 1) % CPUS))
	keep_off "$CPU" "$another"
	insert_spinning "$@" "other=$another"
}

# start_spinning_one HANG PARAMETER...: the same where one CPU is lost.
start_spinning_one() {
	keep_off "$CPU"
	insert_spinning "$@"
}

insert_spinning() {
	started=$1
	shift
	insert "hang=$started" "cpu=$CPU" "loop=$LOOP" "names=$THREAD,$OTHER,$THIRD" "victim=$VICTIM" "$@"
	tell_victims "$VICTIM"
}

# tell_spinning ROLE COMM FUNCTION: the thread that is going to be lost in FUNCTION.
tell_spinning() {
	found=$(pid_of "$2") || fail "no task is called $2"
	task_fact "$1" "$found"
	fact "$1.module=$MODULE"
	fact "$1.function=$3"
}

# no_throttling: real-time tasks may have all of a CPU.
no_throttling() {
	echo -1 > /proc/sys/kernel/sched_rt_runtime_us
	mount -t debugfs none /sys/kernel/debug
	for server in /sys/kernel/debug/sched/*_server/cpu*/runtime; do
		[ -e "$server" ] && echo 0 > "$server"
	done
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Entry code: only what a return address points into. */
	.macro FUNCTION name
	.globl \name
	.type \name, @function
\name:
	.endm

	.text
	.irp	reg, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
FUNCTION __x86_indirect_thunk_\reg
	jmp	*%\reg
	.size __x86_indirect_thunk_\reg, . - __x86_indirect_thunk_\reg
	.endr

	.section .head.text, "ax"
	.globl _stext
_stext:
FUNCTION startup_64
	call	start_secondary
	jmp	.
	.size startup_64, . - startup_64

	.section .entry.text, "ax"
FUNCTION ret_from_fork
	mov	%rbp, %rdi
	nop
	.size ret_from_fork, . - ret_from_fork
FUNCTION ret_from_fork_nospec_begin
	call	__x86_indirect_thunk_rbx
	movl	$0, 80(%rsp)
	jmp	ret_from_intr
	.size ret_from_fork_nospec_begin, . - ret_from_fork_nospec_begin
FUNCTION system_call
	swapgs
	cld
	.size system_call, . - system_call
FUNCTION system_call_fastpath
	mov	sys_call_table(, %rax, 8), %rax
	call	__x86_indirect_thunk_rax
	mov	%rax, 32(%rsp)
	swapgs
	sysretq
	.size system_call_fastpath, . - system_call_fastpath
FUNCTION apic_timer_interrupt
	push	$~0xef
	sub	$88, %rsp
	mov	%rsp, %rsi
	push	%rsi
	call	smp_apic_timer_interrupt
	jmp	ret_from_intr
	.size apic_timer_interrupt, . - apic_timer_interrupt
FUNCTION ret_from_intr
	pop	%rsp
	iretq
	.size ret_from_intr, . - ret_from_intr

	.section .kprobes.text, "ax"
FUNCTION nmi
	push	%rdx
	.size nmi, . - nmi
FUNCTION end_repeat_nmi
	push	$-1
	sub	$120, %rsp
	mov	%rsp, %rdi
	call	do_nmi
	add	$128, %rsp
	iretq
	.size end_repeat_nmi, . - end_repeat_nmi

	.section .rodata, "a"
sys_call_table:
	.quad	0
	.section .note.GNU-stack, "", @progbits

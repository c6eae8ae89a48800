/* SPDX-License-Identifier: GPL-2.0-or-later
 * Entry code: only what a return address points into. */
	.abiversion 2
	.section .head.text, "ax"
	.globl _stext
	.type decrementer_pSeries, @function
	.type system_call_pSeries, @function
_stext:
decrementer_pSeries:
	b	decrementer_common
	.fill	63, 4, 0x60000000
system_call_pSeries:
	b	system_call_common
	.fill	63, 4, 0x60000000
	.globl __end_interrupts
__end_interrupts:

	.text
	.macro FUNCTION name
	.globl \name
	.type \name, @function
\name:
	.endm

FUNCTION decrementer_common
	addi	3, 1, 112
	bl	timer_interrupt
	nop
	b	ret_from_except_lite
	.size decrementer_common, . - decrementer_common
FUNCTION system_call_common
	nop
	.size system_call_common, . - system_call_common
FUNCTION system_call
	mtctr	12
	bctrl
	std	3, 112(1)
	.size system_call, . - system_call
FUNCTION ret_from_except_lite
	mtsrr0	7
	rfid
	.size ret_from_except_lite, . - ret_from_except_lite
FUNCTION ret_from_kernel_thread
	mtlr	14
	mr	3, 15
	blrl
	li	3, 0
	b	system_call
	.size ret_from_kernel_thread, . - ret_from_kernel_thread
FUNCTION start_secondary_prolog
	bl	start_secondary
	b	.
	.size start_secondary_prolog, . - start_secondary_prolog
FUNCTION _switch
	mflr	0
	std	0, 16(1)
	stdu	1, -464(1)
	std	1, 0(3)
	ld	8, 0(4)
	mr	1, 8
	ld	7, 368(1)
	mtlr	7
	addi	1, 1, 464
	blr
	.size _switch, . - _switch
	.section .note.GNU-stack, "", @progbits

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * void on_stack(void *top, void (*function)(void)): calls a function on another stack. Whoever unwinds finds the way back,
 * by the frame pointer.
 */
#ifdef __x86_64__
#ifdef __CET__
#include <cet.h>
#endif

	.text
	.globl	on_stack
	.hidden	on_stack
	.type	on_stack, @function
	.p2align 4
on_stack:
	.cfi_startproc
	endbr64
	pushq	%rbp
	.cfi_def_cfa_offset 16
	.cfi_offset %rbp, -16
	movq	%rsp, %rbp
	.cfi_def_cfa_register %rbp
	movq	%rdi, %rsp
	call	*%rsi
	leave
	.cfi_def_cfa %rsp, 8
	ret
	.cfi_endproc
	.size	on_stack, . - on_stack
#endif
	.section .note.GNU-stack, "", @progbits

/* SPDX-License-Identifier: Apache-2.0 */
/* See call_on_stack.h. */
#ifdef __x86_64__
#ifdef __CET__
#include <cet.h>
#endif

	.text
	.globl	call_on_stack
	.hidden	call_on_stack
	.type	call_on_stack, @function
	.p2align 4
call_on_stack:
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
	.size	call_on_stack, . - call_on_stack
#endif
	.section .note.GNU-stack, "", @progbits

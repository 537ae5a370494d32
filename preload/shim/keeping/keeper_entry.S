/* SPDX-License-Identifier: Apache-2.0 */
/* Where libseep.so begins as a program: hands the stack as the kernel leaves it to keeper_main(), which does not return. */
	.text
	.globl	seep_keeper_entry
	.hidden	seep_keeper_entry
	.type	seep_keeper_entry, @function
seep_keeper_entry:
	.cfi_startproc
	.cfi_undefined %rip
	xorl	%ebp, %ebp
	movq	%rsp, %rdi
	andq	$-16, %rsp
	call	keeper_main
	hlt
	.cfi_endproc
	.size	seep_keeper_entry, .-seep_keeper_entry
	.section .note.GNU-stack, "", @progbits

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syscall(): a jump to the next one for all but a few numbers. No frame of ours is on the stack then and no register is
 * changed, so calls that return twice or on another stack (vfork, clone) behave as without us. For those few numbers, and
 * as long as the next one is not known, syscall_watch() of seccomp_hooks.c says where to go on.
 */
#ifdef __x86_64__
#include <asm/unistd.h>
#ifdef __CET__
#include <cet.h>
#endif

.macro watch number
	cmpq	$\number, %rdi
	je	.Lwatched
.endm
.macro push register
	pushq	\register
	.cfi_adjust_cfa_offset 8
.endm
.macro pop register
	popq	\register
	.cfi_adjust_cfa_offset -8
.endm

	.text
	.globl	syscall
	.type	syscall, @function
	.p2align 4
syscall:
	.cfi_startproc
	endbr64
	watch	__NR_prctl
	watch	__NR_seccomp
	watch	__NR_fanotify_init
	watch	__NR_unshare
	watch	__NR_setns
	watch	__NR_clone
	watch	__NR_fork
	watch	__NR_setuid
	watch	__NR_setreuid
	watch	__NR_setresuid
	watch	__NR_mlockall
	watch	__NR_mmap
	watch	__NR_mprotect
	watch	__NR_pkey_mprotect
	watch	__NR_madvise
	watch	__NR_munmap
	watch	__NR_mremap
	watch	__NR_setrlimit
	watch	__NR_prlimit64
	watch	__NR_exit
	movq	syscall_next(%rip), %rax
	testq	%rax, %rax
	je	.Lwatched
	jmp	*%rax
.Lwatched:
	push	%rdi
	push	%rsi
	push	%rdx
	push	%rcx
	push	%r8
	push	%r9
	push	%rax /* aligns the stack for the call */
	call	syscall_watch
	leaq	8(%rsp), %rsp
	.cfi_adjust_cfa_offset -8
	pop	%r9
	pop	%r8
	pop	%rcx
	pop	%rdx
	pop	%rsi
	pop	%rdi
	jmp	*%rax
	.cfi_endproc
	.size	syscall, .-syscall
#endif
	.section .note.GNU-stack, "", @progbits

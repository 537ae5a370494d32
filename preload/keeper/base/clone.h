/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads and processes by clone() without the C library: no fork handler
 * runs, and no list of threads is touched. x86-64 Linux.
 */
#ifndef SEEP_BASE_CLONE_H
#define SEEP_BASE_CLONE_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "keeper/base/entry.h"
#include "keeper/base/syscall.h"

typedef void clone_entry(void *argument);

/* Only the caller returns, with the new thread's or process's number or -errno. `stack` is the end of the new stack, a
 * multiple of 16; `thread_block` is what %fs points at in the new one with CLONE_SETTLS. `entry` never returns. With
 * CLONE_VM and without CLONE_SETTLS it shares the caller's thread block: it must touch no thread-local variable. */
static inline long system_clone(unsigned long flags, void *stack, void *thread_block, clone_entry *entry,
				void *argument)
{
	long result;
	register long child_tid __asm__("r10") = 0;
	register void *tls __asm__("r8") = thread_block;
	/* the new thread has another stack, so it takes what it needs from registers, which the kernel keeps */
	register clone_entry *call __asm__("r12") = entry;
	register void *with __asm__("r13") = argument;
	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "mov %[with], %%rdi\n\t"
			 "call *%[call]\n\t"
			 "hlt\n"
			 "1:"
			 : "=a"(result)
			 : "a"(SYS_clone), "D"(flags), "S"(stack), "d"(0L), "r"(child_tid),
			   "r"(tls), [call] "r"(call), [with] "r"(with)
			 : "rcx", "r11", "memory");
	return result;
}

#define THREAD_BLOCK_BYTES 4096u

/* Starts a thread of ours in zeroed memory, which holds its stack, then static TLS, then its thread block. All signals
 * are blocked in it. Returns its number, or -errno. */
static inline long system_begin_thread(char *memory, size_t stack_bytes, size_t tls_bytes, bool shares_descriptors,
				       clone_entry *entry, void *argument)
{
	ENTRY_WITHOUT(ENTRY_STEPS); /* a trap that is blocked kills */
	char *thread_block = memory + stack_bytes + tls_bytes;
	uintptr_t block_address = (uintptr_t)thread_block;
	memcpy(thread_block, &block_address, sizeof block_address);      /* header.tcb */
	memcpy(thread_block + 16, &block_address, sizeof block_address); /* header.self */
	uint64_t signals = system_block_signals(SIGNALS_ALL);
	long made = system_clone(CLONE_VM | CLONE_FS | (shares_descriptors ? CLONE_FILES : 0) | CLONE_SIGHAND |
				     CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS | CLONE_UNTRACED,
				 memory + stack_bytes - 64, thread_block, entry, argument);
	system_restore_signals(signals);
	return made;
}

/* Ends the calling thread and gives back the memory that it stands on. All signals are blocked in it. */
static inline __attribute__((noreturn)) void system_exit_from(void *memory, size_t bytes)
{
	__asm__ volatile("syscall\n\t"
			 "xor %%edi, %%edi\n\t"
			 "mov %[exit], %%eax\n\t"
			 "syscall\n\t"
			 "hlt"
			 :
			 : "a"(SYS_munmap), "D"(memory), "S"(bytes), [exit] "i"(SYS_exit)
			 : "rcx", "r11", "memory");
	__builtin_unreachable();
}

/* Ends the calling thread, or the process that has only this one. */
static inline __attribute__((noreturn)) void system_exit(int status)
{
	for (;;)
		system_call(SYS_exit, status, 0, 0, 0, 0, 0);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A handler at every instruction of the shim: the processor traps after each
 * one (EFLAGS.TF), and the trap's handler calls back at the wanted one of those
 * that lie in libseep.so. Without the shim there are none.
 */
#ifndef STEPPING_H
#define STEPPING_H

#include <link.h>
#include <ucontext.h>

#include "torture.h"

static uintptr_t shim_low, shim_high;
static volatile long step_wanted, step_count;
static void (*step_reached)(void);

static int step_find(struct dl_phdr_info *info, size_t bytes, void *unused)
{
	(void)bytes;
	(void)unused;
	if (!strstr(info->dlpi_name, "libseep.so"))
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		if (info->dlpi_phdr[i].p_type != PT_LOAD || !(info->dlpi_phdr[i].p_flags & PF_X))
			continue;
		shim_low = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
		shim_high = shim_low + info->dlpi_phdr[i].p_memsz;
	}
	return 1;
}

static void step_trapped(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)info;
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
	uintptr_t at = (uintptr_t)registers[REG_RIP];
	if (at < shim_low || at >= shim_high || ++step_count != step_wanted)
		return;
	registers[REG_EFL] &= ~0x100L;
	step_reached();
}

static inline void step_prepare(void (*reached)(void))
{
	struct sigaction action = {.sa_sigaction = step_trapped, .sa_flags = SA_SIGINFO | SA_NODEFER};
	dl_iterate_phdr(step_find, NULL);
	step_reached = reached;
	sigaction(SIGTRAP, &action, NULL);
}

/* From here to step_end() each instruction traps. */
static inline __attribute__((always_inline)) void step_begin(long wanted)
{
	step_wanted = wanted;
	step_count = 0;
	__asm__ volatile("lea -128(%%rsp), %%rsp\n\tpushfq\n\torl $0x100, (%%rsp)\n\tpopfq\n\tlea 128(%%rsp), %%rsp"
			 :
			 :
			 : "memory", "cc");
}
static inline __attribute__((always_inline)) void step_end(void)
{
	__asm__ volatile("lea -128(%%rsp), %%rsp\n\tpushfq\n\tandl $~0x100, (%%rsp)\n\tpopfq\n\tlea 128(%%rsp), %%rsp"
			 :
			 :
			 : "memory", "cc");
}

#endif

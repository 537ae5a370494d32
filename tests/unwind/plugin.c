/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module for closing.c. Compiled with different BLOCK: the code has the same
 * addresses in all of them, the frames have different sizes.
 */
#include "plugin.h"

static __attribute__((noinline)) int descend(struct plugin_task *task, int depth)
{
	char block[BLOCK];
	task->note((uintptr_t)__builtin_return_address(0));
	__asm__ volatile("" : : "r"(block) : "memory");
	int value = depth ? descend(task, depth - 1) : task->leaf();
	__asm__ volatile("" : : "r"(block) : "memory");
	task->forget();
	return value + 1;
}

__attribute__((visibility("default"))) int plugin_run(struct plugin_task *task)
{
	task->note((uintptr_t)__builtin_return_address(0));
	int value = descend(task, 3);
	task->forget();
	return value;
}

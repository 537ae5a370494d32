/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between closing.c and the modules that it opens and closes.
 */
#ifndef SEEP_TESTS_PLUGIN_H
#define SEEP_TESTS_PLUGIN_H

#include <stdint.h>

struct plugin_task {
	void (*note)(uintptr_t return_address);
	void (*forget)(void);
	int (*leaf)(void);
};

int plugin_run(struct plugin_task *task);

#endif

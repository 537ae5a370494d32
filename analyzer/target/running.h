/* SPDX-License-Identifier: Apache-2.0 */
/* The programs that are being recorded now, as far as /proc shows them to us. */
#ifndef SEEP_TARGET_RUNNING_H
#define SEEP_TARGET_RUNNING_H

#include <stddef.h>
#include <stdint.h>

struct running {
	uint64_t pid;
	char name[64];   /* fit to print */
	char *directory; /* of the recording */
};

struct running_list {
	struct running *each; /* sorted by pid */
	size_t count, capacity;
};

void running_find(struct running_list *list);
void running_free(struct running_list *list);

#endif

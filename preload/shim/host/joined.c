/* SPDX-License-Identifier: Apache-2.0 */
/* See joined.h. */
#include "shim/host/joined.h"

#include <link.h>

#include "keeper/elf/image.h"

/* Not zero throughout, so that it has its place in the file, where seep fills it. */
struct seep_join seep_join = {.version = SEEP_JOIN_VERSION};

extern __attribute__((visibility("hidden"))) const ElfW(Ehdr) __ehdr_start;

void *joined_definition(const char *name)
{
	return image_first_definition((uintptr_t)&__ehdr_start, name);
}

char ***host_environ(void)
{
	static char ***found;
	if (!found)
		found = joined_definition("__environ");
	return found;
}

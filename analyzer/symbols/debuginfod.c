/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libdebuginfod is loaded when it is wanted, as libdw does: it brings an HTTP
 * client along, and is not installed everywhere. It has its own cache, by build
 * id, and its own limit on time (DEBUGINFOD_TIMEOUT).
 */
#include "symbols/debuginfod.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* As libdebuginfod's header has it; the header is not needed to build seep. */
typedef struct debuginfod_client debuginfod_client;
struct debuginfod_functions {
	debuginfod_client *(*begin)(void);
	int (*find_debuginfo)(debuginfod_client *client, const unsigned char *build_id, int build_id_bytes,
			      char **path);
	void (*end)(debuginfod_client *client);
};

static bool functions_load(struct debuginfod_functions *functions)
{
	void *library = dlopen("libdebuginfod.so.1", RTLD_NOW | RTLD_LOCAL);

	if (!library)
		return false;
	*(void **)&functions->begin = dlsym(library, "debuginfod_begin");
	*(void **)&functions->find_debuginfo = dlsym(library, "debuginfod_find_debuginfo");
	*(void **)&functions->end = dlsym(library, "debuginfod_end");
	return functions->begin && functions->find_debuginfo && functions->end;
}

int debuginfod_fetch(const uint8_t *build_id, uint32_t build_id_bytes, struct buffer *path)
{
	const char *servers = getenv("DEBUGINFOD_URLS");
	struct debuginfod_functions functions;
	char *cached = NULL;
	int descriptor = -1;

	if (!servers || !*servers || build_id_bytes == 0 || !functions_load(&functions))
		return -1;
	debuginfod_client *client = functions.begin();
	if (!client)
		return -1;
	descriptor = functions.find_debuginfo(client, build_id, (int)build_id_bytes, &cached);
	functions.end(client);
	if (descriptor >= 0 && cached)
		buffer_append_text(path, cached);
	free(cached);
	return descriptor < 0 ? -1 : descriptor;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A C program loads C++ plugins, with RTLD_LOCAL: constructors and destructors start threads and wait for them, and
 * those threads' first operator new, mallocx, tc_malloc and mi_malloc come while the loader's lock is held. Operator
 * new is libstdc++'s own, with its handler, or the plugin's where it brings one; from several threads at once.
 *
 * torture: plugins=cxx_threads cxx_own_new
 */
#include <dlfcn.h>

#include "torture.h"

static void *load_and_leave(void *flags)
{
	for (int i = 0; i < 5; i++) {
		void *plugin = dlopen("./cxx_threads.so", (int)(intptr_t)flags);
		EXPECT(plugin);
		allocate_and_free(20);
		if (plugin)
			dlclose(plugin);
	}
	return NULL;
}

static int call(void *plugin, const char *name)
{
	int (*function)(void) = plugin ? (int (*)(void))dlsym(plugin, name) : NULL;
	return function ? function() : -2;
}

int main(void)
{
	printf("C++ %d\n", dlsym(RTLD_DEFAULT, "_Znwm") != NULL);
	void *own = dlopen("./cxx_own_new.so", RTLD_NOW | RTLD_LOCAL);
	printf("own new %d", call(own, "plugin_new"));
	printf(", deletes %d\n", own ? *(int *)dlsym(own, "plugin_deleted") : -1);
	load_and_leave((void *)(intptr_t)(RTLD_NOW | RTLD_LOCAL));
	pthread_t threads[4];
	for (int i = 0; i < 4; i++)
		threads[i] = start(load_and_leave, (void *)(intptr_t)((i % 2 ? RTLD_NOW : RTLD_LAZY) | RTLD_LOCAL));
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	void *plugin = dlopen("./cxx_threads.so", RTLD_LAZY | RTLD_LOCAL);
	if (dlsym(RTLD_DEFAULT, "mallctl") == NULL) /* jemalloc's has handlers, too, but looks for them elsewhere */
		printf("the handler is asked %d times\n", call(plugin, "plugin_too_much"));
	printf("own new %d\n", call(own, "plugin_new"));
	return 0;
}

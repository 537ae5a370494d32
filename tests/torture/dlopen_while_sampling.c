/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread allocates inside dl_iterate_phdr's callback, that is with the
 * loader's lock, and wants the program's own lock there; another holds that
 * lock and allocates; a third loads and unloads a library whose constructor
 * allocates. A profiler that takes the loader's lock to walk a stack hangs.
 *
 * torture: plugins=plain
 */
#include <dlfcn.h>
#include <link.h>

#include "torture.h"

#define TURNS 300

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int look(struct dl_phdr_info *info, size_t size, void *argument)
{
	(void)info, (void)size, (void)argument;
	pthread_mutex_lock(&lock);
	allocate_and_free(1);
	pthread_mutex_unlock(&lock);
	return 0;
}

static void *iterate(void *unused)
{
	for (int i = 0; i < TURNS; i++)
		dl_iterate_phdr(look, NULL);
	return unused;
}

static void *allocate(void *unused)
{
	for (int i = 0; i < TURNS * 3; i++) {
		pthread_mutex_lock(&lock);
		allocate_and_free(3);
		pthread_mutex_unlock(&lock);
	}
	return unused;
}

int main(void)
{
	pthread_t threads[] = {start(iterate, NULL), start(allocate, NULL), start(allocate, NULL)};
	int loaded = 0;
	for (int i = 0; i < TURNS; i++) {
		void *plugin = dlopen("./plain.so", i % 2 ? RTLD_NOW : RTLD_LAZY | RTLD_LOCAL);
		if (!plugin)
			continue;
		void *(*plugin_allocate)(size_t) = (void *(*)(size_t))dlsym(plugin, "plugin_allocate");
		free(plugin_allocate(50));
		dlclose(plugin);
		loaded++;
	}
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	printf("loaded %d times\n", loaded);
	return 0;
}

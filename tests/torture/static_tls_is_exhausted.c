/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Libraries with initial-exec TLS are loaded until there is no static TLS left:
 * as many as without the shim. One with dynamic TLS is used from threads, where
 * the first access allocates.
 *
 * torture: plugins=tls_static tls_dynamic
 */
#include <dlfcn.h>

#include "torture.h"

static int (*touch)(int);

static void *run(void *argument)
{
	int sum = 0;
	for (int i = 0; i < 20; i++)
		sum += touch((int)(intptr_t)argument);
	allocate_and_free(20);
	return (void *)(intptr_t)sum;
}

static void copy(const char *from_name, const char *to_name)
{
	char block[4096];
	FILE *from = fopen(from_name, "rb"), *to = fopen(to_name, "wb");
	if (!from || !to)
		abort();
	for (size_t got; (got = fread(block, 1, sizeof block, from)) > 0;)
		fwrite(block, 1, got, to);
	fclose(from);
	fclose(to);
}

int main(void)
{
	int loaded = 0;
	allocate_and_free(10);
	for (int i = 0; i < 64; i++) {
		char name[32];
		snprintf(name, sizeof name, "./tls_copy_%d.so", i);
		copy("tls_static.so", name); /* another file is another library */
		if (!dlopen(name, RTLD_NOW))
			break;
		loaded++;
	}
	printf("%d libraries found static TLS\n", loaded);
	printf("then: %s\n", strstr(dlerror(), "static TLS") ? "static TLS is exhausted" : "something else");
	void *plugin = dlopen("./tls_dynamic.so", RTLD_NOW);
	EXPECT(plugin);
	touch = (int (*)(int))dlsym(plugin, "touch");
	for (intptr_t i = 0; i < 8; i++) {
		void *sum;
		pthread_join(start(run, (void *)i), &sum);
		printf("%d ", (int)(intptr_t)sum);
	}
	puts("");
	return 0;
}

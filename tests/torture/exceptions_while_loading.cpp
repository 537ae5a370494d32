/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads throw while others allocate and the main thread loads libraries: the
 * first exception looks up _dl_find_object and the unwind tables, from which
 * the shim's own walker reads.
 *
 * torture: plugins=plain
 */
#include <dlfcn.h>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "torture.h"

static int caught[4];

static int deep(int depth)
{
	if (depth == 0)
		throw std::runtime_error(std::string(100, 'x'));
	return deep(depth - 1) + 1;
}

static void throwing(int number)
{
	for (int i = 0; i < 200; i++) {
		try {
			deep(i % 30);
		} catch (const std::exception &error) {
			caught[number] += (int)std::string(error.what()).size();
		}
	}
}

int main()
{
	std::vector<std::thread> threads;
	for (int i = 0; i < 4; i++)
		threads.emplace_back(throwing, i);
	threads.emplace_back([] { allocate_and_free(2000); });
	for (int i = 0; i < 100; i++) {
		void *plugin = dlopen("./plain.so", RTLD_NOW);
		EXPECT(plugin);
		if (plugin)
			dlclose(plugin);
	}
	for (auto &thread : threads)
		thread.join();
	printf("%d %d %d %d\n", caught[0], caught[1], caught[2], caught[3]);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A library's operator delete gives nothing back: the chunk that begins where its first object began stays alive, until
 * the library frees it. (jemalloc in front brings its own operator new.)
 *
 * torture: libraries=cxx_pool
 * torture: allocators=glibc
 */
#include "torture.h"

enum { CHUNKS = 32, CHUNK = 1 << 20 };
extern "C" void *pool_chunks[64];
extern "C" int pool_chunk_count;

static SITE void site_chunk(truth_site *site, bool array)
{
	int before = pool_chunk_count;
	while (pool_chunk_count == before) {
		char *memory = array ? new char[CHUNK / 4] : static_cast<char *>(::operator new(CHUNK / 4));
		memory[0] = 1;
		array ? delete[] memory : ::operator delete(memory);
	}
	truth_allocated(site, CHUNK);
}

int main()
{
	truth_directory = ".";
	truth_site *site = truth_add("site_chunk");
	for (int i = 0; i < CHUNKS; i++)
		site_chunk(site, i % 2);
	for (int i = 0; i < CHUNKS; i += 4) {
		free(pool_chunks[i]);
		truth_freed(site, CHUNK);
	}
	printf("%d chunks\n", pool_chunk_count);
	truth_write("end");
	return 0;
}

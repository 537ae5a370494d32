/* SPDX-License-Identifier: Apache-2.0 */
/* A server for tests of gates: `gated REQUESTS [bigger[=BYTES]] [leak[=BYTES]] [peak[=BYTES]]` serves that many
 * requests, and does one thing worse than it should: it uses BYTES more for each request, at the end, or for its
 * index. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <seep/seep.h>

enum { LEAKED_BLOCK = 2048, PARSED_BLOCKS = 20 };

static void *kept[1 << 16];
static void *volatile sink;

static __attribute__((noinline)) void *parse_request(size_t bytes)
{
	return memset(malloc(bytes), 1, bytes);
}

static __attribute__((noinline)) void *render_page(size_t bytes)
{
	return memset(malloc(bytes), 2, bytes); /* 2: the same code as above would become one function */
}

static __attribute__((noinline)) void load_table(int entries)
{
	for (int i = 0; i < entries; i++)
		kept[i] = memset(malloc(4096), 1, 4096);
}

static __attribute__((noinline)) void remember(int request)
{
	kept[32768 + request % 32768] = malloc(LEAKED_BLOCK);
}

static size_t snapshots(const char *recording)
{
	char pattern[256];
	glob_t found;

	snprintf(pattern, sizeof pattern, "%s/*.seep", recording);
	const size_t count = glob(pattern, 0, NULL, &found) == 0 ? found.gl_pathc : 0;
	globfree(&found);
	return count;
}

/* Asks for a snapshot in the recording that RECORDING names: the keeper takes it a moment later. */
static void wait_for_snapshot(void)
{
	const char *recording = getenv("RECORDING");
	const size_t before = recording ? snapshots(recording) : 0;

	if (!recording || !seep_snapshot || seep_snapshot() != 0)
		return;
	for (int i = 0; i < 3000 && snapshots(recording) == before; i++)
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
}

static __attribute__((noinline)) void build_index(size_t bytes)
{
	for (size_t done = 0; done < bytes; done += 8192)
		kept[16384 + done / 8192] = memset(malloc(8192), 1, 8192);
	wait_for_snapshot(); /* it may have got one that was begun before, because more was in use */
	wait_for_snapshot();
	for (size_t done = 0; done < bytes; done += 8192)
		free(kept[16384 + done / 8192]);
}

/* leak_every: 0: never. */
static void serve(int request, long more, int leak_every)
{
	for (int i = 0; i < PARSED_BLOCKS; i++) {
		free(sink = parse_request(500 + (size_t)more / PARSED_BLOCKS));
		if (i % 4 == 0)
			free(sink = render_page(1500));
	}
	if (seep_work)
		seep_work(1);
	if (leak_every && request % leak_every == 0)
		remember(request);
}

/* The bytes of a wish, or as many as are usual for it; 0: it is another one. */
static long wish_bytes(const char *argument, const char *wish, long usual)
{
	const size_t length = strlen(wish);

	if (strncmp(argument, wish, length) != 0)
		return 0;
	return argument[length] == '=' ? atol(argument + length + 1) : usual;
}

int main(int argc, char **argv)
{
	const int requests = atoi(argv[1]);
	long bigger = 0, leak = 0, peak = 0;

	for (int i = 2; i < argc; i++) {
		bigger += wish_bytes(argv[i], "bigger", 4000);
		leak += wish_bytes(argv[i], "leak", requests / 4L * LEAKED_BLOCK);
		peak += wish_bytes(argv[i], "peak", 40 << 20);
	}
	load_table(4000);
	build_index((size_t)(8 << 20) + (size_t)peak);
	for (int i = 0; i < requests; i++) {
		serve(i, bigger, leak ? (int)(requests * (long)LEAKED_BLOCK / leak) : 0);
		if (i % (requests / 20) == 0)
			nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	}
	return 0;
}

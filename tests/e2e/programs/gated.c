/* SPDX-License-Identifier: Apache-2.0 */
/* A server to be: `gated REQUESTS [bigger] [leak] [peak]` serves that many, and does one of these worse than it should. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <seep/seep.h>

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
	kept[32768 + request % 32768] = malloc(2048);
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

/* In the recording whose name is in RECORDING: the keeper takes it a moment later. */
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
	wait_for_snapshot();
	for (size_t done = 0; done < bytes; done += 8192)
		free(kept[16384 + done / 8192]);
}

static void serve(int request, int is_bigger, int leaks)
{
	for (int i = 0; i < 20; i++) {
		free(sink = parse_request(is_bigger ? 700 : 500));
		if (i % 4 == 0)
			free(sink = render_page(1500));
	}
	if (leaks && request % 4 == 0)
		remember(request);
}

int main(int argc, char **argv)
{
	const int requests = atoi(argv[1]);
	int is_bigger = 0, leaks = 0, peaks = 0;

	for (int i = 2; i < argc; i++) {
		is_bigger |= strcmp(argv[i], "bigger") == 0;
		leaks |= strcmp(argv[i], "leak") == 0;
		peaks |= strcmp(argv[i], "peak") == 0;
	}
	load_table(4000);
	build_index(peaks ? 48 << 20 : 8 << 20);
	for (int i = 0; i < requests; i++) {
		serve(i, is_bigger, leaks);
		if (i % (requests / 20) == 0)
			nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	}
	return 0;
}

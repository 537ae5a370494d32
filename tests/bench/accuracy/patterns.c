/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real programs of which it is known what they leak: the patterns of
 * tests/unit/analyzer/support/series_simulator.h, in seconds instead of hours.
 *
 *	patterns NAME SECONDS BYTES	leaks BYTES in all, evenly; what is not to leak doesn't
 *
 * The function that leaks is called leak_here; with "table" leak_here_too
 * doubles the table's array. Beside it runs the same company in each pattern:
 * a pool, a cache, batches, sessions, fragments, and objects that another
 * thread frees; each of them is a pattern of its own, too.
 * At its end the program prints what was leaked and how, and leaves without
 * freeing anything. With a file in ACCURACY_DUMP (%d: 0, 1) it asks jemalloc
 * for a profile after a quarter of its time and at the end.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))
#define STEP_NS 2000000

static double progress; /* 0 to 1 */
static uint64_t leaked_bytes, leaked_objects;

static double uniform(void)
{
	static uint64_t state = 88172645463325252u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (double)(state >> 11) * 0x1p-53;
}

static void *fill(void *memory, size_t size)
{
	if (!memory)
		abort();
	memset(memory, 1, size < 64 ? size : 64);
	__asm__ volatile("" : : "r"(memory) : "memory");
	return memory;
}

static NOINLINE void *leak_here(size_t size)
{
	void *volatile memory = fill(malloc(size), size);

	return memory;
}

static NOINLINE void *leak_here_too(void *old, size_t size)
{
	void *volatile memory = fill(realloc(old, size), size);

	return memory;
}

static void count_leak(size_t size)
{
	leaked_bytes += size;
	leaked_objects++;
}

/* Calls leak_here, which forgets every `every`-th block. */
static void churn_and_leak(size_t size, unsigned every, double until)
{
	static unsigned calls;

	while ((double)leaked_bytes < until) {
		void *memory = leak_here(size);
		if (++calls % every == 0)
			count_leak(size);
		else
			free(memory);
	}
}

static void list_grow(size_t size, double until)
{
	static void **list;

	while ((double)leaked_bytes < until) {
		void **node = leak_here(size);
		*node = list;
		list = node;
		count_leak(size);
	}
}

static void buffers_leak(double until)
{
	while ((double)leaked_bytes + 8192 <= until) {
		leak_here(8192);
		count_leak(8192);
	}
}

static void table_grow(double until)
{
	static void **array;
	static size_t used, room;

	while ((double)leaked_bytes < until) {
		if (used == room) {
			room = room ? 2 * room : 64;
			array = leak_here_too(array, room * sizeof *array);
		}
		array[used++] = leak_here(100);
		count_leak(100);
	}
}

/* A buffer that grows by a kilobyte up to 16; one step in ten makes a new one and forgets the old. */
static void realloc_forget(double until)
{
	static unsigned step;
	static void *buffer;

	while ((double)leaked_bytes < until) {
		const size_t old = step % 16 * 1024, size = old + 1024;
		if (step % 16 == 0) {
			free(buffer);
			buffer = NULL;
		}
		if (buffer && step % 10 == 3) {
			count_leak(old);
			buffer = leak_here(size);
		} else {
			void *grown = leak_here(size);
			free(buffer);
			buffer = grown;
		}
		step++;
	}
}

/* Two hundred functions, which are all the same but for their addresses. */
#define SITE(n)                                                                                                        \
	static NOINLINE void *site_##n(size_t size)                                                                    \
	{                                                                                                              \
		void *volatile memory = fill(malloc(size + n % 2), size);                                              \
		return memory;                                                                                         \
	}
#define SITES_10(n)                                                                                                    \
	SITE(n##0) SITE(n##1) SITE(n##2) SITE(n##3) SITE(n##4) SITE(n##5) SITE(n##6) SITE(n##7) SITE(n##8) SITE(n##9)
#define NAMES_10(n)                                                                                                    \
	site_##n##0, site_##n##1, site_##n##2, site_##n##3, site_##n##4, site_##n##5, site_##n##6, site_##n##7,        \
	    site_##n##8, site_##n##9,
#define SITES_100(n)                                                                                                   \
	SITES_10(n##0)                                                                                                 \
	SITES_10(n##1)                                                                                                 \
	SITES_10(n##2)                                                                                                 \
	SITES_10(n##3) SITES_10(n##4) SITES_10(n##5) SITES_10(n##6) SITES_10(n##7) SITES_10(n##8) SITES_10(n##9)
#define NAMES_100(n)                                                                                                   \
	NAMES_10(n##0)                                                                                                 \
	NAMES_10(n##1)                                                                                                 \
	NAMES_10(n##2)                                                                                                 \
	NAMES_10(n##3) NAMES_10(n##4) NAMES_10(n##5) NAMES_10(n##6) NAMES_10(n##7) NAMES_10(n##8) NAMES_10(n##9)
SITES_100(1) SITES_100(2) static void *(*const sites[])(size_t) = {NAMES_100(1) NAMES_100(2)};

static void one_of_200(double until)
{
	while ((double)leaked_bytes < until) {
		for (size_t i = 1; i < sizeof sites / sizeof *sites; i++) {
			for (int k = 0; k < 20; k++)
				free(sites[i](512));
		}
		for (int k = 0; k < 19; k++)
			free(leak_here(512));
		leak_here(512);
		count_leak(512);
	}
}

/* The functions below do not leak. */
enum { POOL = 400, CACHE = 1000, BATCH = 600, SESSIONS = 4000 };

void *pool[POOL];

NOINLINE static void pool_fill(void)
{
	for (int i = 0; i < POOL; i++)
		pool[i] = fill(malloc(1024), 1024);
}

/* Full after 0.4 of the time; then the oldest goes for each that comes. */
NOINLINE static void cache_turn(void)
{
	static void *cache[CACHE];
	static size_t next;
	const size_t until = (size_t)(progress / 0.4 * CACHE);

	for (; next < until; next++) {
		free(cache[next % CACHE]);
		cache[next % CACHE] = fill(malloc(700), 700);
	}
}

NOINLINE static void batch_work(void)
{
	static void *batch[BATCH];
	static int used, number;

	for (const int now = (int)(progress / 0.23); number < now; number++) {
		while (used)
			free(batch[--used]);
	}
	for (const int until = (int)((progress / 0.23 - number) * BATCH); used < until; used++)
		batch[used] = fill(malloc(900), 900);
}

/* Open for an eighth of the time on average; twice as many come in the end as in the middle. */
NOINLINE static void sessions_serve(void)
{
	static struct session {
		void *memory;
		double end;
	} sessions[SESSIONS];
	static int begun;

	for (int i = 0; i < begun; i++) {
		if (sessions[i].memory && sessions[i].end <= progress) {
			free(sessions[i].memory);
			sessions[i].memory = NULL;
		}
	}
	for (const int until = (int)(progress * (1 + progress) / 2 * SESSIONS); begun < until; begun++) {
		double life = 0; /* about exponential: a sum over halvings */
		while (uniform() < 0.9)
			life += 0.0125;
		sessions[begun].memory = fill(malloc(800), 800);
		sessions[begun].end = progress + life;
	}
}

static void *mailbox[64];
static pthread_mutex_t mailbox_lock = PTHREAD_MUTEX_INITIALIZER;
static bool over;

static void *mail_take(void *unused)
{
	struct timespec pause = {0, STEP_NS};

	(void)unused;
	while (!__atomic_load_n(&over, __ATOMIC_ACQUIRE)) {
		pthread_mutex_lock(&mailbox_lock);
		for (int i = 0; i < 64; i++) {
			free(mailbox[i]);
			mailbox[i] = NULL;
		}
		pthread_mutex_unlock(&mailbox_lock);
		nanosleep(&pause, NULL);
	}
	return NULL;
}

NOINLINE static void mail_send(void)
{
	pthread_mutex_lock(&mailbox_lock);
	for (int i = 0; i < 20; i++) {
		if (!mailbox[i])
			mailbox[i] = fill(malloc(600), 600);
	}
	pthread_mutex_unlock(&mailbox_lock);
}

/* All sizes, freed in any order. */
NOINLINE static void fragments_mix(void)
{
	static void *held[500];

	for (int i = 0; i < 10; i++) {
		const size_t slot = (size_t)(uniform() * 500);
		free(held[slot]);
		held[slot] = fill(malloc((size_t)1 << (4 + (int)(uniform() * 8))), 16);
	}
}

static void pattern_step(const char *name, double until)
{
	if (strcmp(name, "churn-1000") == 0)
		churn_and_leak(256, 1000, until);
	else if (strcmp(name, "churn-10000") == 0)
		churn_and_leak(1024, 10000, until);
	else if (strcmp(name, "buffers") == 0)
		buffers_leak(until);
	else if (strcmp(name, "table") == 0)
		table_grow(until);
	else if (strcmp(name, "list") == 0)
		list_grow(48, until);
	else if (strcmp(name, "one-of-200") == 0)
		one_of_200(until);
	else if (strcmp(name, "realloc") == 0)
		realloc_forget(until);
}

/* Runs all of these beside a leak, or only the one that is the pattern. */
static void company_step(const char *name)
{
	static const struct {
		const char *name;
		void (*step)(void);
	} company[] = {{"cache", cache_turn},  {"sawtooth", batch_work},         {"sessions", sessions_serve},
		       {"threads", mail_send}, {"fragmentation", fragments_mix}, {"pool", NULL}};
	bool alone = false;

	for (size_t i = 0; i < sizeof company / sizeof *company; i++)
		alone |= strcmp(name, company[i].name) == 0;
	for (size_t i = 0; i < sizeof company / sizeof *company; i++) {
		if (company[i].step && (!alone || strcmp(name, company[i].name) == 0))
			company[i].step();
	}
}

static void dump(int number)
{
	extern int mallctl(const char *, void *, size_t *, void *, size_t) __attribute__((weak));
	const char *pattern = getenv("ACCURACY_DUMP");
	char path[512], *where = path;

	if (!pattern || !mallctl)
		return;
	snprintf(path, sizeof path, "%s.%d", pattern, number);
	mallctl("prof.dump", NULL, NULL, &where, sizeof where);
}

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	const double begin = seconds_now(), length = atof(argv[2]), bytes = atof(argv[3]);
	const struct timespec pause = {0, STEP_NS};
	bool quarter = false;
	pthread_t taker;

	pthread_create(&taker, NULL, mail_take, NULL);
	pool_fill();
	while ((progress = (seconds_now() - begin) / length) < 1) {
		pattern_step(argv[1], progress * bytes);
		company_step(argv[1]);
		if (progress >= 0.25 && !quarter) {
			dump(0);
			quarter = true;
		}
		nanosleep(&pause, NULL);
	}
	dump(1);
	__atomic_store_n(&over, true, __ATOMIC_RELEASE);
	pthread_join(taker, NULL);
	printf("leaked %llu bytes in %llu objects in %.3f s\n", (unsigned long long)leaked_bytes,
	       (unsigned long long)leaked_objects, seconds_now() - begin);
	fflush(stdout);
	_exit(0);
}

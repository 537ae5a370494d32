/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one captured stack of 30 frames costs: warm, with 32 MB of other memory
 * touched in between, and as the very first of a process. Prints minimum,
 * median and maximum in ns for every backend, and the RSS that the walker's
 * first captures add.
 *
 *	stack_bench                    the table
 *	stack_bench first BACKEND      the first capture of this process, in ns
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "shim/sample/unwinder.h"
#include "stack_bench.h"

#define EVICTED_BYTES (32u << 20)
#define WARM_ROUNDS 201
#define WARM_CAPTURES 3000
#define EVICTED_ROUNDS 201
#define FIRST_RUNS 31

/* `stack_bench quick`: does it work? */
static unsigned share = 1;

struct series {
	double values[WARM_ROUNDS > EVICTED_ROUNDS ? WARM_ROUNDS : EVICTED_ROUNDS];
	size_t count;
};

struct task {
	const struct unwinder *unwinder;
	struct series warm, evicted;
	double first_ns;
	size_t depth;
	enum unwinding_end end;
	unsigned char *other;
};

static double read_ns(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double now_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

/* As a hook of the shim would: the first frame captured is this function's caller. */
static __attribute__((noinline)) struct unwinding capture(const struct unwinder *unwinder, uintptr_t *frames)
{
	struct unwinding unwinding = unwinder->capture(__builtin_frame_address(0), frames, UNWINDER_FRAMES);
	__asm__ volatile("" : : : "memory"); /* not a jump: the frame is needed */
	return unwinding;
}

static double capture_many(const struct task *task, unsigned captures)
{
	uintptr_t frames[UNWINDER_FRAMES];
	double start = read_ns(CLOCK_THREAD_CPUTIME_ID); /* others have the processor, too */
	for (unsigned i = 0; i < captures; i++) {
		capture(task->unwinder, frames);
		__asm__ volatile("" : : "r"(frames) : "memory");
	}
	return (read_ns(CLOCK_THREAD_CPUTIME_ID) - start) / captures;
}

static int leaf_first(void *context)
{
	struct task *task = context;
	uintptr_t frames[UNWINDER_FRAMES];
	(void)now_ns(); /* the vDSO's first call is not ours to pay */
	double start = now_ns();
	struct unwinding unwinding = capture(task->unwinder, frames);
	task->first_ns = now_ns() - start;
	task->depth = unwinding.depth;
	task->end = unwinding.end;
	return 0;
}

static int leaf_warm(void *context)
{
	struct task *task = context;
	capture_many(task, WARM_CAPTURES);
	for (unsigned round = 0; round < WARM_ROUNDS / share; round++)
		task->warm.values[task->warm.count++] = capture_many(task, WARM_CAPTURES);
	return 0;
}

static int leaf_evicted(void *context)
{
	struct task *task = context;
	double clock_cost = 1e9;
	for (unsigned round = 0; round < EVICTED_ROUNDS / share; round++) {
		for (size_t at = 0; at < EVICTED_BYTES; at += 64)
			task->other[at] += 1;
		double start = now_ns(), between = now_ns();
		clock_cost = between - start < clock_cost ? between - start : clock_cost;
		uintptr_t frames[UNWINDER_FRAMES];
		start = now_ns();
		capture(task->unwinder, frames);
		task->evicted.values[task->evicted.count++] = now_ns() - start - clock_cost;
	}
	return 0;
}

static int compare_doubles(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;
	return (a > b) - (a < b);
}

static void print_series(const char *backend, const char *what, struct series *series)
{
	qsort(series->values, series->count, sizeof *series->values, compare_doubles);
	printf("%-15s %-29s %9.0f %9.0f %9.0f\n", backend, what, series->values[0], series->values[series->count / 2],
	       series->values[series->count - 1]);
}

static int run_chain(const struct task *task, chain_leaf *leaf, void *context)
{
	return task->unwinder == &unwinder_frame_pointers ? chain_kept(leaf, context) : chain_plain(leaf, context);
}

static void measure_shared(const char *backend, struct task *task)
{
	char what[64];
	task->warm.count = 0;
	chain_shared(leaf_first, task);
	chain_shared(leaf_warm, task);
	snprintf(what, sizeof what, "%zu frames, most in a library", task->depth);
	print_series(backend, what, &task->warm);
}

/* First captures happen once a process: ask new ones. */
static void measure_first(const char *backend)
{
	struct series series = {.count = 0};
	char self[4096], command[4200];
	ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
	if (length < 0)
		return;
	self[length] = 0;
	snprintf(command, sizeof command, "'%s' first %s", self, backend);
	for (unsigned run = 0; run < FIRST_RUNS / share; run++) {
		FILE *output = popen(command, "r");
		if (output && fscanf(output, "%lf", &series.values[series.count]) == 1)
			series.count++;
		if (output)
			pclose(output);
	}
	if (series.count)
		print_series(backend, "the very first", &series);
}

static int print_first(const char *backend)
{
	struct task task = {.unwinder = unwinder_select(backend)};
	if (!task.unwinder)
		return 1;
	run_chain(&task, leaf_first, &task);
	printf("%.0f\n", task.first_ns);
	return 0;
}

int main(int count, char **arguments)
{
	static const char *const backends[] = {"walker", "libunwind", "frame-pointers"};
	if (count == 3 && strcmp(arguments[1], "first") == 0)
		return print_first(arguments[2]);
	if (count == 2 && strcmp(arguments[1], "quick") == 0)
		share = 15;
	unsigned char *other = malloc(EVICTED_BYTES);
	if (!other)
		return 1;
	memset(other, 1, EVICTED_BYTES);
	printf("%-15s %-29s %9s %9s %9s\n", "backend", "one stack, ns", "minimum", "median", "maximum");
	for (size_t i = 0; i < sizeof backends / sizeof *backends; i++) {
		static struct task task;
		task = (struct task){.unwinder = unwinder_select(backends[i]), .other = other};
		if (!task.unwinder) {
			printf("%-15s not available here\n", backends[i]);
			continue;
		}
		run_chain(&task, leaf_first, &task);
		run_chain(&task, leaf_warm, &task);
		run_chain(&task, leaf_evicted, &task);
		char what[64];
		snprintf(what, sizeof what, "%zu frames, warm", task.depth);
		print_series(backends[i], what, &task.warm);
		if (task.unwinder != &unwinder_frame_pointers)
			measure_shared(backends[i], &task);
		print_series(backends[i], "32 MB touched in between", &task.evicted);
		measure_first(backends[i]);
	}
	free(other);
	return 0;
}

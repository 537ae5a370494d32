/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program of many functions that all allocate a little, as a recording of it would look: steady everywhere, or with one
 * function below which memory is leaked over many places. Only samples are simulated.
 */
#ifndef SEEP_TESTS_SPREAD_SIMULATOR_H
#define SEEP_TESTS_SPREAD_SIMULATOR_H

#include "support/series_maker.h"

#define SPREAD_SITES 240    /* stacks, each of a place of its own */
#define SPREAD_HANDLERS 12  /* functions that these are below, 20 each; the first may leak */
#define SPREAD_SUBSYSTEMS 3 /* functions that those are below, in two modules */

struct spread_program {
	struct profile **series;
	size_t count;
	void *storage;
};

/* The memory that leaks until the end, in rates, evenly over the stacks below "handler_0". All stacks also have memory
 * that comes and goes, `steady` rates together. */
void spread_program_run(struct spread_program *program, uint64_t rate, double leaked, double steady, uint64_t seed);
void spread_program_free(struct spread_program *program);

#endif

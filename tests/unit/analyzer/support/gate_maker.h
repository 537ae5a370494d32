/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Made-up runs of a base and of what came after it, for tests of budgets.
 *
 *	struct gate *gate = gate_create(BUDGET_EACH);
 *	gate_add(gate, SIDE_AFTER, gate_leaky);
 *	gate_add(gate, SIDE_BASE, gate_usual);
 *	const struct check_row *row = gate_check(gate);
 *
 * It writes the budget's file into the scratch directory (support/sample_program.h).
 */
#ifndef SEEP_TESTS_GATE_MAKER_H
#define SEEP_TESTS_GATE_MAKER_H

#include "check/check.h"

#define RATE (512 * 1024)

/* The sites of a run, each with a number of samples of small objects; the last one has no stack. */
struct gate_site {
	const char *stack;
	int samples;
};

/* A service as it usually is, with more of one place, and with a place of 20 samples that it usually does not have. */
extern const struct gate_site gate_usual[], gate_more[], gate_leaky[];

enum { GATE_RUNS_MOST = 4 };
struct gate {
	struct profile_maker *makers[2 * GATE_RUNS_MOST];
	size_t made;
	struct check_runs runs;
	struct budgets budgets;
	struct check check;
};

#define BUDGET_OF_ALL(most) "\"budgets\": [{\"name\": \"all\", \"measure\": \"allocated\", \"most\": " most "}]"
#define BUDGET_EACH                                                                                                    \
	"\"budgets\": [{\"name\": \"each\", \"measure\": \"in_use\", \"most\": \"+20%\", \"each\": \"place\", "        \
	"\"floor\": \"2M\"}]"

/* Takes the members of a budget's file. */
struct gate *gate_create(const char *budgets);
/* Adds a run and returns its profile, which may be changed before the check. */
struct profile *gate_add(struct gate *gate, enum check_side side, const struct gate_site *sites);
/* Checks the runs; the first row. */
const struct check_row *gate_check(struct gate *gate);
void gate_free(struct gate *gate);

#endif

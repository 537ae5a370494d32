/* SPDX-License-Identifier: Apache-2.0 */
/* The task (process/task.h) that makes a recording's metrics. */
#ifndef SEEP_SCRAPE_METRICS_TASK_H
#define SEEP_SCRAPE_METRICS_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "process/task.h"
#include "render/metrics/families.h"
#include "symbols/symbols.h"

enum { METRICS_SERVED_PLACES_MOST = 10 };
/* How long the metrics of a program that has ended stay, so that a scraper sees its last state. */
#define METRICS_AFTER_END_NS (UINT64_C(600) * 1000000000)

struct metrics_wish {
	const char *path, *name; /* of the recording; the name becomes a label */
	const struct symbol_search *symbols;
	const char *const *wrappers;
	size_t wrapper_count;
};

/* Its texts end with a NUL. */
struct metrics_summary {
	uint32_t state; /* enum listing_state at that time */
	uint64_t pid, start_ticks, newest_unix_ns;
	char command[64], service[SEEP_SERVICE_NAME_MOST + 1];
};

bool metrics_task_start(struct task *task, const struct metrics_wish *wish, uint64_t now_ns, struct error *error);
/* Ends the task. True: `metrics` has the samples; none for a program that ended long ago. False: the error has one
 * line. */
bool metrics_task_finish(struct task *task, struct metrics_summary *summary, struct metrics *metrics, double *cpu_s,
			 struct error *error);

#endif

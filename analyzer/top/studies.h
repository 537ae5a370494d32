/* SPDX-License-Identifier: Apache-2.0 */
/* Decides when names and verdicts are made anew, and runs the task that makes them: one at a time, at a small share of
 * a core. */
#ifndef SEEP_TOP_STUDIES_H
#define SEEP_TOP_STUDIES_H

#include "process/task.h"
#include "top/model.h"
#include "top/data/study.h"
#include "work/pace.h"

struct studies {
	struct study_request request;
	struct task task;
	struct pace pace;
	uint64_t asked_number; /* number of the snapshot that was due next when the last study began */
	uint64_t asked_open;
	uint64_t asked_ns;
	bool is_final; /* the last study began after the program had ended */
};

/* Begins a study if there is something new: a snapshot, a place that was opened, sites without names, the program's
 * end. The model says why none could begin, or if an answer is not one. */
void studies_begin(struct studies *studies, struct model *model, uint64_t now_ns);
/* Takes an answer that has arrived. True: the model has learned something. */
bool studies_poll(struct studies *studies, struct model *model, uint64_t now_ns);
void studies_end(struct studies *studies);

#endif

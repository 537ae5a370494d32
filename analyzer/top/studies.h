/* SPDX-License-Identifier: Apache-2.0 */
/* When names and verdicts are made anew, and the task that makes them: one at a time, at a small share of a core. */
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
	uint64_t asked_number; /* of the snapshot that was to come next when the last one began */
	uint64_t asked_open;
	uint64_t asked_ns;
	bool is_final; /* the last one began after the program had ended */
};

/* Begins one if something is new: a snapshot, a place that was opened, sites without names, the program's end. The model
 * says why one could not begin, or what came is not an answer. */
void studies_begin(struct studies *studies, struct model *model, uint64_t now_ns);
/* Takes what has come. True: the model has learned something. */
bool studies_poll(struct studies *studies, struct model *model, uint64_t now_ns);
void studies_end(struct studies *studies);

#endif

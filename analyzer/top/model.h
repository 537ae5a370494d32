/* SPDX-License-Identifier: Apache-2.0 */
/* All that a live view knows of its recording. */
#ifndef SEEP_TOP_MODEL_H
#define SEEP_TOP_MODEL_H

#include "profile/profile.h"
#include "render/words/estimate.h"
#include "top/data/look.h"
#include "top/data/rows.h"
#include "top/data/study.h"
#include "top/view.h"
#include "top/data/window.h"

#define TREND_MOST 1024

/* What was in use over time: of the recording's snapshots, then of looks, which become sparser as they become many. */
struct trend {
	uint64_t times_ns[TREND_MOST];
	double in_use[TREND_MOST];
	size_t count;
	uint64_t step_ns;
};

enum model_state { MODEL_RUNS, MODEL_ENDED };

struct model {
	const char *directory;
	struct seep_heap_view heap;
	uint64_t pid, next_number; /* of the snapshot that comes next */
	enum model_state state;
	struct look look;
	struct window window;
	const struct past *past; /* what growth is counted from; NULL: nothing yet */
	struct study study;
	struct rows rows;
	struct view view;
	struct trend trend;
	uint64_t rss;           /* bytes, of now; 0: not known */
	struct profile numbers; /* rate and losses alone, for words about estimates */
	char said[200];         /* for the last line; "": nothing */
};

/* False: it is not recorded, or can't be read. */
bool model_open(struct model *model, const char *directory, struct error *error);
/* Looks once more. Once the program has ended everything stays as it was at the last look. */
void model_look(struct model *model);
/* The rows anew, after a look or a key. */
void model_arrange(struct model *model);
/* Another study's answer. */
void model_learn(struct model *model, struct study *study);
/* That the window spans; NAN: nothing yet. */
double model_seconds(const struct model *model);
/* Bytes in words, with their interval. */
struct estimate_text model_in_use(const struct model *model, const struct seep_sum *in_use);
struct estimate_text model_growth(const struct model *model, const struct change *change);
/* For the last line, until the next key. */
void model_say(struct model *model, const char *text);
void model_close(struct model *model);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that a live view knows about its recording. */
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

/* Memory in use over time: from the recording's snapshots, then from looks. As these become many, they become
 * sparser. */
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
	uint64_t pid, next_number; /* number of the next snapshot */
	enum model_state state;
	struct look look;
	struct window window;
	const struct past *past; /* the moment from which growth counts; NULL: none yet */
	struct study study;
	struct rows rows;
	struct view view;
	struct trend trend;
	uint64_t rss;           /* bytes, now; 0: unknown */
	struct profile numbers; /* only rate and losses, for words about estimates */
	char said[200];         /* for the last line; "": nothing to say */
};

/* False: the program is not recorded, or its recording can't be read. */
bool model_open(struct model *model, const char *directory, struct error *error);
/* Looks once more. When the program has ended, everything stays as at the last look. */
void model_look(struct model *model);
/* Makes the rows anew, after a look or a key. */
void model_arrange(struct model *model);
/* Takes another study's answer. */
void model_learn(struct model *model, struct study *study);
/* The seconds that the window spans; NAN: none yet. */
double model_seconds(const struct model *model);
/* Bytes in words, with their interval. */
struct estimate_text model_in_use(const struct model *model, const struct seep_sum *in_use);
struct estimate_text model_growth(const struct model *model, const struct change *change);
/* Shows a text on the last line, until the next key. */
void model_say(struct model *model, const char *text);
void model_close(struct model *model);

#endif

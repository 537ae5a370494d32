/* SPDX-License-Identifier: Apache-2.0 */
#include "top/model.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <seep/process.h>

#include "process/fault.h"
#include "render/words/estimate.h"
#include "statistics/interval.h"

static void numbers_take(struct model *model)
{
	model->numbers.rate = model->look.rate;
	memcpy(model->numbers.losses, model->look.losses, sizeof model->numbers.losses);
	model->numbers.flags = model->look.losses[SEEP_LOSS_LIVE_FULL] ? SEEP_SNAPSHOT_LOWER_BOUND : 0;
}

/* RSS now, from the kernel; if that can't be read, as of the keeper's last look. */
static uint64_t rss_read(const struct model *model)
{
	char text[128];
	unsigned long long pages = 0;

	if (seep_process_read(model->pid, "statm", text, sizeof text) > 0 && sscanf(text, "%*u %llu", &pages) == 1 &&
	    pages)
		return pages * (uint64_t)sysconf(_SC_PAGESIZE);
	return model->look.memory_known >> SEEP_MEMORY_RSS & 1 ? model->look.memory[SEEP_MEMORY_RSS] : 0;
}

static void trend_add(struct trend *trend, uint64_t time_ns, double in_use)
{
	size_t kept = 0;

	if (trend->count && time_ns < trend->times_ns[trend->count - 1] + trend->step_ns)
		return;
	if (trend->count == TREND_MOST) {
		for (size_t i = 0; i < TREND_MOST; i += 2) {
			trend->times_ns[kept] = trend->times_ns[i];
			trend->in_use[kept++] = trend->in_use[i];
		}
		trend->count = kept;
		trend->step_ns = (time_ns - trend->times_ns[0]) / (TREND_MOST / 2);
	}
	trend->times_ns[trend->count] = time_ns;
	trend->in_use[trend->count++] = in_use;
}

/* Puts the snapshots' moments in front of the first look. */
static void trend_begin(struct trend *trend, const struct study *study)
{
	const struct trend seen = *trend;

	*trend = (struct trend){0};
	for (uint32_t i = 0; i < study->head->moment_count; i++)
		if (!seen.count || study->moments[i].time_ns < seen.times_ns[0])
			trend_add(trend, study->moments[i].time_ns, study->moments[i].in_use);
	for (size_t i = 0; i < seen.count; i++)
		trend_add(trend, seen.times_ns[i], seen.in_use[i]);
}

bool model_open(struct model *model, const char *directory, struct error *error)
{
	struct seep_heap_state state;
	struct seep_fault fault = {0};

	*model = (struct model){.directory = directory, .view = {.window = WINDOW_MINUTE}};
	if (!seep_heap_open(&model->heap, directory, false, &fault))
		return error_set_fault(error, directory, &fault);
	seep_heap_state(&model->heap, &state);
	if (!seep_heap_alive(&model->heap)) {
		seep_heap_close(&model->heap);
		return error_set(error, "%s: its program has ended; next: seep leaks %s", directory, directory);
	}
	model->pid = state.pid;
	rows_init(&model->rows);
	return true;
}

void model_look(struct model *model)
{
	struct look *look = &model->look;
	struct seep_heap_state state;

	if (model->state == MODEL_ENDED)
		return;
	if (look->time_ns)
		/* otherwise the one before stays: `past` is valid until the next is remembered */
		window_remember(&model->window, look);
	look->wants_threads = model->view.by == ROW_THREAD;
	const struct past *past = window_find(&model->window, model->view.window, look->time_ns);
	if (!look_take(look, &model->heap, past ? past->time_ns : UINT64_MAX) || !seep_heap_alive(&model->heap)) {
		model->state = MODEL_ENDED;
		return;
	}
	seep_heap_state(&model->heap, &state);
	model->past = past;
	model->next_number = state.next_number;
	model->rss = rss_read(model);
	numbers_take(model);
	trend_add(&model->trend, look->time_ns, sum_estimate(&look->all.in_use));
}

void model_arrange(struct model *model)
{
	const struct view *view = &model->view;

	rows_make(&model->rows, &model->look, model->past, &model->study, view->by, view->sort, view->filter);
}

void model_learn(struct model *model, struct study *study)
{
	const bool is_first = !model->study.head || model->study.head->moment_count == 0;

	study_free(&model->study);
	model->study = *study;
	*study = (struct study){0};
	rows_use_study(&model->rows, &model->study);
	if (is_first)
		trend_begin(&model->trend, &model->study);
}

double model_seconds(const struct model *model)
{
	return model->past ? (double)(model->look.time_ns - model->past->time_ns) / 1e9 : NAN;
}

struct estimate_text model_in_use(const struct model *model, const struct seep_sum *in_use)
{
	const struct interval interval = sum_interval(in_use, unseen_bytes((double)model->look.rate), ALPHA);

	return estimate_bytes(sum_estimate(in_use), interval, &model->numbers);
}

struct estimate_text model_growth(const struct model *model, const struct change *change)
{
	const double unseen = unseen_bytes((double)model->look.rate);

	return estimate_growth(change_growth(change), difference_interval(&change->fresh, &change->gone, unseen, ALPHA),
			       NULL, &model->numbers);
}

void model_say(struct model *model, const char *text)
{
	snprintf(model->said, sizeof model->said, "%s", text);
}

void model_close(struct model *model)
{
	seep_heap_close(&model->heap);
	look_free(&model->look);
	window_free(&model->window);
	study_free(&model->study);
	rows_free(&model->rows);
}

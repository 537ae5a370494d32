/* SPDX-License-Identifier: Apache-2.0 */
#include "top/studies.h"

#include "base/buffer.h"
#include "render/terminal/text_page.h"

#define SECOND UINT64_C(1000000000)
#define SHARE 0.004          /* of a core */
#define NAMELESS_SHARE 0.001 /* of the memory in use; a smaller share waits for the next snapshot's study */
#define NAMELESS_NS (5 * SECOND)

/* Places that came since the last study are named soon, if they matter. */
static bool names_are_missing(const struct studies *studies, const struct model *model, uint64_t now_ns)
{
	return now_ns - studies->asked_ns >= NAMELESS_NS &&
	       rows_unnamed(&model->rows, &model->look) > NAMELESS_SHARE * sum_estimate(&model->look.all.in_use);
}

static bool is_wanted(struct studies *studies, const struct model *model, uint64_t now_ns)
{
	if (model->state == MODEL_ENDED)
		return !studies->is_final;
	if (!studies->asked_ns || (model->view.open && model->view.open != studies->asked_open))
		return true;
	return (model->next_number != studies->asked_number || names_are_missing(studies, model, now_ns)) &&
	       pace_allows(&studies->pace, SHARE, now_ns);
}

void studies_begin(struct studies *studies, struct model *model, uint64_t now_ns)
{
	struct study_request *request = &studies->request;
	struct error error;

	if (studies->task.pid || !is_wanted(studies, model, now_ns))
		return;
	request->open = model->view.open;
	request->columns = model->view.columns ? model->view.columns : TEXT_COLUMNS;
	studies->asked_number = model->next_number;
	studies->asked_open = model->view.open;
	studies->asked_ns = now_ns;
	studies->is_final = model->state == MODEL_ENDED;
	if (!task_start(&studies->task, study_work, request, STUDY_MOST, now_ns, &error))
		model_say(model, error.text);
}

bool studies_poll(struct studies *studies, struct model *model, uint64_t now_ns)
{
	struct study study;
	struct error error;
	double cpu_s;
	int status;

	if (!studies->task.pid || (task_read(&studies->task) && now_ns < studies->task.deadline_ns))
		return false;
	task_finish(&studies->task, &status, &cpu_s);
	pace_spend(&studies->pace, cpu_s);
	if (study_take(&study, &studies->task.got, &error))
		model_learn(model, &study);
	else
		model_say(model, error.text);
	return true;
}

void studies_end(struct studies *studies)
{
	double cpu_s;
	int status;

	if (studies->task.pid)
		task_finish(&studies->task, &status, &cpu_s);
	buffer_free(&studies->task.got);
}

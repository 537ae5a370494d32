/* SPDX-License-Identifier: Apache-2.0 */
#include "top/head.h"

#include <math.h>
#include <stdio.h>

#include "render/screen/spark.h"
#include "render/terminal/name_text.h"
#include "render/words/estimate.h"
#include "render/words/finding.h"
#include "render/words/losses.h"

enum { SPARK_COLUMNS = 16, CUT_LEAST = 8 };

/* Parts of a line: as many as fit. */
struct line {
	struct text_page *page;
	unsigned used;
};

static void part_write(struct line *line, enum text_style style, const char *separator, const char *text)
{
	const unsigned columns = text_columns(separator) + text_columns(text);

	if (!*text || line->used + columns > line->page->columns)
		return;
	buffer_append_text(line->page->out, separator);
	text_write(line->page, style, "%s", text);
	line->used += columns;
}

/* The same, cut to the room that is left. */
static void part_write_cut(struct line *line, enum text_style style, const char *separator, const char *text)
{
	const unsigned used = line->used + text_columns(separator), columns = line->page->columns;
	struct buffer cut = {0};

	if (used + CUT_LEAST <= columns) {
		beginning_append(&cut, text, columns - used);
		part_write(line, style, separator, cut.data ? cut.data : "");
	}
	buffer_free(&cut);
}

static void line_end(const struct line *line)
{
	buffer_append_byte(line->page->out, '\n');
}

static const char *state_text(const struct model *model)
{
	if (model->state == MODEL_ENDED)
		return "ENDED";
	return model->view.is_paused ? "PAUSED" : "";
}

static void program_write(struct text_page *page, const struct model *model)
{
	const struct study *study = &model->study;
	const struct look *look = &model->look;
	struct line line = {page, 0};
	struct buffer lost = {0};
	char text[96];

	snprintf(text, sizeof text, "pid %llu", (unsigned long long)model->pid);
	part_write(&line, STYLE_STRONG, "",
		   study->head && study->head->program ? study_text(study, study->head->program) : text);
	part_write(&line, STYLE_WARNING, "  ", state_text(model));
	snprintf(text, sizeof text, look->is_joined ? "joined %s ago" : "%s",
		 quantity_duration((double)(look->time_ns - look->start_ns)).text);
	part_write(&line, STYLE_PLAIN, "  ", text);
	if (look->rate > 1)
		snprintf(text, sizeof text, ", a sample every %s", quantity_bytes((double)look->rate).text);
	else
		snprintf(text, sizeof text, ", every allocation");
	part_write(&line, STYLE_PLAIN, "", text);
	if (losses_append(&lost, &model->numbers))
		part_write_cut(&line, STYLE_WARNING, ", lost: ", lost.data);
	line_end(&line);
	buffer_free(&lost);
}

/* The limit that is reached first at the leaks' pace, as of the judgement, less the time since. */
static void limit_write(struct line *line, const struct model *model)
{
	const struct study_head *head = model->study.head;
	char text[128];

	if (!head || !head->limit_name)
		return;
	const double since_s = ((double)model->look.time_ns - (double)head->judged_ns) / 1e9;
	const double left_s = fmax(head->limit_s - fmax(since_s, 0), 0);
	const bool has_ended = model->state == MODEL_ENDED;
	snprintf(text, sizeof text, "%s of %s %s %s%s", study_text(&model->study, head->limit_name),
		 quantity_bytes(head->limit).text, has_ended ? "was" : "reached in",
		 quantity_duration(left_s * 1e9).text, has_ended ? " away" : "");
	part_write(line, STYLE_WARNING, "   ", text);
}

static void known_limit_write(struct line *line, const struct model *model)
{
	char text[64];

	if ((model->study.head && model->study.head->limit_name) ||
	    !(model->look.memory_known >> SEEP_MEMORY_LIMIT & 1))
		return;
	snprintf(text, sizeof text, "limit %s", quantity_bytes((double)model->look.memory[SEEP_MEMORY_LIMIT]).text);
	part_write(line, STYLE_PLAIN, "   ", text);
}

static void memory_write(struct text_page *page, const struct model *model)
{
	const struct estimate_text now = model_in_use(model, &model->look.all.in_use);
	struct line line = {page, 0};
	struct buffer text = {0};

	spark_append(&text, model->trend.times_ns, model->trend.in_use, model->trend.count, SPARK_COLUMNS);
	part_write(&line, STYLE_PLAIN, "", "in use");
	if (text.length)
		part_write(&line, STYLE_PLAIN, " ", text.data);
	buffer_free(&text);
	part_write(&line, STYLE_STRONG, " ", now.value);
	part_write(&line, STYLE_PLAIN, " ", now.interval);
	if (model->rss) {
		buffer_printf(&text, "RSS %s", quantity_bytes((double)model->rss).text);
		part_write(&line, STYLE_PLAIN, "   ", text.data);
		buffer_free(&text);
	}
	limit_write(&line, model);
	known_limit_write(&line, model);
	line_end(&line);
}

static void finding_write(struct text_page *page, const struct model *model)
{
	static const struct {
		const char *label;
		enum text_style style;
	} findings[] = {
	    [FINDING_NO_VERDICT] = {"NO VERDICT YET", STYLE_WARNING},
	    [FINDING_NOTHING] = {"NOTHING LEAKS", STYLE_STRONG},
	    [FINDING_LEAKS] = {"LEAKING", STYLE_GROWN},
	};
	const struct study_head *head = model->study.head;
	const enum finding finding = head ? (enum finding)head->finding : FINDING_NO_VERDICT;
	struct line line = {page, 0};

	part_write(&line, findings[finding].style, "", findings[finding].label);
	part_write_cut(&line, STYLE_PLAIN, "  ",
		       head ? study_text(&model->study, head->finding_text) : "names and verdicts are being found");
	line_end(&line);
}

void head_write(struct text_page *page, const struct model *model)
{
	program_write(page, model);
	memory_write(page, model);
	finding_write(page, model);
}

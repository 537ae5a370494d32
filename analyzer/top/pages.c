/* SPDX-License-Identifier: Apache-2.0 */
#include "top/pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "render/terminal/name_text.h"
#include "render/text/place_text.h"
#include "render/words/estimate.h"

static const char help[] = "seep top reads the recording of a program that runs, and does not touch it.\n"
			   "\n"
			   "  up down k j, page up, page down, home, end   move\n"
			   "  Enter    the stacks of a place or label, the places of a function or module\n"
			   "  Esc      back; without the filter\n"
			   "  v g u c  sort by verdict, growth, in use, churn (s: the next)\n"
			   "  b        rows by place, function, module, label, thread\n"
			   "  w        growth and churn in 10 s, 1 min, 10 min\n"
			   "  /        show only what has a word in its name, file or module\n"
			   "  p        pause, and go on\n"
			   "  t        take a snapshot, as 'seep snapshot' does\n"
			   "  q        leave; the program runs on\n"
			   "\n"
			   "LEAK: old blocks are never freed, and more keep coming. LEAK?: with a caution,\n"
			   "below the table. growing: without that proof. stopped: grew, then stopped.\n"
			   "steady: level. churn: allocated and freed again. -: can't be told, or not yet.\n"
			   "Verdicts are those of 'seep leaks', made anew with each snapshot.\n"
			   "Intervals are 95 %. allocated and calls: a second, freed again or not.\n";

/* Writes the lines of a page that are visible. */
struct pager {
	struct text_page *page;
	size_t first, room, next;
};

static void pager_add(struct pager *pager, enum text_style style, const char *text, size_t length)
{
	struct buffer line = {0}, cut = {0};

	if (pager->next >= pager->first && pager->next < pager->first + pager->room) {
		buffer_append(&line, text, length);
		beginning_append(&cut, line.data ? line.data : "", pager->page->columns);
		text_write(pager->page, style, "%s", cut.data ? cut.data : "");
		buffer_append_byte(pager->page->out, '\n');
	}
	pager->next++;
	buffer_free(&line);
	buffer_free(&cut);
}

static void pager_add_lines(struct pager *pager, const char *text)
{
	while (*text) {
		const size_t length = strcspn(text, "\n");
		pager_add(pager, STYLE_PLAIN, text, length);
		text += length + (text[length] == '\n');
	}
}

/* A stack of the open place, with its present values. */
struct opened {
	const struct look_site *site;
	struct change change;
	uint32_t stack;
};

static int opened_compare(const void *left, const void *right)
{
	const struct opened *a = left, *b = right;
	const double x = sum_estimate(&a->site->tally.in_use), y = sum_estimate(&b->site->tally.in_use);

	return x == y ? 0 : x > y ? -1 : 1;
}

static size_t opened_gather(const struct model *model, struct opened *opened)
{
	const struct study *study = &model->study;
	size_t count = 0;

	for (uint32_t i = 0; i < model->look.site_count && study->head; i++) {
		const struct study_site *site = rows_site(&model->rows, study, model->look.sites[i].key);
		if (!site || (study->places[site->place].key != model->view.open &&
			      study->places[site->label].key != model->view.open))
			continue;
		opened[count] = (struct opened){.site = &model->look.sites[i]};
		change_add_site(&opened[count].change, &model->look, i, model->past);
		opened[count].stack = site->stack;
		count++;
	}
	qsort(opened, count, sizeof *opened, opened_compare);
	return count;
}

static void opened_write(struct pager *pager, const struct model *model, const struct opened *opened)
{
	const struct estimate_text now = model_in_use(model, &opened->site->tally.in_use);
	const struct estimate_text growth = model_growth(model, &opened->change);
	const double seconds = model_seconds(model);
	struct buffer line = {0};

	buffer_printf(&line, "in use %s %s", now.value, now.interval);
	if (model->past)
		buffer_printf(&line, "  %s %s in %.0f s  %s", growth.value, growth.interval, seconds,
			      quantity_bytes_rate(opened->change.allocated_bytes / seconds).text);
	pager_add(pager, STYLE_PLAIN, line.data, line.length);
	buffer_free(&line);
	if (opened->stack)
		pager_add_lines(pager, study_text(&model->study, opened->stack));
	pager_add(pager, STYLE_PLAIN, "", 0);
}

/* Names the place, and says what is known about it. */
static void title_write(struct pager *pager, const struct model *model)
{
	const struct study *study = &model->study;
	struct buffer line = {0};

	for (uint32_t i = 0; study->head && i < study->head->place_count; i++) {
		const struct study_place *place = &study->places[i];
		if (place->key != model->view.open)
			continue;
		place_parts_append(&line, study_text(study, place->source), study_text(study, place->function),
				   place->stacks, pager->page->columns);
		pager_add(pager, STYLE_STRONG, line.data, line.length);
		if (place->evidence) {
			struct text_page words = {&line, pager->page->columns, false};
			line.length = 0;
			text_write_words(&words, STYLE_PLAIN, study_text(study, place->evidence), 0);
			pager_add_lines(pager, line.data);
		}
		pager_add(pager, STYLE_PLAIN, "", 0);
		break;
	}
	buffer_free(&line);
}

static void stacks_write(struct pager *pager, const struct model *model)
{
	struct opened *opened = memory_allocate(model->look.site_count + 1u, sizeof *opened);
	const size_t count = opened_gather(model, opened);

	title_write(pager, model);
	if (!model->study.head || model->study.head->open != model->view.open)
		pager_add(pager, STYLE_FAINT, "the frames are being named", 26);
	for (size_t i = 0; i < count; i++)
		opened_write(pager, model, &opened[i]);
	free(opened);
}

void pages_write(struct text_page *page, struct model *model, unsigned lines)
{
	struct view *view = &model->view;
	struct pager pager = {.page = page, .first = view->line, .room = lines - 1};

	view->visible = pager.room;
	if (view->wants_help)
		pager_add_lines(&pager, help);
	else
		stacks_write(&pager, model);
	view->lines = pager.next;
	for (size_t i = pager.next < pager.first ? pager.first : pager.next; i < pager.first + pager.room; i++)
		buffer_append_byte(page->out, '\n');
	pages_write_keys(page, model);
}

void pages_write_keys(struct text_page *page, const struct model *model)
{
	const struct view *view = &model->view;
	char line[300];

	if (view->is_typing)
		snprintf(line, sizeof line, "show only: %s_   Enter: keep it   Esc: all", view->filter);
	else if (*model->said)
		snprintf(line, sizeof line, "%s", model->said);
	else if (view->wants_help || view->open)
		snprintf(line, sizeof line, "Esc back   up down move   p pause   ? keys   q quit");
	else if (*view->filter)
		snprintf(line, sizeof line, "only %s (Esc: all)  q quit  ? help  Enter stacks  b rows  p pause",
			 view->filter);
	else
		snprintf(line, sizeof line, "q quit  ? help  Enter stacks  v g u c sort: %s  b rows  / filter  p pause",
			 row_sort_names[view->sort]);
	struct buffer cut = {0};
	beginning_append(&cut, line, page->columns);
	text_write(page, *model->said || view->is_typing ? STYLE_WARNING : STYLE_FAINT, "%s", cut.data);
	buffer_free(&cut);
}

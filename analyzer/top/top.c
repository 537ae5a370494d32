/* SPDX-License-Identifier: Apache-2.0 */
#include "top/top.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "base/message.h"
#include "files/output.h"
#include "target/take_snapshot.h"
#include "top/screen.h"
#include "top/studies.h"
#include "top/terminal.h"
#include "work/clock.h"

#define LOOK_NS UINT64_C(500000000)
#define LOOK_SHARE 0.006                   /* of a core at most: looks that take longer become fewer */
#define PRINT_LOOK_NS UINT64_C(5000000000) /* between looks, for tables: a window of a minute has as many steps */
#define SNAPSHOT_MOST 4096

struct top {
	struct model model;
	struct studies studies;
	struct task snapshot;
	uint64_t look_ns; /* when the next look is due */
	bool is_costly;   /* the time since the last wait counts as a look's */
};

/* ---- a snapshot, in a task: the keeper may take its time ---- */

static void snapshot_work(struct buffer *answer, const void *context)
{
	const char *directory = context;
	char name[32];
	struct error error;

	dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
	if (target_snapshot(directory, name, &error))
		buffer_printf(answer, "snapshot %s is in the recording", name);
	else
		buffer_append_text(answer, error.text);
}

static void snapshot_begin(struct top *top)
{
	struct model *model = &top->model;
	struct error error;

	model->view.wants_snapshot = false;
	if (top->snapshot.pid)
		return;
	model_say(model, "a snapshot is being taken");
	if (!task_start(&top->snapshot, snapshot_work, model->directory, SNAPSHOT_MOST, clock_monotonic_ns(), &error))
		model_say(model, error.text);
}

static bool snapshot_poll(struct top *top)
{
	double cpu_s;
	int status;

	if (!top->snapshot.pid || task_read(&top->snapshot))
		return false;
	task_finish(&top->snapshot, &status, &cpu_s);
	model_say(&top->model, top->snapshot.got.length ? top->snapshot.got.data : "the snapshot could not be taken");
	buffer_free(&top->snapshot.got);
	return true;
}

/* ---- the terminal ---- */

static void screen_draw(struct top *top)
{
	struct buffer text = {0};
	struct text_page page = {.out = &text, .colored = true};
	unsigned lines, selected = 0;

	terminal_size(&page.columns, &lines);
	if (page.columns < SCREEN_COLUMNS_LEAST || lines < SCREEN_ROWS_LEAST) {
		buffer_printf(&text, "%u x %u: seep top needs %d x %d (q quits)", page.columns, lines,
			      SCREEN_COLUMNS_LEAST, SCREEN_ROWS_LEAST);
		selected = lines;
	} else {
		selected = screen_write(&page, &top->model, lines);
	}
	terminal_draw(&text, selected);
	buffer_free(&text);
}

/* Looks, if a look is due. */
static bool look(struct top *top)
{
	struct model *model = &top->model;
	const uint64_t now = clock_monotonic_ns();

	if (model->view.is_paused || model->state == MODEL_ENDED || now < top->look_ns)
		return false;
	top->look_ns = now - top->look_ns < LOOK_NS ? top->look_ns + LOOK_NS : now + LOOK_NS;
	top->is_costly = true;
	model_look(model);
	if (model->state == MODEL_ENDED)
		snprintf(model->said, sizeof model->said,
			 "the program has ended; this is its last state (q quits); next: seep leaks %.120s",
			 model->directory);
	return true;
}

static bool keys_take(struct top *top)
{
	struct view *view = &top->model.view;
	bool is_changed = false;

	for (int key; (key = terminal_key()) >= 0;) {
		const enum window_length window = view->window;
		const bool wanted_threads = view->by == ROW_THREAD;
		if (top->model.state == MODEL_RUNS && !top->snapshot.pid)
			model_say(&top->model, "");
		is_changed |= key == KEY_CODE_RESIZE || view_key(view, key, &top->model.rows, &top->model.study);
		if (view->window != window || (view->by == ROW_THREAD) > wanted_threads)
			top->look_ns = 0; /* only a look tells what is young, and whose it is */
	}
	if (view->wants_snapshot)
		snapshot_begin(top);
	return is_changed;
}

/* Waits until something is due or has arrived. False: the terminal is gone. */
static bool await(const struct top *top)
{
	const struct model *model = &top->model;
	struct pollfd waits[] = {
	    {STDIN_FILENO, POLLIN, 0},
	    {top->studies.task.pid ? top->studies.task.pipe : -1, POLLIN, 0},
	    {top->snapshot.pid ? top->snapshot.pipe : -1, POLLIN, 0},
	};
	const bool is_looking = !model->view.is_paused && model->state == MODEL_RUNS;
	const uint64_t now = clock_monotonic_ns();
	const int wait_ms = !is_looking ? 1000 : now < top->look_ns ? (int)((top->look_ns - now) / 1000000u) + 1 : 0;

	poll(waits, sizeof waits / sizeof *waits, wait_ms);
	return !(waits[0].revents & (POLLHUP | POLLERR | POLLNVAL));
}

static void look_put_off(struct top *top, uint64_t cost_ns)
{
	const uint64_t next_ns = clock_monotonic_ns() + (uint64_t)((double)cost_ns / LOOK_SHARE);

	if (top->is_costly && top->look_ns && next_ns > top->look_ns)
		top->look_ns = next_ns;
	top->is_costly = false;
}

static void show_loop(struct top *top)
{
	struct model *model = &top->model;
	bool is_there = true;

	while (is_there && !model->view.wants_end) {
		const uint64_t begun_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
		bool is_changed = look(top);
		studies_begin(&top->studies, model, clock_monotonic_ns());
		is_changed |= studies_poll(&top->studies, model, clock_monotonic_ns());
		is_changed |= snapshot_poll(top);
		is_changed |= keys_take(top);
		if (is_changed) {
			model_arrange(model);
			screen_draw(top);
		}
		look_put_off(top, clock_ns(CLOCK_PROCESS_CPUTIME_ID) - begun_ns);
		is_there = await(top);
	}
}

static bool top_open(struct top *top, const struct top_request *request, struct error *error)
{
	*top = (struct top){.studies = {.request = request->study}};
	if (!model_open(&top->model, request->study.directory, error))
		return false;
	top->model.view.by = request->by;
	top->model.view.sort = request->sort;
	return true;
}

static void top_close(struct top *top)
{
	double cpu_s;
	int status;

	studies_end(&top->studies);
	if (top->snapshot.pid)
		task_finish(&top->snapshot, &status, &cpu_s);
	buffer_free(&top->snapshot.got);
	model_close(&top->model);
}

bool top_show(const struct top_request *request, struct error *error)
{
	struct top top;

	if (!top_open(&top, request, error))
		return false;
	const bool is_open = terminal_open(error);
	if (is_open)
		show_loop(&top);
	terminal_close();
	top_close(&top);
	return is_open;
}

/* ---- tables ---- */

/* Waits until then; meanwhile looks, and takes what studies bring. */
static void print_await(struct top *top, uint64_t until_ns)
{
	struct model *model = &top->model;

	for (uint64_t now; (now = clock_monotonic_ns()) < until_ns && model->state == MODEL_RUNS;) {
		const uint64_t next = top->look_ns < until_ns ? top->look_ns : until_ns;
		struct pollfd wait = {top->studies.task.pid ? top->studies.task.pipe : -1, POLLIN, 0};
		studies_begin(&top->studies, model, now);
		studies_poll(&top->studies, model, now);
		poll(&wait, 1, next > now ? (int)((next - now) / 1000000u) + 1 : 0);
		if (clock_monotonic_ns() < top->look_ns)
			continue;
		model_look(model);
		top->look_ns = clock_monotonic_ns() + PRINT_LOOK_NS;
	}
}

/* Waits for names and verdicts as of now, or as of the end. */
static void study_await(struct top *top)
{
	struct model *model = &top->model;

	studies_begin(&top->studies, model, clock_monotonic_ns());
	while (top->studies.task.pid && !studies_poll(&top->studies, model, clock_monotonic_ns()))
		poll(&(struct pollfd){top->studies.task.pipe, POLLIN, 0}, 1, 1000);
}

static bool print_table(struct top *top, const struct top_request *request, struct error *error)
{
	struct buffer text = {0};
	struct text_page page = text_page_for(&text, STDOUT_FILENO);

	model_arrange(&top->model);
	screen_write_table(&page, &top->model, request->rows);
	buffer_append_byte(&text, '\n');
	if (*top->model.said)
		message("%s", top->model.said);
	model_say(&top->model, "");
	const bool is_written = output_write_buffer(&text, NULL, error);
	buffer_free(&text);
	return is_written;
}

bool top_print(const struct top_request *request, struct error *error)
{
	struct top top;
	uint64_t next_ns = clock_monotonic_ns();
	bool is_fine = top_open(&top, request, error);

	if (!is_fine)
		return false;
	for (uint32_t i = 0; is_fine && top.model.state == MODEL_RUNS; i++) {
		model_look(&top.model);
		study_await(&top);
		is_fine = print_table(&top, request, error);
		if (request->count && i + 1 >= request->count)
			break;
		next_ns += request->interval_ns;
		top.look_ns = clock_monotonic_ns() + PRINT_LOOK_NS;
		print_await(&top, next_ns);
	}
	top_close(&top);
	return is_fine;
}

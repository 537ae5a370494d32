/* SPDX-License-Identifier: Apache-2.0 */
#include "top/choose.h"

#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/message.h"
#include "render/terminal/name_text.h"
#include "render/terminal/text_page.h"
#include "target/running.h"
#include "top/terminal.h"
#include "top/view.h"

static void list_write(struct buffer *out, const struct running_list *list, size_t first, unsigned columns,
		       unsigned lines)
{
	buffer_printf(out, "%zu programs are being recorded. Enter: this one   up down: another   q: none\n\n",
		      list->count);
	for (size_t i = first; i < list->count && i - first + 2 < lines; i++) {
		struct buffer line = {0}, cut = {0};
		buffer_printf(&line, "%8llu  %-16s  ", (unsigned long long)list->each[i].pid, list->each[i].name);
		text_append_safe(&line, list->each[i].directory);
		beginning_append(&cut, line.data, columns < 8 ? 8 : columns);
		buffer_printf(out, "%s\n", cut.data);
		buffer_free(&line);
		buffer_free(&cut);
	}
}

/* Returns the chosen index; `count`: none. */
static size_t list_show(const struct running_list *list)
{
	struct pollfd input = {STDIN_FILENO, POLLIN, 0};
	size_t at = 0;

	for (;;) {
		struct buffer text = {0};
		unsigned columns, lines;
		terminal_size(&columns, &lines);
		const size_t room = lines > 3 ? lines - 2 : 1, first = at < room ? 0 : at - room + 1;
		list_write(&text, list, first, columns, lines);
		terminal_draw(&text, (unsigned)(at - first) + 2);
		buffer_free(&text);
		poll(&input, 1, -1);
		const int key = terminal_key();
		if (key == KEY_CODE_ENTER)
			return at;
		if (key == 'q' || key == KEY_CODE_ESCAPE || input.revents & (POLLHUP | POLLERR))
			return list->count;
		if ((key == KEY_CODE_DOWN || key == 'j') && at + 1 < list->count)
			at++;
		if ((key == KEY_CODE_UP || key == 'k') && at > 0)
			at--;
	}
}

static bool several(const struct running_list *list, struct error *error)
{
	for (size_t i = 0; i < list->count; i++)
		message("%llu  %s  %s", (unsigned long long)list->each[i].pid, list->each[i].name,
			list->each[i].directory);
	return error_set(error, "%zu programs are being recorded: name one of them", list->count);
}

static bool lies_below(const char *path, const char *directory)
{
	char real[PATH_MAX];

	if (!realpath(directory, real))
		return false;
	const size_t length = strlen(real);
	return strncmp(path, real, length) == 0 && path[length] == '/';
}

static void list_keep(struct running_list *list, const char *const *within, size_t within_count)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		bool is_within = false;
		for (size_t k = 0; k < within_count && !is_within; k++)
			is_within = lies_below(list->each[i].directory, within[k]);
		if (is_within)
			list->each[kept++] = list->each[i];
		else
			free(list->each[i].directory);
	}
	list->count = kept;
}

bool choose_recording(char **directory, const char *const *within, size_t within_count, struct error *error)
{
	struct running_list list;
	bool is_fine = true;
	size_t chosen = 0;

	*directory = NULL;
	running_find(&list);
	if (within_count)
		list_keep(&list, within, within_count);
	if (list.count == 0)
		is_fine = error_set(
		    error, within_count
			       ? "no process of this service is being recorded"
			       : "no program is being recorded: 'seep run' starts one, 'seep attach' joins one");
	else if (list.count > 1 && !terminal_is_there())
		is_fine = several(&list, error);
	else if (list.count > 1 && (is_fine = terminal_open(error)))
		chosen = list_show(&list);
	terminal_close();
	if (is_fine && chosen < list.count)
		*directory = memory_copy_text(list.each[chosen].directory);
	running_free(&list);
	return is_fine;
}

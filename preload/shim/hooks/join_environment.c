/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that was joined executes others with its environment, so our
 * variables have to be in it: in a new list, because the old one has no room.
 * seep puts it into the old one's place when the hooks are in. The texts lie in
 * seep_join. When seep leaves, it empties them there, so that copies of the
 * list lose them, too.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "keeper/base/syscall.h"
#include "keeper/base/text.h"
#include "shim/host/joined.h"
#include "shim/host/options.h"
#include "shim/hooks/lifecycle.h"

#define PRELOAD "LD_PRELOAD="

static char **list;
static size_t capacity; /* pointers */

static size_t list_length(char *const *from)
{
	size_t length = 0;
	while (from && from[length])
		length++;
	return length;
}

/* Room for a list; the old one's is used again unless it is in use. */
static bool list_reserve(size_t count, char *const *in_use)
{
	if (list && count <= capacity && in_use != list)
		return true;
	size_t bytes = (2 * count * sizeof *list + 4095) & ~(size_t)4095;
	void *made = system_map(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (system_failed(made))
		return false;
	list = made;
	capacity = bytes / sizeof *list;
	return true;
}

static bool names_same(const char *left, const char *right)
{
	size_t length = strcspn(left, "=");
	return strncmp(left, right, length + 1) == 0;
}

static bool is_set_anew(const char *variable, char *const *settings)
{
	for (; *settings; settings++)
		if (names_same(*settings, variable))
			return true;
	return false;
}

/* Our library comes first: the loader would ask those before it first. */
static bool preload_join(const char *ours, const char *before)
{
	struct text now = text_begin(seep_join.preload, sizeof seep_join.preload);
	struct text was = text_begin(seep_join.preload_was, sizeof seep_join.preload_was);
	text_add(&was, PRELOAD);
	text_add(&was, before ? before : "");
	text_add(&now, ours);
	text_add(&now, before && *before ? ":" : "");
	text_add(&now, before ? before : "");
	return !now.cut && !was.cut;
}

void environment_follow(char *const *settings)
{
	char ***variables = host_environ(), **before = variables ? *variables : NULL;
	size_t count = 0;
	const char *preload = options_variable(settings, "LD_PRELOAD");
	if (!preload || !variables || !list_reserve(list_length(before) + list_length(settings) + 1, before) ||
	    !preload_join(preload - sizeof PRELOAD + 1, options_variable(before, "LD_PRELOAD")))
		return;
	for (; before && *before; before++)
		if (!is_set_anew(*before, settings))
			list[count++] = *before;
	for (; *settings; settings++)
		list[count++] = names_same(PRELOAD, *settings) ? seep_join.preload : *settings;
	list[count] = NULL;
	seep_join.environ_was = (uintptr_t)*variables;
	seep_join.environ_is = (uintptr_t)list;
	seep_join.environ_count = count;
	seep_join.environ_at = (uintptr_t)variables;
}

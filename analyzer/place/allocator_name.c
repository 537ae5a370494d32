/* SPDX-License-Identifier: Apache-2.0 */
/* Looks for words in names, leaving out brackets' contents and everything behind a dot first. */
#include "place/allocator_name.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/demangled.h"

/* Whether two neighbouring letters may begin one of the words below. Most names have no such pair, and programs have
 * millions of names. */
static bool may_say_allocator(const char *name)
{
#define PAIR(first, second) ((first) << 8 | (second))
	for (; *name; name++)
		switch (PAIR(name[0] | 0x20, name[1] | 0x20)) {
		case PAIR('a', 'l'): /* alloc, memalign */
		case PAIR('d', 'u'): /* dup */
		case PAIR('g', 'e'): /* get */
		case PAIR('t', 'a'): /* take, obtain */
		case PAIR('e', 'w'):
		case PAIR('o', 'w'): /* grow */
		case PAIR('o', 'o'): /* makeroom */
		case PAIR('v', 'e'): /* reserve */
		case PAIR('z', 'e'): /* resize */
			return true;
		}
	return false;
#undef PAIR
}

static bool has_any(const char *name, const char *const *words)
{
	for (; *words; words++)
		if (strcasestr(name, *words))
			return true;
	return false;
}

static bool ends_in_any(const char *name, size_t length, const char *const *ends)
{
	for (; *ends; ends++) {
		const size_t end = strlen(*ends);
		if (length >= end && strcasecmp(name + length - end, *ends) == 0)
			return true;
	}
	return false;
}

int name_says_allocator(const char *function)
{
	static const char *const allocators[] = {"malloc",  "calloc", "realloc",  "zalloc", "strdup",
						 "strndup", "memdup", "memalign", NULL};
	static const char *const ends[] = {"new",    "newobj",  "newlen",   "newmem",      "grow",
					   "resize", "reserve", "makeroom", "makeroomfor", NULL};
	static const char *const stores[] = {"arena", "pool", "slab", "heap", "mem", NULL};
	static const char *const gets[] = {"get", "take", "obtain", NULL};
	char name[128];
	size_t length = 0;

	if (!may_say_allocator(function))
		return 0;
	for (struct name_token token = {.end = name_behind_type(function)}; name_token_next(&token);) {
		const size_t bytes = (size_t)(token.end - token.at);
		if (name_token_is_parameters(function, &token) || strchr(".@ ", *token.at) ||
		    length + bytes >= sizeof name)
			break;
		memcpy(name + length, token.at, token.bracket ? 0 : bytes);
		length += token.bracket ? 0 : bytes;
	}
	while (length > 0 && !isalpha((unsigned char)name[length - 1]))
		length--;
	name[length] = '\0';
	if (has_any(name, allocators))
		return 2;
	if (ends_in_any(name, length, ends) || (ends_in_any(name, length, gets) && has_any(name, stores)))
		return 1;
	return strcasestr(name, "alloc") ? 1 : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Values of options, as the command line and the environment take them: sizes with K, M, G (powers of 1024), times with
 * ms, s, m, h (seconds without). Each returns false for anything else, leaving the result alone. */
#ifndef SEEP_OPTIONS_ARGUMENT_H
#define SEEP_OPTIONS_ARGUMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "options/command.h"

/* Types of options, by what becomes of the field. */
extern const struct option_type option_text;      /* const char *: the value, which is not empty */
extern const struct option_type option_directory; /* const char *: the path of one */
extern const struct option_type option_word;      /* int or an enum: the index into the option's words */
extern const struct option_type option_count;     /* uint32_t, from 1 up; a larger number counts as the largest */
extern const struct option_type option_list;      /* struct argument_list: every value that is given */
extern const struct option_type option_time;      /* uint64_t: ns, more than 0 */
extern const struct option_type option_service;   /* const char *: a service's name */

/* The values of an option that may be repeated. The texts are the command line's, and are not copied. Nobody frees the
 * list: the command's request, which has it, is static. */
struct argument_list {
	const char **items;
	size_t count, capacity;
};

/* The option of every command that shows names of functions; its field is a const char *. */
enum { OPTION_SYMBOLS = 512 };
#define SYMBOLS_OPTION(field)                                                                                          \
	{                                                                                                              \
		OPTION_SYMBOLS, "symbols", "DIR", "look for debug files there first", &option_directory, field, NULL   \
	}

/* The option of the commands that show one moment of a recording; its field is a bool. */
enum { OPTION_LAST = 514 };
#define LAST_OPTION(field)                                                                                             \
	{                                                                                                              \
		OPTION_LAST, "last", NULL, "a recording's very last snapshot, shutdown included", NULL, field, NULL    \
	}

/* The option of the commands that show sites; its field is a bool. */
enum { OPTION_MAPPINGS = 516 };
#define MAPPINGS_OPTION(field)                                                                                         \
	{                                                                                                              \
		OPTION_MAPPINGS, "mappings", NULL, "memory mapped by mmap, sbrk, shmat; not the heap", NULL, field,    \
		    NULL                                                                                               \
	}

/* The option of the commands whose rows are places; its field is a const char *. */
enum { OPTION_WRAPPER = 513 };
#define WRAPPER_OPTION(field)                                                                                          \
	{                                                                                                              \
		OPTION_WRAPPER, "wrapper", "NAMES", "functions that only call malloc: a,b*,... or @FILE",              \
		    &option_text, field, NULL                                                                          \
	}

/* The option of the commands that show source lines; its field is a struct argument_list. */
enum { OPTION_SOURCE_PATH = 515 };
#define SOURCE_PATH_OPTION(field)                                                                                      \
	{                                                                                                              \
		OPTION_SOURCE_PATH, "source-path", "DIR", "where sources are; FROM=TO: folder FROM is here TO",        \
		    &option_list, field, NULL                                                                          \
	}

bool argument_parse_bytes(const char *text, uint64_t *bytes);
bool argument_parse_time(const char *text, uint64_t *time_ns);
bool argument_parse_count(const char *text, uint64_t *count);

#endif

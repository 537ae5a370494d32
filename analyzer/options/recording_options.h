/* SPDX-License-Identifier: Apache-2.0 */
/* The options of the commands that begin a recording. libseep.so reads their values as text, so a valid value is handed
 * on as it was given. */
#ifndef SEEP_OPTIONS_RECORDING_OPTIONS_H
#define SEEP_OPTIONS_RECORDING_OPTIONS_H

#include "options/command.h"

/* The values as they were given; NULL: not given. */
struct recording_wish {
	const char *rate, *interval, *output, *delay, *follow, *unwinder, *heap, *headroom, *service;
	bool linked; /* --static: hook an allocator that is a part of the program */
};

extern const struct option_type option_rate, option_time_text, option_word_text, option_headroom;
extern const char *const follow_words[], *const heap_words[], *const unwinder_words[];

enum { OPTION_FOLLOW = 600, OPTION_STATIC, OPTION_UNWINDER, OPTION_HEAP, OPTION_LIMIT_HEADROOM };

/* Rows of an option table; `field` gives the offset of a member of the request's struct recording_wish. */
#define RECORDING_OPTIONS_MAIN(field)                                                                                  \
	{'r', "rate", "BYTES", "a sample every so many bytes (512K); 1: all", &option_rate, field(rate), NULL},        \
	    {'i',                                                                                                      \
	     "interval",                                                                                               \
	     "TIME",                                                                                                   \
	     "a snapshot every TIME (10s); 0: only at the end",                                                        \
	     &option_time_text,                                                                                        \
	     field(interval),                                                                                          \
	     NULL},                                                                                                    \
	    {'o',          "output",      "DIR", "recording; %c command, %p pid, %h host (seep.%c.%p)",                \
	     &option_text, field(output), NULL},                                                                       \
	{                                                                                                              \
		OPTION_LIMIT_HEADROOM, "limit-headroom", "N", "a snapshot when a memory limit leaves less (10%)",      \
		    &option_headroom, field(headroom), NULL                                                            \
	}
#define RECORDING_OPTIONS_REST(field)                                                                                  \
	{OPTION_FOLLOW,     "follow",      "none|all",  "record the processes that it starts, too (all)",              \
	 &option_word_text, field(follow), follow_words},                                                              \
	    {OPTION_STATIC, "static",      NULL, "hook an allocator that is a part of the program",                    \
	     NULL,          field(linked), NULL},                                                                      \
	    {OPTION_HEAP,       "heap",      "PLACE",   "where the heap file is: memory, recording, auto",             \
	     &option_word_text, field(heap), heap_words},                                                              \
	{                                                                                                              \
		OPTION_UNWINDER, "unwinder", "NAME", "stack unwinder: walker, libunwind, frame-pointers",              \
		    &option_word_text, field(unwinder), unwinder_words                                                 \
	}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of options, as the command line and the environment take them: sizes
 * with K, M, G (powers of 1024), times with ms, s, m, h (seconds without).
 * Each returns false for anything else, leaving the result alone.
 */
#ifndef SEEP_COMMANDS_ARGUMENT_H
#define SEEP_COMMANDS_ARGUMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "commands/command.h"

/* Types of options, by what becomes of the field. */
extern const struct option_type option_text;  /* const char *: the value, which is not empty */
extern const struct option_type option_word;  /* int or an enum: the index into the option's words */
extern const struct option_type option_count; /* uint64_t, from 1 up */
extern const struct option_type option_time;  /* uint64_t: ns, more than 0 */

bool argument_parse_bytes(const char *text, uint64_t *bytes);
bool argument_parse_time(const char *text, uint64_t *time_ns);
bool argument_parse_count(const char *text, uint64_t *count);

#endif

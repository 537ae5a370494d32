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

bool argument_parse_bytes(const char *text, uint64_t *bytes);
bool argument_parse_time(const char *text, uint64_t *time_ns);
bool argument_parse_count(const char *text, uint64_t *count);

#endif

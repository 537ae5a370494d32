/* SPDX-License-Identifier: Apache-2.0 */
/* Amounts and days in the form that a file of budgets has. Each returns false for anything else. */
#ifndef SEEP_CHECK_FILE_AMOUNT_H
#define SEEP_CHECK_FILE_AMOUNT_H

#include <stdbool.h>
#include <stdint.h>

/* "64K", "1.5M", "2G", "300": K, M and G are powers of 1024. */
bool amount_parse(const char *text, double *amount);

/* "+10%" as the factor 1.1. */
bool growth_parse(const char *text, double *factor);

/* "2027-01-31" as the first second of the day after, in UTC, since 1970. */
bool day_parse(const char *text, int64_t *end);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A row of a check in words, for every format. */
#ifndef SEEP_RENDER_CHECK_CHECK_WORDS_H
#define SEEP_RENDER_CHECK_CHECK_WORDS_H

#include "base/buffer.h"
#include "check/check.h"

/* "1 of 3 budgets fails, 1 is undecided" */
void check_words_summary(struct buffer *out, const struct check *check);

/* "26.1 KiB [25.0, 27.3] allocated for each unit of work, at most 22.0 KiB (+10 % of the base's 20.0 KiB)" */
void check_words_value(struct buffer *out, const struct check_row *row);

/* For an undecided row, why, and what would decide it; for a failure, how sure it is. Nothing for a row that passes. */
void check_words_sureness(struct buffer *out, const struct check_row *row);

/* The place: "handle_request http.c:120"; for a budget about more, with its share of that. False: nothing. */
bool check_words_place(struct buffer *out, const struct check_row *row);

/* "owner: web. Reason: ..."; false: nothing. */
bool check_words_owner(struct buffer *out, const struct check_row *row);

/* The whole row without its name, on one line. */
void check_words_row(struct buffer *out, const struct check_row *row);

/* The command that shows a row's flame graph. False: there is none. */
bool check_words_command(struct buffer *out, const struct check *check, const struct check_row *row);

/* Says that a suppression has expired. */
void check_words_expired(struct buffer *out, const struct suppression *suppression);

#endif

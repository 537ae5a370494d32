/* SPDX-License-Identifier: Apache-2.0 */
/* A place on one line, and the way to it on another. */
#ifndef SEEP_TEXT_PLACE_TEXT_H
#define SEEP_TEXT_PLACE_TEXT_H

#include "base/buffer.h"
#include "compare/group.h"
#include "compare/spread_place.h"
#include "render/terminal/text_page.h"

/* "svc.cpp:63-66  handle_request  7 stacks" in at most `columns` columns. False: what is left of the name does
 * not tell it. */
bool place_text_append(struct buffer *out, const struct group *group, unsigned columns);

/* The same in parts: "svc.cpp:63-66" or "", as the second function appends it; the function's name; the number of
 * stacks. */
void place_parts_append(struct buffer *out, const char *source, const char *function, uint32_t stacks,
			unsigned columns);
void place_text_append_source(struct buffer *out, const struct group *group);

/* "was old_name" if another build had that name; "via Cache::get_or_load svc.cpp:37 <- worker_loop svc.cpp:83": the
 * program's own calls that all of the place's stacks share, as far as there is room. Nothing if the place is the
 * program's outermost call. Before them "in Cache::get_or_load" if the row above has only `row_columns` columns for the
 * place (0: any number) and cuts its name there. */
void place_text_append_callers(struct buffer *out, const struct group *group, unsigned columns, unsigned row_columns);

/* "luaF_newproto and below", "all over libfoo.so", "under label checkout", "all over the program", in at most `columns` columns, 20 or more. */
void spread_name_append(struct buffer *out, const struct spread_place *spread, unsigned columns);

/* Ends a table row whose text begins in column `start` with the same, and adds a line with the number of stacks and
 * places. */
void spread_write(struct text_page *page, const struct spread_place *spread, unsigned start);

#endif

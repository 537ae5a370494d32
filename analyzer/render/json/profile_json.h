/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a JSON document that report and diff share: where a profile comes from, its losses and notes, and a
 * site. Every function writes keys and values into an object that the caller has begun. */
#ifndef SEEP_JSON_PROFILE_JSON_H
#define SEEP_JSON_PROFILE_JSON_H

#include <stdbool.h>

#include "compare/spreads.h"
#include "base/json.h"
#include "compare/group.h"
#include "statistics/interval.h"

/* "source", "process", "snapshot", "rate", "memory". */
void json_profile(struct json *json, const struct profile *profile);

/* "losses": events by name, since recording began; `samples` is all that is missing from in-use. */
void json_losses(struct json *json, const struct profile *profile);

/* "notes": texts. */
void json_notes(struct json *json, const struct profile *profile);

/* A whole number, or null if it is unknown. */
void json_known(struct json *json, const char *key, double value, bool is_known);

/* "inuse_bytes" to "alloc_objects"; null if the profile lacks them. The interval is that of the bytes in use; NULL:
 * unknown. */
void json_values(struct json *json, const struct profile *of, const struct seep_measure *in_use,
		 const struct seep_measure *allocated, const struct interval *in_use_bytes);

/* The outer frames of stacks, which many of them share, as they were written: for all sites of a document. */
struct stack_texts *stack_texts_create(void);
void stack_texts_free(struct stack_texts *texts);

/* The fields of SITE: "id" to "stack". The interval is that of the bytes in use. */
struct json_site {
	const struct group *group;
	const struct profile *values_of; /* the group may come from another profile */
	const struct seep_measure *in_use, *allocated;
	struct interval in_use_bytes;
	bool has_interval;
	struct stack_texts *texts;
};
void json_site_fields(struct json *json, const struct json_site *site, enum group_by by);

/* The places of a spread, and how many they are. */
void json_spread_place(struct json *json, const struct spread_place *spread);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said about a process beside its profile: names and values, each name once, sorted by name. They come from
 * --label, from OTEL_RESOURCE_ATTRIBUTES, and from a file as Kubernetes' downward API writes it; the first of these
 * that has a name wins.
 */
#ifndef SEEP_PUSH_LABELS_H
#define SEEP_PUSH_LABELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "profile/profile.h"

struct label {
	char *name, *value;
};

struct labels { /* zero-initialise */
	struct label *each;
	size_t count, capacity;
};

/* These add labels, unless there is one of that name. A name has letters, digits, "_" and ".", and begins neither with a
 * digit nor with "__". False: a name is not like that, or a value is empty or not UTF-8. */
/* "NAME=VALUE". */
bool labels_add_text(struct labels *labels, const char *text, struct error *error);
/* "a=b,c=d", percent-encoded: the form of OTEL_RESOURCE_ATTRIBUTES. */
bool labels_add_list(struct labels *labels, const char *text, struct error *error);
/* Lines NAME="VALUE", with \" \\ and \n in the value; in a name, characters that a label may not have (a slash) are
 * replaced. */
bool labels_add_file(struct labels *labels, const char *path, struct error *error);
/* NULL: there is none. */
const char *labels_find(const struct labels *labels, const char *name);
/* Makes a process's own labels, beside those of all processes; at most as many as the server takes, with the service's
 * name among them. Returns how many are left out. `service`: NULL: the command's name. `most`: 0: all. */
uint64_t labels_of_process(struct labels *labels, const struct labels *of_all, const char *service,
			   const struct profile *now, uint32_t most);
void labels_free(struct labels *labels);

#endif

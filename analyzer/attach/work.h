/* SPDX-License-Identifier: Apache-2.0 */
/* What joining, leaving and binding of later modules have in common: a traced process, its loaded modules, and the
 * library's block in it. */
#ifndef SEEP_ATTACH_WORK_H
#define SEEP_ATTACH_WORK_H

#include <seep/join.h>

#include "attach/bindings.h"
#include "attach/join_result.h"
#include "inline/patch.h"
#include "tracing/loaded.h"
#include "tracing/tracees.h"

struct work {
	pid_t pid;
	double pause_ms;
	struct remote remote;
	struct tracees tracees;
	struct loaded loaded;
	const struct loaded_module *shim;
	uint64_t block; /* the address of seep_join in the process; 0: the library is not there */
	uint64_t table; /* the address of seep_linked */
	struct seep_join join;
	bool confined;       /* seccomp confines the process */
	bool begun;          /* the library was told to record */
	struct patch *patch; /* hooks an allocator that is a part of the program; NULL: none is hooked */
};

/* Finds libseep.so and its block. Two seeps that join at the same moment may each have brought one: then this finds the
 * one that has recorded, and the other stays idle. */
const struct loaded_module *shim_find(const struct loaded *loaded, const struct remote *remote, uint64_t *block);

/* Begins to trace; nothing is stopped. False: nothing is held. */
bool work_begin(struct work *work, pid_t pid, double pause_ms, struct error *error);

/* Stops tracing the process. `result` may be NULL. */
void work_end(struct work *work, struct join_result *result);

/* Whether the library in the process records. */
bool work_is_joined(const struct work *work);

/* Stops the process at a moment at which its list of modules is known, and so are the bindings. */
bool work_stop(struct work *work, struct bindings *bindings, struct error *error);

/* Puts the hooks in. With `again`, the threads forget an earlier recording first. */
bool work_put_in(struct work *work, bool again, struct join_result *result, struct error *error);

#endif

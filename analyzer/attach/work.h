/* SPDX-License-Identifier: Apache-2.0 */
/* What joining, leaving and binding later modules have in common: a process that is traced, what it has loaded, and the
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
	uint64_t block; /* address of seep_join in the process; 0: the library is not there */
	uint64_t table; /* and of seep_linked */
	struct seep_join join;
	bool confined;       /* by seccomp */
	bool begun;          /* the library was told to record */
	struct patch *patch; /* of an allocator that is a part of the program; NULL: none is hooked */
};

/* libseep.so and its block. Two seeps that join at the same moment may have brought one each: then that which has recorded, the other
 * stays idle. */
const struct loaded_module *shim_find(const struct loaded *loaded, const struct remote *remote, uint64_t *block);

/* Nothing is stopped. False: nothing is held. */
bool work_begin(struct work *work, pid_t pid, double pause_ms, struct error *error);

/* Nobody traces the process any more. `result` may be NULL. */
void work_end(struct work *work, struct join_result *result);

/* Does the library in the process record? */
bool work_is_joined(const struct work *work);

/* Stops the process at a moment at which its list of modules is known, and with it the bindings. */
bool work_stop(struct work *work, struct bindings *bindings, struct error *error);

/* Puts the hooks in. With `again` the threads begin anew: they know of an earlier recording. */
bool work_put_in(struct work *work, bool again, struct join_result *result, struct error *error);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which function a module's calls of malloc and the others reach is written in
 * its tables: one pointer for each function (a slot), filled by the loader from
 * a relocation. Joining replaces the next allocator's address in them by that
 * of our hook, leaving puts it back. Slots with any other value are the
 * program's own business and stay.
 */
#ifndef SEEP_ATTACH_BINDINGS_H
#define SEEP_ATTACH_BINDINGS_H

#include "tracing/loaded.h"

/* A function of libseep.so in that process. */
struct binding {
	char name[64];
	uint64_t hook;       /* its address in libseep.so */
	uint64_t definition; /* of what it stands before; 0: nobody has it */
	bool gives_back;     /* frees: bound first, so that nobody frees behind our back what we have counted */
};

struct slot {
	uint64_t address;
	uint32_t binding;
	bool lazy; /* bound at its first use */
	const struct loaded_module *module;
};

struct bindings {
	struct binding *functions;
	size_t count;
	const struct loaded_module *shim, *allocator; /* whose malloc is the next one */
	struct slot *slots;                           /* those of frees first */
	size_t slot_count;
};

/* Finds functions and slots. The lists stay valid as long as `loaded`. False: the error says why nothing can be bound. */
bool bindings_find(struct bindings *bindings, const struct loaded *loaded, const struct loaded_module *shim,
		   struct error *error);
void bindings_free(struct bindings *bindings);

/* Puts our hooks in, or takes them out. How many slots were written; the process should be stopped, as a module might be
 * unloaded meanwhile. */
size_t bindings_put_in(const struct bindings *bindings, const struct remote *remote);
size_t bindings_take_out(const struct bindings *bindings, const struct remote *remote);

#endif

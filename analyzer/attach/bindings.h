/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module's tables say which functions its calls of malloc and the others reach: the loader has filled one pointer for
 * each function (a slot) from a relocation. Joining puts the address of our hook in place of the next allocator's
 * address there; leaving puts the latter back. Slots with any other value are the program's own business and stay as
 * they are.
 *
 * The calls of <seep/seep.h> were null pointers until then. They get their functions, and keep them: a program that has
 * just seen that there is one calls it.
 */
#ifndef SEEP_ATTACH_BINDINGS_H
#define SEEP_ATTACH_BINDINGS_H

#include "tracing/loaded.h"

/* A function of libseep.so in that process. */
struct binding {
	char name[64];
	uint64_t hook;       /* its address in libseep.so */
	uint64_t definition; /* the address of the function that it stands before; 0: it is one of <seep/seep.h> */
	/* it frees: such functions are bound first, so that every free of a block that we have counted is seen */
	bool gives_back;
};

struct slot {
	uint64_t address;
	uint32_t binding;
	bool lazy; /* the loader binds it at its first use */
	const struct loaded_module *module;
};

struct bindings {
	struct binding *functions;
	size_t count;
	const struct loaded_module *shim, *allocator; /* `allocator` has the malloc that the hooks call */
	struct slot *slots;                           /* the slots of frees come first */
	size_t slot_count;
};

/* Finds functions and slots. The lists stay valid as long as `loaded`. False: the error says why nothing can be bound. */
bool bindings_find(struct bindings *bindings, const struct loaded *loaded, const struct loaded_module *shim,
		   struct error *error);
void bindings_free(struct bindings *bindings);

/* Puts our hooks into the slots, or takes them out. Returns how many slots were written. The process should be stopped,
 * because it might unload a module meanwhile. */
size_t bindings_put_in(const struct bindings *bindings, const struct remote *remote);
size_t bindings_take_out(const struct bindings *bindings, const struct remote *remote);

#endif

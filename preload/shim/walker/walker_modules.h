/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Module instances, which make certain that a cached rule still belongs to the
 * code at its address.
 *
 * Every word of the cache names the instance that its rule was read from. An
 * instance is a range of addresses, a link map, the address of the unwind
 * tables, and a build id. A walk uses a word only after it has seen, itself and
 * while the frame is on its stack, that the loader has this very instance at
 * the address: it asks `_dl_find_object` once a capture and instance, and reads
 * the build id again. So nobody has to notice when a module is closed: its
 * words merely stop matching, and match again if the same file comes back to
 * the same place. Instance 0 stands for the modules that can never go
 * (walker_permanent.h). They are not asked about.
 *
 * A module without a build id, and any module after the table is full, has no
 * instance: its rules are read from its tables each time.
 *
 * A module that can go is read only while it cannot. An address that a walk
 * finds on its own stack by rules alone is in code that returns there, so its
 * module stays. Of a guessed address (a caller of code without unwind
 * information) this is not known: it is followed into permanent modules, and
 * into those that the walk has met before it had to guess.
 *
 * The loader reports a module for some time after it has unmapped it. If other
 * code got the place meanwhile, and calls us, then the module's memory must not
 * be touched. That can happen only while a module is being closed, which the
 * loader's r_state says: such looks are careful, and ask about each page before
 * they read it.
 *
 * The table is append-only: EMPTY -> WRITING (claimed by compare-and-swap) ->
 * READY (release), constant from then on. A thread that ends in between leaves
 * an entry that is never used. Two threads may enter the same instance twice,
 * which is harmless.
 */
#ifndef SEEP_WALKER_WALKER_MODULES_H
#define SEEP_WALKER_WALKER_MODULES_H

#include <stdbool.h>
#include <stdint.h>

#include "shim/walker/walker_tables.h"

#define MODULE_PERMANENT 0u
#define MODULE_UNNAMED UINT32_MAX /* the module has none: its rules must not be cached */

/* Binds `_dl_find_object` and learns the permanent modules; false without it (glibc before 2.35). Constructor. */
bool modules_bind(void);

/* Is this code of the loader's? After modules_bind(). */
bool module_is_loader(uintptr_t address);

/* How far a walk may trust its addresses when it asks. */
struct module_trust {
	bool guessed;              /* the address may be wrong */
	uint32_t count;            /* instances that it saw before it guessed */
	const uint16_t *instances; /* their code is on this stack */
};

enum module_found {
	MODULE_NONE, /* no module there */
	MODULE_FOUND,
	MODULE_DOUBTED, /* a module that may go while it is read: hands off */
};

/* The module at an address (its part that has the unwind tables) and its instance. */
enum module_found module_at(uintptr_t address, const struct module_trust *trust, struct table_module *module,
			    uint32_t *instance);

/* True if the loader has this instance at the address now. The address was not guessed. */
bool module_instance_is_at(uint32_t instance, uintptr_t address);

/* The answer of module_at() for an address that was guessed. */
enum module_found module_look(uintptr_t address, const struct module_trust *trust);

/* Instances seen so far, 0 not counted. */
uint32_t module_instance_count(void);

#endif

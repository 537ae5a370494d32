/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A service: all its processes, whatever restarts, numbers and builds come,
 * record into one directory, which has the service's name. Such directories
 * lie in a store.
 *
 * No allocation.
 */
#ifndef SEEP_SERVICE_H
#define SEEP_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <seep/keeper.h>

#define SEEP_SERVICE_STORE "/var/lib/seep"
#define SEEP_SERVICE_BYTES (UINT64_C(1) << 30) /* that it may take unless somebody says otherwise */
#define SEEP_SNAPSHOT_MARK 01000u              /* of a file's mode, the sticky bit: it is not thinned out */
#define SEEP_SERVICE_RECORDING "%c.%p"         /* a recording's name in the service's directory */

enum {
	SEEP_SERVICE_NAME_MOST = 64, /* bytes */
	SEEP_STORE_BYTES = 512,      /* room for a store's path */
	SEEP_STORES = 2,
};

/* Letters, digits and . _ - @ +, and begins with none of . - @ +: no path, no option, no pattern. */
bool seep_service_name_is_valid(const char *name, size_t length);

/* The places of services, by preference; "": there are no more. */
struct seep_stores {
	char of[SEEP_STORES][SEEP_STORE_BYTES];
};

/* From what the environment says, NULL where it has no such variable: SEEP_STORE alone, or the system's and then the user's own.
 * A path that is not absolute is passed over. */
void seep_stores_find(struct seep_stores *stores, const char *store, const char *state_home, const char *home);

/* Makes the service's directory in the first store that has it or lets us make it, and where it is ours or root's and can be
 * written; `output` receives the pattern of its recordings. False: there is no such place. */
bool seep_service_prepare(const struct seep_stores *stores, const char *name, char *output, size_t size);

/* The outcome of thinning a service: what it left, and what it removed. */
struct seep_tidied {
	uint64_t recordings, snapshots, bytes;
	uint64_t recordings_removed, snapshots_removed;
};

/* Thins a service by age, and to its budget (0: SEEP_SERVICE_BYTES): docs/SERVICES.md has the rule. Any number of processes may do so at
 * once: one does. False: the fault says why nothing was done. */
bool seep_service_tidy(const char *directory, uint64_t budget_bytes, struct seep_tidied *tidied,
		       struct seep_fault *fault);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modules that can never be unloaded: the program, the libraries that it and we
 * need by name (the loader keeps what it mapped at the start for a program's
 * sake), the loader and the vDSO. They are known from the constructor on. So of
 * them alone everything may be read at any time, whatever led to them.
 */
#ifndef SEEP_WALKER_WALKER_PERMANENT_H
#define SEEP_WALKER_WALKER_PERMANENT_H

#include <stdint.h>

struct permanent_module {
	uintptr_t start, end;               /* of its segments */
	uintptr_t code;                     /* an address of its code */
	uintptr_t tables_start, tables_end; /* the segment that the unwind tables are in */
	uintptr_t eh_frame_header;          /* 0: none */
};

/* Calls `found` for each. Constructor: takes the loader's lock. */
void permanent_modules_find(void (*found)(const struct permanent_module *module));

#endif

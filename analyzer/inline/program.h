/* SPDX-License-Identifier: Apache-2.0 */
/* The code of a program that runs: its bytes, the functions in it, and who calls whom, as far as instructions tell. */
#ifndef SEEP_INLINE_PROGRAM_H
#define SEEP_INLINE_PROGRAM_H

#include "tracing/loaded.h"

struct function {
	uint64_t start, end;
	char *name;
	bool is_local; /* only its own source file may call it by that name */
};

struct program {
	const struct loaded_module *module;
	unsigned char *code;        /* of the segment that may be executed */
	struct function *functions; /* ascending by start; several may have one */
	size_t count;
};

/* Reads names from the program's file, its debug file or a debuginfod server. False: the error says what is missing. */
bool program_read(struct program *program, const struct remote *remote, const struct loaded *loaded,
		  struct error *error);
void program_free(struct program *program);

/* The bytes at an address, and how many follow; NULL: no code is there. */
const unsigned char *program_code(const struct program *program, uint64_t address, size_t *count);

/* The first function that begins at or holds the address; NULL: none. */
const struct function *program_function(const struct program *program, uint64_t address);

/* How many bytes behind the function nobody executes. */
size_t program_padding(const struct program *program, const struct function *function);

/* Told of each place that instructions of a function lead to, but for its own. `name`: where it is another module's function; else
 * NULL. */
typedef void program_visitor(uint64_t target, const char *name, void *context);
void program_visit(const struct program *program, const struct function *function, program_visitor *visit,
		   void *context);

/* Bytes that nobody may jump to. */
struct landing {
	uint64_t after, before; /* exclusive both */
	uint64_t from;          /* found: an instruction that leads there; 0: there is none */
};

/* The landings ascend. */
void program_find_leaps(const struct program *program, struct landing *landings, size_t count);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The code of a running program: its bytes, its functions, and who calls whom, as far as instructions tell. */
#ifndef SEEP_INLINE_PROGRAM_H
#define SEEP_INLINE_PROGRAM_H

#include "tracing/loaded.h"

struct function {
	uint64_t start, end;
	char *name;
	bool is_local; /* only its own source file can call it by that name */
};

struct program {
	const struct loaded_module *module;
	unsigned char *code;        /* of the executable segment */
	struct function *functions; /* in ascending order of start; several may have the same */
	size_t count;
};

/* Reads names from the program's file, its debug file or a debuginfod server. False: the error says what is missing. */
bool program_read(struct program *program, const struct remote *remote, const struct loaded *loaded,
		  struct error *error);
void program_free(struct program *program);

/* The bytes at an address, and how many follow; NULL: there is no code. */
const unsigned char *program_code(const struct program *program, uint64_t address, size_t *count);

/* The first function that begins at the address or contains it; NULL: none. */
const struct function *program_function(const struct program *program, uint64_t address);

/* How many bytes behind the function nobody executes. */
size_t program_padding(const struct program *program, const struct function *function);

/* Called for each place to which a function's instructions lead outside of it. `name`: the name if it is another
 * module's function; else NULL. */
typedef void program_visitor(uint64_t target, const char *name, void *context);
void program_visit(const struct program *program, const struct function *function, program_visitor *visit,
		   void *context);

/* Bytes to which nobody may jump. */
struct landing {
	uint64_t after, before; /* both exclusive */
	uint64_t from;          /* an instruction that leads there; 0: none was found */
};

/* The landings must be in ascending order. */
void program_find_leaps(const struct program *program, struct landing *landings, size_t count);

#endif

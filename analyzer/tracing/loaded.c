/* SPDX-License-Identifier: Apache-2.0 */
/* The loader's list of modules: see loaded.h. */
#include "tracing/loaded.h"

#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tracing/loaded_private.h"

enum { MODULES_MAX = 4096 };

void loaded_forget_modules(struct loaded *loaded)
{
	for (size_t i = 0; i < loaded->count; i++)
		loaded_module_free(&loaded->modules[i]);
	free(loaded->modules);
	loaded->modules = NULL;
	loaded->count = 0;
}

void loaded_free(struct loaded *loaded)
{
	loaded_forget_modules(loaded);
	*loaded = (struct loaded){0};
}

/* Adds one entry of the loader's list. The vDSO, whose tables nobody would patch, is left out, and so are entries that
 * can't be read. */
static void module_add(struct loaded *loaded, const struct remote *remote, const struct link_map *entry)
{
	struct loaded_module module = {.bias = entry->l_addr};
	struct loaded_dynamic dynamic;
	bool program = loaded->count == 0;
	bool known = program ? loaded_module_read_program(remote, &module, &dynamic)
			     : loaded_module_read_library(remote, &module, (uint64_t)(uintptr_t)entry->l_ld, &dynamic);

	remote_text(remote, (uint64_t)(uintptr_t)entry->l_name, module.name, sizeof module.name);
	module.name[sizeof module.name - 1] = 0;
	if ((known && loaded_module_read_tables(remote, &module, &dynamic)) || program) {
		loaded->modules = memory_resize(loaded->modules, loaded->count + 1, sizeof *loaded->modules);
		loaded->modules[loaded->count++] = module;
	} else {
		loaded_module_free(&module);
	}
}

/* Combines head, tail and length of the list in one number. */
static bool list_digest(const struct loaded *loaded, const struct remote *remote, uint64_t *digest,
			struct loaded *filled)
{
	struct r_debug state;
	uint64_t next;

	if (!remote_read(remote, loaded->state, &state, sizeof state) || state.r_state != RT_CONSISTENT)
		return false;
	*digest = next = (uint64_t)(uintptr_t)state.r_map;
	for (int i = 0; next; i++) {
		struct link_map entry;
		if (i == MODULES_MAX || !remote_read(remote, next, &entry, sizeof entry))
			return false;
		*digest = *digest * UINT64_C(0x9e3779b97f4a7c15) + next + (uint64_t)entry.l_addr;
		if (filled)
			module_add(filled, remote, &entry);
		next = (uint64_t)(uintptr_t)entry.l_next;
	}
	return true;
}

uint64_t loaded_bias_of(const struct loaded *loaded, const struct remote *remote, const char *name)
{
	struct r_debug state;
	struct link_map entry;
	char text[256];

	if (!remote_read(remote, loaded->state, &state, sizeof state))
		return 0;
	uint64_t next = (uint64_t)(uintptr_t)state.r_map;
	for (int i = 0; next && i < MODULES_MAX && remote_read(remote, next, &entry, sizeof entry); i++) {
		if (remote_text(remote, (uint64_t)(uintptr_t)entry.l_name, text, sizeof text) &&
		    strcmp(text, name) == 0)
			return entry.l_addr;
		next = (uint64_t)(uintptr_t)entry.l_next;
	}
	return 0;
}

bool loaded_is_there(const struct loaded *loaded, const struct remote *remote)
{
	struct r_debug state;

	return remote_read(remote, loaded->state, &state, sizeof state);
}

bool loaded_is_current(const struct loaded *loaded, const struct remote *remote)
{
	uint64_t digest;

	return list_digest(loaded, remote, &digest, NULL) && digest == loaded->first;
}

/* When it executes another program, the memory that we have opened is gone. */
static bool program_is_readable(const struct remote *remote)
{
	Elf64_Phdr header;

	return remote_read(remote, loaded_auxiliary(remote->pid, AT_PHDR), &header, sizeof header);
}

bool loaded_read(struct loaded *loaded, const struct remote *remote, struct error *error)
{
	struct loaded_module program = {0};
	struct loaded_dynamic dynamic;

	*loaded = (struct loaded){0};
	*error = (struct error){0};
	if (!loaded_module_read_program(remote, &program, &dynamic))
		return error_set(error,
				 program_is_readable(remote) ? "%d can't be joined: it is statically linked"
							     : "%d has ended or executed another program meanwhile",
				 (int)remote->pid);
	loaded->state = dynamic.debug;
	if (!dynamic.debug)
		return false;
	if (list_digest(loaded, remote, &loaded->first, loaded) && loaded->count > 1 &&
	    loaded_is_current(loaded, remote))
		return true;
	loaded_free(loaded);
	loaded->state = dynamic.debug;
	return false;
}

uint64_t loaded_first_definition(const struct loaded *loaded, const struct loaded_module *except, const char *name,
				 const struct loaded_module **owner)
{
	for (size_t i = 0; i < loaded->count; i++) {
		const struct loaded_module *module = &loaded->modules[i];
		uint64_t address = module == except ? 0 : loaded_definition(module, name);
		if (address) {
			*owner = module;
			return address;
		}
	}
	*owner = NULL;
	return 0;
}

const struct loaded_module *loaded_find(const struct loaded *loaded, const char *soname)
{
	for (size_t i = 0; i < loaded->count; i++)
		if (strcmp(loaded->modules[i].soname, soname) == 0)
			return &loaded->modules[i];
	return NULL;
}

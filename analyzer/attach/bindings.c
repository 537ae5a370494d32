/* SPDX-License-Identifier: Apache-2.0 */
/* See bindings.h. */
#include "attach/bindings.h"

#include <stdlib.h>
#include <string.h>

#include <seep/entry_points.h>

#include "base/memory.h"

#define LOADER "ld-linux-x86-64.so.2"
#define LIBC "libc.so.6"

/* Looks a name up in the table of hooked functions. False: it is not there. */
static bool is_entry_point(const char *name, bool *gives_back)
{
	enum { ALLOCATE, RESIZE, RELEASE, POSIX, TEXT, MEASURE, DESTROY };
#define KIND(entry, kind, ...) {#entry, kind == RESIZE || kind == RELEASE || kind == DESTROY},
	static const struct {
		const char *name;
		bool gives_back;
	} entries[] = {SEEP_ENTRY_POINTS(KIND)};

	for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
		if (strcmp(entries[i].name, name) == 0)
			return *gives_back = entries[i].gives_back, true;
	return *gives_back = false;
}

/* Whether it is a function that programs call by <seep/seep.h>. */
static bool is_for_programs(const char *name)
{
	static const char *const names[] = {"seep_snapshot", "seep_account", "seep_work", "seep_label"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* Whether an allocator inside the program has this function. Such a function is hooked where it lies (inline/patch.h),
 * whoever calls it. */
static bool is_linked(const struct bindings *bindings, const struct loaded *loaded)
{
	return bindings->allocator == &loaded->modules[0];
}

static void functions_find(struct bindings *bindings, const struct loaded *loaded)
{
	const struct loaded_module *shim = bindings->shim, *owner;

	loaded_first_definition(loaded, shim, "malloc", &bindings->allocator);
	bindings->functions = memory_allocate(shim->symbol_count + 1, sizeof *bindings->functions);
	for (uint32_t i = 1; i < shim->symbol_count; i++) {
		const Elf64_Sym *symbol = &shim->symbols[i];
		const char *name = loaded_symbol_name(shim, i);
		struct binding *binding = &bindings->functions[bindings->count];
		if (symbol->st_shndx == SHN_UNDEF || ELF64_ST_TYPE(symbol->st_info) != STT_FUNC ||
		    strlen(name) >= sizeof binding->name)
			continue;
		const bool for_programs = is_for_programs(name);
		if (!for_programs && strncmp(name, "seep_", 5) == 0)
			continue;
		strcpy(binding->name, name);
		binding->hook = shim->bias + symbol->st_value;
		binding->definition = for_programs ? 0 : loaded_first_definition(loaded, shim, name, &owner);
		bool allocates = is_entry_point(name, &binding->gives_back);
		bindings->count +=
		    for_programs || (binding->definition != 0 && !(allocates && is_linked(bindings, loaded)));
	}
}

static int binding_compare(const void *left, const void *right)
{
	return strcmp(((const struct binding *)left)->name, ((const struct binding *)right)->name);
}

static const struct binding *binding_named(const struct bindings *bindings, const char *name)
{
	struct binding key;

	if (strlen(name) >= sizeof key.name)
		return NULL;
	strcpy(key.name, name);
	return bsearch(&key, bindings->functions, bindings->count, sizeof key, binding_compare);
}

/* Whether a module's slots stay as they are. The loader has pointers of its own. Calls that an allocator makes of its
 * own functions are not the program's. libc's are, as they are where libseep.so is preloaded: strdup() allocates for
 * the program. */
static bool is_left_alone(const struct bindings *bindings, const struct loaded *loaded,
			  const struct loaded_module *module)
{
	return module == bindings->shim || strcmp(module->soname, LOADER) == 0 ||
	       (module == bindings->allocator && strcmp(module->soname, LIBC) != 0 && !is_linked(bindings, loaded));
}

static void slots_find(struct bindings *bindings, const struct loaded_module *module, bool frees)
{
	for (size_t i = 0; i < module->relocation_count; i++) {
		const Elf64_Rela *relocation = &module->relocations[i];
		const char *name = loaded_symbol_name(module, (uint32_t)ELF64_R_SYM(relocation->r_info));
		const struct binding *binding = binding_named(bindings, name);
		bool data = ELF64_R_TYPE(relocation->r_info) == R_X86_64_64;
		if (!binding || binding->gives_back != frees || (data && relocation->r_addend))
			continue;
		if (bindings->slot_count % 64 == 0)
			bindings->slots =
			    memory_resize(bindings->slots, bindings->slot_count + 64, sizeof *bindings->slots);
		bindings->slots[bindings->slot_count++] =
		    (struct slot){.address = module->bias + relocation->r_offset,
				  .binding = (uint32_t)(binding - bindings->functions),
				  .lazy = ELF64_R_TYPE(relocation->r_info) == R_X86_64_JUMP_SLOT,
				  .module = module};
	}
}

bool bindings_find(struct bindings *bindings, const struct loaded *loaded, const struct loaded_module *shim,
		   struct error *error)
{
	*bindings = (struct bindings){.shim = shim};
	functions_find(bindings, loaded);
	qsort(bindings->functions, bindings->count, sizeof *bindings->functions, binding_compare);
	for (int frees = 1; frees >= 0; frees--)
		for (size_t i = 0; i < loaded->count; i++)
			if (!is_left_alone(bindings, loaded, &loaded->modules[i]))
				slots_find(bindings, &loaded->modules[i], frees);
	if (bindings->allocator && (bindings->slot_count || is_linked(bindings, loaded)))
		return true;
	bindings_free(bindings);
	return error_set(error, "nothing in the process refers to a malloc that could be hooked");
}

void bindings_free(struct bindings *bindings)
{
	free(bindings->functions);
	free(bindings->slots);
	*bindings = (struct bindings){0};
}

/* Whether a slot is not bound yet: it then leads to the module's own stub, which asks the loader. */
static bool is_unbound(const struct slot *slot, uint64_t value)
{
	return slot->lazy && value >= slot->module->start && value < slot->module->end;
}

size_t bindings_put_in(const struct bindings *bindings, const struct remote *remote)
{
	size_t written = 0;

	for (size_t i = 0; i < bindings->slot_count; i++) {
		const struct slot *slot = &bindings->slots[i];
		const struct binding *binding = &bindings->functions[slot->binding];
		uint64_t value;
		if (!remote_read(remote, slot->address, &value, sizeof value))
			continue;
		/* the slot of a call comes before that of the pointer that the program asks: jumps are read first */
		if (value == binding->definition ||
		    (is_unbound(slot, value) && loaded_definition(slot->module, binding->name) != value))
			written += remote_write(remote, slot->address, &binding->hook, sizeof binding->hook);
	}
	return written;
}

size_t bindings_take_out(const struct bindings *bindings, const struct remote *remote)
{
	size_t written = 0;

	for (size_t i = bindings->slot_count; i-- > 0;) {
		const struct slot *slot = &bindings->slots[i];
		const struct binding *binding = &bindings->functions[slot->binding];
		uint64_t value;
		if (binding->definition && remote_read(remote, slot->address, &value, sizeof value) &&
		    value == binding->hook)
			written +=
			    remote_write(remote, slot->address, &binding->definition, sizeof binding->definition);
	}
	return written;
}

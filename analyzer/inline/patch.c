/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the plan, and brings the memory: see patch.h. */
#include "inline/patch.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <seep/process.h>

#include "base/memory.h"
#include "inline/disassembler.h"
#include "inline/reach.h"

enum { REACH = 1 << 30, LOWEST = 1 << 16, OWN_CODE_STEPS = 64 };

__attribute__((format(printf, 2, 3))) static void note(struct patch *patch, const char *format, ...)
{
	size_t used = strlen(patch->notes);
	va_list arguments;

	va_start(arguments, format);
	if (used + 1 < sizeof patch->notes)
		vsnprintf(patch->notes + used, sizeof patch->notes - used, format, arguments);
	va_end(arguments);
}

/* Makes a detour for the candidate. False: `why` says why its beginning stays as it is. */
static bool detour_of(const struct patch *patch, const struct candidate *candidate, uint64_t at, uint64_t hook,
		      struct detour *detour, const char **why)
{
	const struct function *function = candidate->function;
	size_t count;
	const unsigned char *code = program_code(&patch->program, function->start, &count);

	return detour_make(detour, code, function->end - function->start, program_padding(&patch->program, function),
			   function->start, at, hook, why);
}

static int landing_compare(const void *left, const void *right)
{
	const struct landing *a = left, *b = right;

	return a->after < b->after ? -1 : a->after > b->after;
}

/* Finds jumps of other functions into the bytes over which jumps would be written. */
static struct landing *landings_find(const struct patch *patch, size_t *count)
{
	struct landing *landings = memory_allocate(patch->candidates.count + 1, sizeof *landings);
	struct detour detour;
	const char *why;

	*count = 0;
	for (size_t i = 0; i < patch->candidates.count; i++) {
		const struct candidate *candidate = &patch->candidates.items[i];
		if (candidate->hook && detour_of(patch, candidate, patch->program.module->start, 0, &detour, &why))
			landings[(*count)++] =
			    (struct landing){.after = detour.address, .before = detour.address + DETOUR_JUMP_BYTES};
	}
	qsort(landings, *count, sizeof *landings, landing_compare);
	program_find_leaps(&patch->program, landings, *count);
	return landings;
}

static const char *landing_complaint(const struct landing *landings, size_t count, uint64_t address)
{
	for (size_t i = 0; i < count; i++)
		if (landings[i].after == address && landings[i].from)
			return "other code jumps into its first instructions";
	return NULL;
}

/* Takes out functions that can't be hooked. If one of them frees, none can be hooked: its blocks would seem to leak. */
static bool refusals_settle(struct patch *patch, struct error *error)
{
	struct detour detour;
	size_t count;
	struct landing *landings = landings_find(patch, &count);
	bool fine = true;

	for (size_t i = 0; fine && i < patch->candidates.count; i++) {
		struct candidate *candidate = &patch->candidates.items[i];
		const char *why = NULL;
		if (candidate->hook && detour_of(patch, candidate, patch->program.module->start, 0, &detour, &why))
			why = landing_complaint(landings, count, detour.address);
		if (!candidate->hook || !why)
			continue;
		if (candidate->takes_back)
			fine =
			    error_set(error, "its allocator can't be hooked: %s: %s", candidate->function->name, why);
		note(patch, "%s is not hooked: %s\n", candidate->function->name, why);
		candidate->hook = HOOK_NONE;
	}
	free(landings);
	return fine;
}

bool patch_plan(struct patch *patch, const struct remote *remote, const struct loaded *loaded, struct error *error)
{
	*patch = (struct patch){.area.remote = remote};
	if (disassembler_prepare(error) && program_read(&patch->program, remote, loaded, error) &&
	    candidates_find(&patch->candidates, &patch->program, error) && refusals_settle(patch, error))
		return true;
	patch_free(patch);
	return false;
}

void patch_free(struct patch *patch)
{
	program_free(&patch->program);
	candidates_free(&patch->candidates);
	free(patch->area.detours);
	patch->area.detours = NULL;
}

struct own_code {
	const struct program *program;
	struct code_range *ranges;
	size_t count, capacity;
};

static void own_code_add(struct own_code *own, const struct function *function)
{
	if (!function)
		return;
	ARRAY_RESERVE(own->ranges, own->count, own->capacity);
	own->ranges[own->count++] = (struct code_range){function->start, function->end};
}

static void own_code_take(uint64_t target, const char *name, void *context)
{
	struct own_code *own = context;

	if (!name)
		own_code_add(own, program_function(own->program, target));
}

struct code_range *patch_own_code(const struct patch *patch, size_t *count)
{
	size_t starts = patch->candidates.count;
	const struct function **from = memory_allocate(starts + 1, sizeof *from);
	struct own_code own = {.program = &patch->program};

	for (size_t i = 0; i < starts; i++) {
		from[i] = patch->candidates.items[i].function;
		own_code_add(&own, from[i]);
	}
	reach_visit(&patch->program, from, starts, OWN_CODE_STEPS, own_code_take, &own);
	free(from);
	*count = own.count;
	return own.ranges;
}

struct room {
	uint64_t below, free_from, found;
};

static bool room_look(const struct seep_mapping *mapping, void *context)
{
	struct room *room = context;

	if (mapping->start > room->free_from && mapping->start - room->free_from >= AREA_BYTES)
		room->found = mapping->start - AREA_BYTES;
	room->free_from = mapping->end;
	return room->free_from < room->below;
}

/* The highest free place below the program. Above the program is its heap, which grows. */
static uint64_t room_find(const struct remote *remote, uint64_t below)
{
	struct room room = {.below = below, .free_from = LOWEST};

	seep_process_visit_mappings((uint64_t)remote->pid, room_look, &room);
	return room.found && below - room.found < REACH ? room.found : 0;
}

static bool area_map(struct patch *patch, struct borrowed *borrowed, struct error *error)
{
	uint64_t at = room_find(patch->area.remote, patch->program.module->start);
	const uint64_t arguments[BORROWED_ARGUMENTS] = {at, AREA_BYTES, PROT_READ | PROT_EXEC,
							MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, UINT64_MAX};
	int64_t result = 0;

	if (at && !borrowed_system(borrowed, SYS_mmap, arguments, &result, error))
		return false;
	if (!at || (uint64_t)result != at)
		return error_set(error, "%d has no room near its allocator", (int)patch->area.remote->pid);
	patch->area.at = at;
	return true;
}

static const struct candidate *candidate_named(const struct patch *patch, const char *name)
{
	for (size_t i = 0; i < patch->candidates.count; i++)
		if (strcmp(patch->candidates.items[i].name, name) == 0)
			return &patch->candidates.items[i];
	return NULL;
}

/* Makes detours in one pass over the table: for functions that free, or for the others. */
static bool detours_make(struct patch *patch, const struct seep_linked *table, bool take_back)
{
	const char *why;

	for (size_t i = 0; i < SEEP_LINKED_MOST && table->hooks[i].name[0]; i++) {
		const struct seep_linked_hook *row = &table->hooks[i];
		const struct candidate *candidate = candidate_named(patch, row->name);
		if (!candidate || !candidate->hook || candidate->takes_back != take_back)
			continue;
		const void *hook = candidate->hook == HOOK_OUTER ? row->outer : row->inner;
		if (!hook || !detour_of(patch, candidate, area_slot(&patch->area, patch->area.count), (uintptr_t)hook,
					&patch->area.detours[patch->area.count], &why))
			return false;
		patch->area.count++;
	}
	return true;
}

static uint64_t address_of(const struct patch *patch, const char *name)
{
	const struct candidate *candidate = candidate_named(patch, name);
	const struct program *program = &patch->program;

	if (candidate)
		return candidate->function->start;
	for (size_t i = 0; i < program->count; i++)
		if (strcmp(program->functions[i].name, name) == 0)
			return program->functions[i].start;
	return 0;
}

static uint64_t copy_of(const struct patch *patch, const struct candidate *candidate)
{
	for (size_t i = 0; i < patch->area.count; i++)
		if (candidate->function->start <= patch->area.detours[i].address &&
		    patch->area.detours[i].address < candidate->function->start + DETOUR_JUMP_BYTES)
			return patch->area.detours[i].at + DETOUR_COPY_AT;
	return 0;
}

/* Writes the pointers through which hooks call the functions. */
static bool pointers_write(const struct patch *patch, const struct seep_linked *table)
{
	bool fine = true;

	for (size_t i = 0; fine && i < SEEP_LINKED_MOST && table->hooks[i].name[0]; i++) {
		const struct seep_linked_hook *row = &table->hooks[i];
		const struct candidate *candidate = candidate_named(patch, row->name);
		uint64_t real = row->inner ? (candidate && candidate->hook ? copy_of(patch, candidate) : 0)
					   : address_of(patch, row->name);
		uint64_t end = 0;
		if (!real)
			continue;
		fine = remote_write(patch->area.remote, (uintptr_t)row->real, &real, sizeof real);
		if (row->end && remote_read(patch->area.remote, (uintptr_t)row->end, &end, sizeof end) && !end)
			fine &= remote_write(patch->area.remote, (uintptr_t)row->end, &real, sizeof real);
	}
	return fine;
}

static bool detours_make_all(struct patch *patch, const struct seep_linked *table)
{
	patch->area.count = 0;
	return detours_make(patch, table, true) && detours_make(patch, table, false);
}

bool patch_bring(struct patch *patch, struct borrowed *borrowed, uint64_t table_at, struct error *error)
{
	struct seep_linked table;

	if (!remote_read(patch->area.remote, table_at, &table, sizeof table) || table.version != SEEP_LINKED_VERSION)
		return error_set(error, "%d has another version of libseep.so", (int)patch->area.remote->pid);
	patch->area.detours = memory_allocate(SEEP_LINKED_MOST, sizeof *patch->area.detours);
	patch->area.at = table.area;
	bool made = patch->area.at && detours_make_all(patch, &table) && area_holds(&patch->area);
	if (!made) {
		if (!area_map(patch, borrowed, error))
			return false;
		made = detours_make_all(patch, &table) && area_fill(&patch->area);
	}
	if (made && pointers_write(patch, &table) &&
	    remote_write(patch->area.remote, table_at + offsetof(struct seep_linked, area), &patch->area.at,
			 sizeof patch->area.at))
		return true;
	return error_set(error, "the allocator of %d can't be hooked: the memory for its hooks is out of reach",
			 (int)patch->area.remote->pid);
}

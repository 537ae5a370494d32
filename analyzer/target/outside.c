/* SPDX-License-Identifier: Apache-2.0 */
/* See outside.h. */
#include "target/outside.h"

#include <string.h>

#include <seep/process.h>

#include "base/memory.h"
#include "keeper/arenas/heap_account.h"
#include "keeper/base/clock.h"
#include "keeper/ledger/ledger_look.h"
#include "keeper/program/process.h"
#include "process/inspect.h"
#include "process/library.h"
#include "tracing/loaded.h"

enum { ARGUMENTS_BYTES = 4096, LOADED_TRIES = 20 };

#define HEAP_NS UINT64_C(2000000000) /* time for reading glibc's heap: enough for some 10 GiB */

/* The allocator's name, as the recorder would have it: by the module that has malloc(), or by a function that only one
 * allocator has. */
static const char *allocator_of(const struct loaded *loaded)
{
	static const struct {
		const char *part, *function, *name;
	} known[] = {{"jemalloc", "mallctl", "jemalloc"},
		     {"tcmalloc", "MallocExtension_GetNumericProperty", "tcmalloc"},
		     {"mimalloc", "mi_malloc", "mimalloc"},
		     {"libc.so", NULL, "glibc"}};
	const struct loaded_module *owner = NULL;

	/* libseep.so is there before its program's first sample, and after seep detach. */
	if (!loaded_first_definition(loaded, loaded_find(loaded, SHIM_NAME), "malloc", &owner))
		return "";
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strstr(owner->soname, known[i].part) ||
		    (known[i].function && loaded_definition(owner, known[i].function)))
			return known[i].name;
	return "";
}

/* "": no loader that we know loaded the process, or it is just being started. */
static const char *allocator_find(pid_t pid, struct error *error)
{
	struct loaded loaded = {0};
	struct remote remote;
	const char *allocator = "";

	if (!remote_open(&remote, pid, error))
		return NULL;
	for (int i = 0; i < LOADED_TRIES && !allocator[0]; i++) {
		struct error ignored = {.text = ""};
		if (loaded_read(&loaded, &remote, &ignored))
			allocator = allocator_of(&loaded);
		loaded_free(&loaded);
		if (ignored.text[0])
			break;
	}
	remote_close(&remote);
	return allocator;
}

static void program_fill(struct profile *profile, pid_t pid, const struct process_facts *facts, const char *allocator)
{
	char text[ARGUMENTS_BYTES];
	const long bytes = seep_process_read((uint64_t)pid, "cmdline", text, sizeof text);

	for (long i = 0; i + 1 < bytes; i++)
		text[i] = text[i] ? text[i] : ' ';
	profile->modules = memory_allocate(1, sizeof *profile->modules);
	profile->modules[0].path = "";
	profile->module_count = 1;
	profile->pid = (uint64_t)pid;
	process_identify(profile->pid, &profile->parent_pid, &profile->start_ticks);
	process_boot_id(profile->boot_id);
	profile->time_ns = clock_read_ns(CLOCK_MONOTONIC);
	profile->command = string_pool_intern(profile->strings, facts->name);
	profile->executable = string_pool_intern(profile->strings, facts->executable);
	profile->arguments = string_pool_intern(profile->strings, bytes > 0 ? text : "");
	profile->allocator = allocator;
	profile->host = profile->allocator_path = profile->unwinder = profile->bypassed = "";
	profile->source = "not recorded";
}

static void value_set(struct profile *profile, uint32_t key, uint64_t value)
{
	profile->memory[key] = value;
	profile->memory_known |= UINT64_C(1) << key;
}

static void values_fill(struct profile *profile, const struct ledger_look *look, const struct heap_account *heap)
{
	const uint64_t parts[] = {heap->in_use + look->chunk_bytes,
				  heap->cached,
				  heap->free_pages,
				  heap->top,
				  heap->pinned,
				  heap->metadata,
				  heap->spread};

	value_set(profile, SEEP_MEMORY_RSS, look->rss_after);
	value_set(profile, SEEP_MEMORY_LEDGER_BEFORE, look->rss_before);
	value_set(profile, SEEP_MEMORY_LEDGER_AFTER, look->rss_after);
	for (uint32_t i = 0; i < CHARGE_COUNT; i++)
		if (look->charge.known >> i & 1)
			value_set(profile, SEEP_MEMORY_GROUP + i, look->charge.bytes[i]);
	if (heap->state)
		value_set(profile, SEEP_MEMORY_HEAP_STATE, heap->state);
	for (uint32_t i = 0; i < sizeof parts / sizeof *parts && heap->state == SEEP_ACCOUNT_KNOWN; i++)
		value_set(profile, SEEP_MEMORY_HEAP_IN_USE + i, parts[i]);
}

/* The rows must have room for one more. */
static void rows_fill(struct profile *profile, const struct ledger_look *look)
{
	profile->ledger = memory_allocate(look->row_count + 1u, sizeof *profile->ledger);
	profile->ledger_count = look->row_count;
	for (uint32_t i = 0; i < look->row_count; i++) {
		const struct ledger_row *row = &look->rows[i];
		profile->ledger[i] =
		    (struct profile_ledger_row){.ledger_class = row->class,
						.mappings = row->mappings,
						.name = string_pool_intern(profile->strings, row->name),
						.virtual_bytes = row->virtual_bytes,
						.anonymous_bytes = row->pages.anonymous,
						.file_bytes = row->pages.file,
						.swapped_bytes = row->pages.swapped,
						.huge_bytes = row->pages.huge,
						.unread_bytes = row->pages.unread};
	}
}

struct profile *outside_open(pid_t pid, struct error *error)
{
	struct process_facts facts;
	struct ledger_look look;
	struct heap_account heap = {0};

	if (!process_inspect(pid, &facts, error))
		return NULL;
	const char *allocator = allocator_find(pid, error);
	if (!allocator)
		return NULL;
	const struct ledger_program program = {.executable = facts.executable, .allocator = allocator, .heap_file = ""};
	if (!ledger_look_take(&look, (uint64_t)pid, &program, NULL, 0)) {
		error_set(error, "%d (%s): its mappings can't be read", (int)pid, facts.name);
		return NULL;
	}
	if (strcmp(allocator, "glibc") == 0)
		heap_account_take(&heap, (uint64_t)pid, &look.ledger, "/libc.so.6", NULL, 0, HEAP_NS);
	struct profile *profile = profile_create();
	program_fill(profile, pid, &facts, allocator);
	values_fill(profile, &look, &heap);
	rows_fill(profile, &look);
	ledger_look_free(&look);
	return profile;
}

/* The mapping that the kernel calls [heap] counts as the allocator's already. */
void outside_give_allocator(struct profile *profile, double bytes)
{
	struct profile_ledger_row *from = NULL, *to = &profile->ledger[profile->ledger_count];

	for (uint32_t i = 0; i < profile->ledger_count; i++) {
		struct profile_ledger_row *row = &profile->ledger[i];
		if (row->ledger_class == SEEP_LEDGER_HEAP)
			bytes -= (double)row->anonymous_bytes;
		else if (row->ledger_class == SEEP_LEDGER_UNEXPLAINED && !row->name[0])
			from = row;
	}
	if (!from || bytes < 1)
		return;
	const uint64_t most = from->anonymous_bytes, given = bytes < (double)most ? (uint64_t)bytes : most;
	from->anonymous_bytes -= given;
	from->virtual_bytes -= given;
	*to = (struct profile_ledger_row){
	    .ledger_class = SEEP_LEDGER_HEAP, .name = "mapped", .virtual_bytes = given, .anonymous_bytes = given};
	to->mappings = 1;
	profile->ledger_count++;
}

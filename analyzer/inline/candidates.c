/* SPDX-License-Identifier: Apache-2.0 */
/* See candidates.h. */
#include "inline/candidates.h"

#include <stdlib.h>
#include <string.h>

#include <seep/entry_points.h>

#include "base/memory.h"
#include "inline/reach.h"

enum { PREFIXES_MAX = 4, PREFIX_MAX = 32 };

/* The kinds of functions in the table of entry points. */
enum { ALLOCATE, RESIZE, RELEASE, POSIX, TEXT, MEASURE, DESTROY };
enum { FAST, NESTED, CXX, BY_HAND };
static const struct entry {
	const char *name;
	int kind, hook, traits;
	bool has_prefixes, is_rust;
} entries[] = {
#define flags 0 /* traits of the call, none of which matters here */
#define ENTRY(name, kind, hook, takes, traits) {#name, kind, hook, traits, false, false},
#define ENTRY_PREFIXED(name, kind, hook, takes, traits) {#name, kind, hook, traits, true, false},
#define ENTRY_OF_RUST(name, kind, hook, takes, traits) {#name, kind, hook, traits, false, true},
    SEEP_ENTRY_POINTS_OF_C(ENTRY_PREFIXED) SEEP_ENTRY_POINTS_OF_CXX(ENTRY) SEEP_ENTRY_POINTS_OF_JEMALLOC(ENTRY_PREFIXED)
	SEEP_ENTRY_POINTS_OF_TCMALLOC(ENTRY) SEEP_ENTRY_POINTS_OF_MIMALLOC(ENTRY)
	    SEEP_ENTRY_POINTS_OF_RUST(ENTRY_OF_RUST)
#undef flags
};
enum { ENTRIES = sizeof entries / sizeof *entries };

static bool gives(const struct entry *entry)
{
	return entry->kind == ALLOCATE || entry->kind == RESIZE || entry->kind == POSIX || entry->kind == TEXT;
}

static bool takes_back(const struct entry *entry)
{
	return entry->kind == RELEASE || entry->kind == RESIZE || entry->kind == DESTROY;
}

/* Finds the entry of a C name, or of a name behind a prefix. */
static const struct entry *entry_named(const char *name, bool prefixed)
{
	for (size_t i = 0; i < ENTRIES; i++)
		if ((!prefixed || entries[i].has_prefixes) && strcmp(entries[i].name, name) == 0)
			return &entries[i];
	return NULL;
}

/* Rust's compiler writes the length of a name before it, and "_" before a name that begins so. */
static const struct entry *entry_in_rust(const char *name)
{
	if (strncmp(name, "_R", 2) != 0 || !strstr(name, "7___rustc"))
		return NULL;
	for (size_t i = 0, length = strlen(name); i < ENTRIES; i++) {
		size_t own = strlen(entries[i].name);
		if (entries[i].is_rust && own + 3 < length && strcmp(name + length - own, entries[i].name) == 0 &&
		    name[length - own - 1] == '_' && strtoul(name + length - own - 3, NULL, 10) == own)
			return &entries[i];
	}
	return NULL;
}

struct search {
	const struct program *program;
	char prefixes[PREFIXES_MAX][PREFIX_MAX];
	size_t prefix_count;
	bool locals; /* C names that are local to a file count, too */
	const struct function *found[ENTRIES];
	int worth[ENTRIES];
};

static bool has_function(const struct program *program, const char *prefix, const char *name)
{
	size_t length = strlen(prefix);

	for (size_t i = 0; i < program->count; i++)
		if (strncmp(program->functions[i].name, prefix, length) == 0 &&
		    strcmp(program->functions[i].name + length, name) == 0)
			return true;
	return false;
}

/* Only jemalloc has a function mallocx. */
static void prefixes_find(struct search *search)
{
	for (size_t i = 0; i < search->program->count && search->prefix_count < PREFIXES_MAX; i++) {
		const char *name = search->program->functions[i].name;
		size_t length = strlen(name), own = strlen("mallocx");
		char *prefix = search->prefixes[search->prefix_count];
		if (length <= own || length - own >= PREFIX_MAX || strcmp(name + length - own, "mallocx") != 0)
			continue;
		memcpy(prefix, name, length - own);
		prefix[length - own] = 0;
		if (has_function(search->program, prefix, "malloc") && has_function(search->program, prefix, "free"))
			search->prefix_count++;
	}
}

/* The entry for a function, and how sure that is; 0: there is none. */
static int function_recognise(const struct search *search, const struct function *function, const struct entry **entry)
{
	enum { LOCAL = 1, PREFIXED, GLOBAL };

	*entry = entry_named(function->name, false);
	if (*entry && !function->is_local)
		return GLOBAL;
	if (*entry && (search->locals || !(*entry)->has_prefixes || strncmp((*entry)->name, "_Z", 2) == 0))
		return LOCAL;
	*entry = entry_in_rust(function->name);
	for (size_t i = 0; !*entry && i < search->prefix_count; i++) {
		size_t length = strlen(search->prefixes[i]);
		if (strncmp(function->name, search->prefixes[i], length) == 0)
			*entry = entry_named(function->name + length, true);
	}
	return *entry ? PREFIXED : 0;
}

/* A name may occur twice (je_malloc beside malloc): there is one hook for it. */
static void functions_find(struct search *search)
{
	memset(search->found, 0, sizeof search->found);
	memset(search->worth, 0, sizeof search->worth);
	for (size_t i = 0; i < search->program->count; i++) {
		const struct entry *entry;
		int worth = function_recognise(search, &search->program->functions[i], &entry);
		if (worth && worth > search->worth[entry - entries]) {
			search->found[entry - entries] = &search->program->functions[i];
			search->worth[entry - entries] = worth;
		}
	}
}

static int candidate_compare(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;

	if (a->function->start != b->function->start)
		return a->function->start < b->function->start ? -1 : 1;
	return a->entry < b->entry ? -1 : a->entry > b->entry;
}

/* Takes one candidate for each function, by the first of its names. */
static void candidates_take(struct candidates *candidates, const struct search *search)
{
	size_t kept = 0;

	candidates->items = memory_allocate(ENTRIES, sizeof *candidates->items);
	for (unsigned i = 0; i < ENTRIES; i++)
		if (search->found[i])
			candidates->items[candidates->count++] =
			    (struct candidate){.name = entries[i].name,
					       .entry = i,
					       .function = search->found[i],
					       .gives = gives(&entries[i]),
					       .takes_back = takes_back(&entries[i])};
	qsort(candidates->items, candidates->count, sizeof *candidates->items, candidate_compare);
	for (size_t i = 0; i < candidates->count; i++)
		if (kept == 0 || candidates->items[kept - 1].function->start != candidates->items[i].function->start)
			candidates->items[kept++] = candidates->items[i];
	candidates->count = kept;
}

static const struct candidate *candidate_at(const struct candidates *candidates, uint64_t address)
{
	for (size_t i = 0; i < candidates->count; i++)
		if (candidates->items[i].function->start == address)
			return &candidates->items[i];
	return NULL;
}

/* Where the instructions of one candidate lead. */
struct question {
	const struct candidates *candidates;
	const struct candidate *of;
	bool leads_to_another; /* to another one that does the same kind of work */
	bool leads_outside;    /* to another module's function with such a name */
};

static void place_ask(uint64_t target, const char *name, void *context)
{
	struct question *question = context;
	const struct candidate *other = candidate_at(question->candidates, target);
	const struct entry *entry = name ? entry_named(name, false) : NULL;

	/* it calls its own functions through the loader */
	for (size_t i = 0; entry && !other && i < question->candidates->count; i++)
		if (question->candidates->items[i].entry == (unsigned)(entry - entries))
			other = &question->candidates->items[i];
	bool gives_too = question->of->gives;
	if (other && other != question->of)
		question->leads_to_another |= gives_too ? other->gives : other->takes_back;
	else if (entry && !other)
		question->leads_outside |= gives_too ? gives(entry) : takes_back(entry);
}

/* Decides which hook a candidate gets. If an exception may leave a function, or the program may keep the memory that
 * the function gives back (a pool), it counts only if the functions that it calls don't. The ways in which they
 * complain about too little memory are not followed. */
static void hook_choose(struct candidates *candidates, struct candidate *candidate, const struct program *program)
{
	const struct entry *entry = &entries[candidate->entry];
	bool stands_alone = entry->hook == CXX || entry->traits & SEEP_THROWS;
	struct question question = {candidates, candidate, false, false};

	reach_visit(program, &candidate->function, 1, stands_alone ? 0 : 2, place_ask, &question);
	if (stands_alone || entry->is_rust)
		candidate->hook = question.leads_to_another || question.leads_outside ? HOOK_NONE : HOOK_INNER;
	else if (candidate->gives || candidate->takes_back)
		candidate->hook = question.leads_to_another ? HOOK_OUTER : HOOK_INNER;
	else
		candidate->hook = entry->hook == BY_HAND ? HOOK_INNER : HOOK_NONE;
}

static bool hooks_choose(struct candidates *candidates, const struct program *program)
{
	bool some_give = false, some_take_back = false;

	for (size_t i = 0; i < candidates->count; i++) {
		struct candidate *candidate = &candidates->items[i];
		hook_choose(candidates, candidate, program);
		some_give |= candidate->hook && candidate->gives;
		some_take_back |= candidate->hook && candidate->takes_back;
	}
	return some_give && some_take_back;
}

bool candidates_find(struct candidates *candidates, const struct program *program, struct error *error)
{
	struct search search = {.program = program};

	*candidates = (struct candidates){0};
	prefixes_find(&search);
	functions_find(&search);
	const struct function *const *first = search.found; /* C's functions come first, and malloc before all others */
	if (!first[0]) {
		search.locals = true;
		functions_find(&search);
	}
	candidates_take(candidates, &search);
	if (hooks_choose(candidates, program))
		return true;
	candidates_free(candidates);
	return error_set(error, "no function in the program has the name of a known allocator's");
}

void candidates_free(struct candidates *candidates)
{
	free(candidates->items);
	*candidates = (struct candidates){0};
}

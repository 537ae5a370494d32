/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The class of each mapping. A file's name and the kernel's labels settle most. Private memory without a name is
 *
 *	a module's data		right behind that module's writable segment, up to where its headers say that it ends (module_ends.h),
 *				unless live blocks lie in it
 *	heap			the kernel's [heap], except for what the program itself has asked for there; what the allocator has mapped;
 *				where live blocks lie; glibc's arenas, which begin at multiples of 64 MiB and are followed by what
 *				they may still grow into
 *	a thread's stack	right above a guard, as pthread_create() makes it
 *	code			if it may be executed
 *
 * and otherwise mapped by the program or a library itself, if a call of theirs said so, if it has a label, or if
 * malloc's own mappings can be told from it (chunks.h); else unexplained.
 */
#include "keeper/ledger/ledger_class.h"

#include <string.h>

#include <seep/keeper.h>

/* HEAP_MAX_SIZE of glibc's malloc/arena.c, on 64 bits. */
#define ARENA_BYTES (UINT64_C(64) << 20)
#define GUARD_BYTES_MOST 65536
#define STACK_BYTES_MOST (UINT64_C(1) << 30)

static const char *text_of(const struct ledger *ledger, const struct ledger_mapping *mapping)
{
	return ledger->names + mapping->name;
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool ends(const char *text, const char *with)
{
	const size_t length = strlen(text), tail = strlen(with);
	return length >= tail && strcmp(text + length - tail, with) == 0;
}

static bool is_unnamed(const struct ledger *ledger, const struct ledger_mapping *mapping)
{
	const char *text = text_of(ledger, mapping);
	return !text[0] || begins(text, "[anon:");
}

/* All mappings of a file some part of which is executed. A file's segments follow each other, with gaps at most. */
static void modules_mark(struct ledger *ledger)
{
	for (uint32_t i = 0, next; i < ledger->count; i = next) {
		const struct ledger_mapping *first = &ledger->mappings[i];
		bool executed = false;
		for (next = i; next < ledger->count && ledger->mappings[next].inode == first->inode &&
			       ledger->mappings[next].device == first->device;
		     next++)
			executed |= (ledger->mappings[next].permission & LEDGER_EXECUTE) != 0;
		for (uint32_t k = i; k < next; k++)
			ledger->mappings[k].is_module = executed && first->inode;
	}
}

static bool is_shared_memory(const char *path)
{
	static const char *const beginnings[] = {"/dev/shm/", "/memfd:", "/SYSV", "/dev/zero", "/run/shm/"};
	for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++)
		if (begins(path, beginnings[i]))
			return true;
	return false;
}

static enum seep_ledger_class class_of_file(const struct ledger_mapping *mapping, const char *path,
					    const struct ledger_program *program)
{
	if (begins(path, SEEP_HEAP_MEMORY) || strcmp(path, program->heap_file) == 0 || ends(path, "libseep.so"))
		return SEEP_LEDGER_SEEP;
	if (begins(path, "/anon_hugepage") || begins(path, "/dev/hugepages/"))
		return SEEP_LEDGER_HUGE;
	if (strcmp(path, program->executable) == 0)
		return SEEP_LEDGER_PROGRAM;
	if (mapping->is_module)
		return SEEP_LEDGER_LIBRARY;
	return mapping->permission & LEDGER_SHARE && is_shared_memory(path) ? SEEP_LEDGER_SHARED : SEEP_LEDGER_FILE;
}

static bool follows(const struct ledger_mapping *before, const struct ledger_mapping *mapping)
{
	return before && before->end == mapping->start;
}

/* Is this the last part of a module's data, .bss, which is not in its file? */
static bool is_module_data(const struct ledger_mapping *before, const struct ledger_mapping *mapping)
{
	return follows(before, mapping) && !mapping->has_blocks && !mapping->is_behind_module &&
	       mapping->owner == LEDGER_OWNER_UNKNOWN && mapping->permission & LEDGER_WRITE &&
	       !(mapping->permission & (LEDGER_EXECUTE | LEDGER_SHARE)) && before->permission & LEDGER_WRITE &&
	       (before->class == SEEP_LEDGER_PROGRAM || before->class == SEEP_LEDGER_LIBRARY ||
		before->class == SEEP_LEDGER_SEEP) &&
	       before->is_module;
}

static bool is_arena(const struct ledger_mapping *mapping, const struct ledger_mapping *after)
{
	if (mapping->start % ARENA_BYTES || mapping->end - mapping->start > ARENA_BYTES)
		return false;
	return mapping->end % ARENA_BYTES == 0 ||
	       (after && after->start == mapping->end && !(after->permission & (LEDGER_READ | LEDGER_WRITE)) &&
		after->end >= mapping->start + ARENA_BYTES);
}

static bool is_stack(const struct ledger_mapping *before, const struct ledger_mapping *mapping)
{
	return follows(before, mapping) && !(before->permission & (LEDGER_READ | LEDGER_WRITE | LEDGER_EXECUTE)) &&
	       !before->inode && before->end - before->start <= GUARD_BYTES_MOST &&
	       mapping->end - mapping->start <= STACK_BYTES_MOST;
}

static enum seep_ledger_class class_of_memory(const struct ledger *ledger, uint32_t index,
					      const struct ledger_program *program)
{
	const struct ledger_mapping *mapping = &ledger->mappings[index];
	const struct ledger_mapping *before = index ? mapping - 1 : NULL;
	const struct ledger_mapping *after = index + 1 < ledger->count ? mapping + 1 : NULL;
	if (!(mapping->permission & (LEDGER_READ | LEDGER_WRITE | LEDGER_EXECUTE)))
		return SEEP_LEDGER_RESERVED;
	if (mapping->permission & LEDGER_EXECUTE)
		return SEEP_LEDGER_CODE;
	if (mapping->has_blocks || mapping->owner == LEDGER_OWNER_ALLOCATOR)
		return SEEP_LEDGER_HEAP;
	const bool is_programs = mapping->owner == LEDGER_OWNER_PROGRAM;
	if (!is_programs && strcmp(program->allocator, "glibc") == 0 && is_arena(mapping, after))
		return SEEP_LEDGER_HEAP;
	if (is_stack(before, mapping))
		return SEEP_LEDGER_STACK;
	return is_programs || text_of(ledger, mapping)[0] || program->tells_chunks ? SEEP_LEDGER_OWN
										   : SEEP_LEDGER_UNEXPLAINED;
}

static enum seep_ledger_class class_of(const struct ledger *ledger, uint32_t index,
				       const struct ledger_program *program)
{
	const struct ledger_mapping *mapping = &ledger->mappings[index];
	const char *text = text_of(ledger, mapping);
	if (text[0] == '/' || mapping->inode)
		return class_of_file(mapping, text, program);
	if (begins(text, "[heap]")) /* a program may ask for some of it by sbrk() */
		return mapping->owner == LEDGER_OWNER_PROGRAM && !mapping->has_blocks ? SEEP_LEDGER_OWN
										      : SEEP_LEDGER_HEAP;
	if (begins(text, "[stack"))
		return SEEP_LEDGER_STACK;
	if (text[0] == '[' && !is_unnamed(ledger, mapping)) /* [vdso], [vvar], [vsyscall], [uprobes] */
		return SEEP_LEDGER_KERNEL;
	if (mapping->permission & LEDGER_SHARE)
		return SEEP_LEDGER_SHARED;
	if (begins(text, "[anon: glibc: pthread")) /* with glibc.mem.decorate_maps */
		return SEEP_LEDGER_STACK;
	if (begins(text, "[anon: glibc: malloc"))
		return SEEP_LEDGER_HEAP;
	return class_of_memory(ledger, index, program);
}

void ledger_classify(struct ledger *ledger, const struct ledger_program *program)
{
	modules_mark(ledger);
	for (uint32_t i = 0; i < ledger->count; i++) {
		struct ledger_mapping *mapping = &ledger->mappings[i], *before = i ? mapping - 1 : NULL;
		if (is_unnamed(ledger, mapping) && !mapping->inode && is_module_data(before, mapping)) {
			mapping->class = before->class;
			mapping->is_module = true;
			mapping->name = before->name;
		} else {
			mapping->class = (uint8_t)class_of(ledger, i, program);
		}
	}
}

const char *ledger_name(const struct ledger *ledger, const struct ledger_mapping *mapping)
{
	const char *text = text_of(ledger, mapping);
	switch ((enum seep_ledger_class)mapping->class) {
	case SEEP_LEDGER_STACK:
		return begins(text, "[stack") ? "main thread" : "threads";
	case SEEP_LEDGER_HEAP:
		return begins(text, "[heap]") ? "[heap]" : is_unnamed(ledger, mapping) ? "mapped" : text;
	case SEEP_LEDGER_SEEP:
		return ends(text, "libseep.so") ? "libseep.so" : "heap file";
	default:
		return text;
	}
}

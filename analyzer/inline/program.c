/* SPDX-License-Identifier: Apache-2.0 */
/* See program.h. */
#include "inline/program.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <seep/search.h>

#include "base/memory.h"
#include "inline/disassembler.h"
#include "modules/debug_files.h"

enum { CODE_MAX = 1 << 30, FUNCTION_MAX = 1 << 20 };

static int function_compare(const void *left, const void *right)
{
	const struct function *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	if (a->is_local != b->is_local)
		return a->is_local ? 1 : -1;
	return strcmp(a->name, b->name);
}

/* Copies a name without the version that may be behind it. */
static char *name_copy(const char *name)
{
	char *copy = memory_copy_text(name);

	copy[strcspn(copy, "@")] = 0;
	return copy;
}

/* Takes over the symbols of functions in the code. */
static void functions_take(struct program *program, Dwfl_Module *module)
{
	int total = dwfl_module_getsymtab(module);
	size_t capacity = 0;

	for (int i = 1; i < total; i++) {
		GElf_Sym entry;
		GElf_Addr address;
		const char *name = dwfl_module_getsym_info(module, i, &entry, &address, NULL, NULL, NULL);
		uint64_t start = address + program->module->bias;
		if (!name || !*name || entry.st_shndx == SHN_UNDEF || GELF_ST_TYPE(entry.st_info) != STT_FUNC ||
		    start < program->module->code || start >= program->module->code_end)
			continue;
		ARRAY_RESERVE(program->functions, program->count, capacity);
		program->functions[program->count++] =
		    (struct function){.start = start,
				      .end = start + entry.st_size,
				      .name = name_copy(name),
				      .is_local = GELF_ST_BIND(entry.st_info) == STB_LOCAL};
	}
	if (program->count)
		qsort(program->functions, program->count, sizeof *program->functions, function_compare);
}

/* A function without a size reaches to the next one; none reaches beyond the code. */
static void ends_settle(struct program *program)
{
	uint64_t next = program->module->code_end;

	for (size_t i = program->count; i-- > 0;) {
		struct function *function = &program->functions[i];
		if (i + 1 < program->count && program->functions[i + 1].start > function->start)
			next = program->functions[i + 1].start;
		if (function->end == function->start)
			function->end = next;
		if (function->end > program->module->code_end)
			function->end = program->module->code_end;
		if (function->end - function->start > FUNCTION_MAX)
			function->end = function->start + FUNCTION_MAX;
	}
}

static bool functions_read(struct program *program, pid_t pid, struct error *error)
{
	struct debug_files files = {0};
	char link[32], path[4096];

	snprintf(link, sizeof link, "/proc/%d/exe", (int)pid);
	ssize_t length = readlink(link, path, sizeof path - 1);
	path[length > 0 ? length : 0] = 0;
	int descriptor = open(link, O_RDONLY | O_CLOEXEC);
	if (descriptor < 0)
		return error_set(error, "%s: it can't be read", link);
	debug_files_prepare(NULL);
	debug_files_open_module(&files, path, descriptor);
	if (files.module)
		functions_take(program, files.module);
	debug_files_close(&files);
	ends_settle(program);
	return program->count || error_set(error, "%s has no symbols, and no debug file of it was found", path);
}

bool program_read(struct program *program, const struct remote *remote, const struct loaded *loaded,
		  struct error *error)
{
	const struct loaded_module *module = &loaded->modules[0];
	size_t bytes = module->code_end - module->code;

	*program = (struct program){.module = module};
	if (bytes == 0 || bytes > CODE_MAX)
		return error_set(error, "%d has no code that can be read", (int)remote->pid);
	program->code = memory_allocate(bytes, 1);
	if (remote_read(remote, module->code, program->code, bytes)
		? functions_read(program, remote->pid, error)
		: error_set(error, "the code of %d can't be read", (int)remote->pid))
		return true;
	program_free(program);
	return false;
}

void program_free(struct program *program)
{
	for (size_t i = 0; i < program->count; i++)
		free(program->functions[i].name);
	free(program->functions);
	free(program->code);
	*program = (struct program){0};
}

const unsigned char *program_code(const struct program *program, uint64_t address, size_t *count)
{
	if (address < program->module->code || address >= program->module->code_end)
		return NULL;
	*count = program->module->code_end - address;
	return program->code + (address - program->module->code);
}

const struct function *program_function(const struct program *program, uint64_t address)
{
	size_t low = SEEP_COUNT_TO(program->functions, program->count, start, address);

	if (low == 0)
		return NULL;
	uint64_t start = program->functions[low - 1].start;
	while (low > 1 && program->functions[low - 2].start == start)
		low--;
	const struct function *function = &program->functions[low - 1];
	return address < function->end ? function : NULL;
}

size_t program_padding(const struct program *program, const struct function *function)
{
	size_t count, used = 0;
	const unsigned char *code = program_code(program, function->end, &count);
	struct instruction instruction;

	while (code && used < 16 && used + 1 < count) {
		const struct function *other = program_function(program, function->end + used);
		bool trap = code[used] == 0xcc;
		bool nop = code[used] == 0x90 || code[used] == 0x66 || (code[used] == 0x0f && code[used + 1] == 0x1f);
		if (other || (!trap && !nop) ||
		    !instruction_decode(code + used, count - used, function->end + used, &instruction))
			break;
		used += instruction.length;
	}
	return used;
}

/* The name of the function whose address the loader stores in a pointer of the module. */
static const char *slot_name(const struct program *program, uint64_t slot)
{
	const struct loaded_module *module = program->module;

	for (size_t i = 0; i < module->relocation_count; i++)
		if (module->bias + module->relocations[i].r_offset == slot)
			return loaded_symbol_name(module, (uint32_t)ELF64_R_SYM(module->relocations[i].r_info));
	return NULL;
}

/* The name of another module's function to which this stub leads: the stub jumps through a pointer, perhaps behind a
 * marker. */
static const char *entry_name(const struct program *program, uint64_t address)
{
	struct instruction instruction;
	size_t count;

	for (int i = 0; i < 2; i++) {
		const unsigned char *code = program_code(program, address, &count);
		if (!code || !instruction_decode(code, count, address, &instruction))
			return NULL;
		if (instruction.flow == FLOW_JUMP_INDIRECT)
			return slot_name(program, instruction.target);
		if (!instruction.is_marker)
			return NULL;
		address += instruction.length;
	}
	return NULL;
}

void program_visit(const struct program *program, const struct function *function, program_visitor *visit,
		   void *context)
{
	struct instruction instruction;
	size_t count;

	for (uint64_t at = function->start; at < function->end; at += instruction.length) {
		const unsigned char *code = program_code(program, at, &count);
		if (!code || !instruction_decode(code, count, at, &instruction))
			return;
		bool indirect = instruction.flow == FLOW_CALL_INDIRECT || instruction.flow == FLOW_JUMP_INDIRECT;
		bool direct =
		    instruction.flow == FLOW_CALL || instruction.flow == FLOW_JUMP || instruction.flow == FLOW_BRANCH;
		if (indirect && instruction.target)
			visit(0, slot_name(program, instruction.target), context);
		else if (direct && (instruction.target < function->start || instruction.target >= function->end))
			visit(instruction.target, entry_name(program, instruction.target), context);
	}
}

/* Whether an instruction of its function begins at `address`, and really leads there. */
static bool really_leads(const struct program *program, uint64_t address, uint64_t after, uint64_t before)
{
	const struct function *function = program_function(program, address);
	struct instruction instruction = {.length = 1};
	size_t count;

	for (uint64_t at = function ? function->start : address; at <= address; at += instruction.length) {
		const unsigned char *code = program_code(program, at, &count);
		if (!code || !instruction_decode(code, count, at, &instruction))
			return true; /* if that is unknown, it is safer to believe it */
		if (at == address)
			return instruction.target > after && instruction.target < before;
	}
	return false;
}

static struct landing *landing_at(struct landing *landings, size_t count, uint64_t target)
{
	size_t low = SEEP_COUNT_BELOW(landings, count, after, target);

	return low && target < landings[low - 1].before ? &landings[low - 1] : NULL;
}

/* The target of a jump or call that would begin here; 0: these bytes begin none. */
static uint64_t leap_target(const unsigned char *code, uint64_t address)
{
	bool is_long = code[0] == 0x0f && code[1] >> 4 == 8;
	int32_t distance;

	if (code[0] == 0xe8 || code[0] == 0xe9 || is_long) {
		memcpy(&distance, code + 1 + is_long, sizeof distance);
		return address + 5 + is_long + (uint64_t)(int64_t)distance;
	}
	if (code[0] >> 4 == 7 || code[0] == 0xeb || (code[0] >= 0xe0 && code[0] <= 0xe3))
		return address + 2 + (uint64_t)(int64_t)(int8_t)code[1];
	return 0;
}

void program_find_leaps(const struct program *program, struct landing *landings, size_t count)
{
	const unsigned char *code = program->code;
	size_t bytes = program->module->code_end - program->module->code;

	for (size_t i = 0; count && i + 6 <= bytes; i++) {
		uint64_t address = program->module->code + i, target = leap_target(code + i, address);
		if (target <= landings[0].after || target >= landings[count - 1].before)
			continue;
		struct landing *landing = landing_at(landings, count, target);
		if (landing && !landing->from && really_leads(program, address, landing->after, landing->before))
			landing->from = address;
	}
}

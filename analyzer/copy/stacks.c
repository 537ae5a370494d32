/* SPDX-License-Identifier: Apache-2.0 */
/* See stacks.h. */
#include "copy/stacks.h"

#include <elf.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

enum {
	FRAMES_MOST = 1024,
	THREADS_MOST = 2048,       /* most threads whose stacks are walked */
	CONTROL_WORDS = 0x900 / 8, /* size of glibc's struct pthread */
	CONTROL_BYTES_MOST = 16384,
	PAGE = 4096,
	RED_ZONE = 128,
	START_BYTES = 64, /* of the program's first function */
	REGISTER_SP = 7,  /* DWARF's numbers */
	REGISTERS = 17,
};

/* A walk over one thread's frames. */
struct walk {
	const struct image_thread *thread;
	int memory; /* of the copy */
	Dwfl *dwfl;
	uint64_t low, high, entry;
	uint64_t sp, pc; /* the frame before */
	unsigned frames;
	bool is_astray;
};

static bool memory_get(int memory, uint64_t address, void *to, size_t bytes)
{
	return pread(memory, to, bytes, (off_t)address) == (ssize_t)bytes;
}

static pid_t next_thread(Dwfl *dwfl, void *context, void **thread)
{
	const struct walk *walk = context;

	(void)dwfl;
	if (*thread)
		return 0;
	*thread = context;
	return walk->thread->tid;
}

static bool read_word(Dwfl *dwfl, Dwarf_Addr address, Dwarf_Word *word, void *context)
{
	const struct walk *walk = context;

	(void)dwfl;
	return memory_get(walk->memory, address, word, sizeof *word);
}

static bool set_registers(Dwfl_Thread *thread, void *context)
{
	const struct user_regs_struct *from = &((const struct walk *)context)->thread->registers;
	const Dwarf_Word registers[REGISTERS] = {from->rax, from->rdx, from->rcx, from->rbx, from->rsi, from->rdi,
						 from->rbp, from->rsp, from->r8,  from->r9,  from->r10, from->r11,
						 from->r12, from->r13, from->r14, from->r15, from->rip};

	return dwfl_thread_state_registers(thread, 0, REGISTERS, registers);
}

/* Whether the code there has unwind information. Without it, libdw follows frame pointers, and a coroutine's may lead
 * to its creator's stack. */
static bool is_described(Dwfl *dwfl, uint64_t address)
{
	Dwfl_Module *module = dwfl_addrmodule(dwfl, address);
	Dwarf_Addr bias;
	Dwarf_CFI *information = module ? dwfl_module_eh_cfi(module, &bias) : NULL;
	Dwarf_Frame *frame = NULL;
	const bool found = information && dwarf_cfi_addrframe(information, address - bias, &frame) == 0;

	free(frame);
	return found;
}

static int frame_take(Dwfl_Frame *frame, void *context)
{
	struct walk *walk = context;
	bool interrupted;
	Dwarf_Word sp;

	if (!dwfl_frame_pc(frame, &walk->pc, &interrupted) || !is_described(walk->dwfl, walk->pc - !interrupted) ||
	    dwfl_frame_reg(frame, REGISTER_SP, &sp) != 0 || sp < walk->sp || sp < walk->low || sp >= walk->high ||
	    walk->frames++ == FRAMES_MOST) {
		walk->is_astray = true;
		return DWARF_CB_ABORT;
	}
	walk->sp = sp;
	return DWARF_CB_OK;
}

/* Whether this is where stacks begin: the program's first function, or, in a new thread, the code behind the call in
 * clone() (mov $SYS_exit, %eax; syscall). */
static bool is_beginning(const struct walk *walk)
{
	static const unsigned char exits[] = {0xb8, 60, 0, 0, 0, 0x0f, 0x05};
	unsigned char code[sizeof exits + 4];

	if (walk->pc >= walk->entry && walk->pc < walk->entry + START_BYTES)
		return true;
	return memory_get(walk->memory, walk->pc, code, sizeof code) &&
	       memmem(code, sizeof code, exits, sizeof exits) != NULL;
}

/* Where a thread's stack begins, by what glibc notes at its end: start, size, and size of the guard. 0: unknown. */
static uint64_t stack_of_thread(const struct walk *walk, const struct ledger_mapping *mapping)
{
	uint64_t words[CONTROL_WORDS], found = 0;
	const uint64_t control = walk->thread->registers.fs_base, sp = walk->thread->registers.rsp;

	if (control <= sp || control >= mapping->end || !memory_get(walk->memory, control, words, sizeof words))
		return 0;
	for (size_t i = 0; i + 2 < CONTROL_WORDS; i++) {
		const uint64_t start = words[i], bytes = words[i + 1], guard = words[i + 2];
		if (start % PAGE || bytes % PAGE || guard % PAGE || start >= sp || bytes > UINT64_C(1) << 40 ||
		    start + bytes <= control || start + bytes - control > CONTROL_BYTES_MOST || guard >= bytes)
			continue;
		if (found)
			return 0;
		found = start + guard;
	}
	return found;
}

static bool stack_find(struct walk *walk, const struct ledger *copied)
{
	const uint64_t sp = walk->thread->registers.rsp;

	for (uint32_t i = 0; i < copied->count; i++) {
		const struct ledger_mapping *mapping = &copied->mappings[i];
		if (sp < mapping->start || sp >= mapping->end)
			continue;
		const bool is_main = strcmp(copied->names + mapping->name, "[stack]") == 0;
		walk->low = is_main ? mapping->start : stack_of_thread(walk, mapping);
		walk->high = is_main ? mapping->end : walk->thread->registers.fs_base;
		return walk->low && walk->low >= mapping->start && walk->low + RED_ZONE < sp;
	}
	return false;
}

static int debug_find(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base, const char *file,
		      const char *link, GElf_Word checksum, char **found)
{
	(void)module, (void)data, (void)name, (void)base, (void)file, (void)link, (void)checksum, (void)found;
	return -1; /* unwind tables are in the modules themselves, so memory need not be read */
}

/* libdw takes a process's state once; all walks use it, one after the other. */
static Dwfl *walker_begin(pid_t copy, struct walk *walk)
{
	static const Dwfl_Callbacks callbacks = {.find_elf = dwfl_linux_proc_find_elf, .find_debuginfo = debug_find};
	static const Dwfl_Thread_Callbacks threads = {
	    .next_thread = next_thread, .memory_read = read_word, .set_initial_registers = set_registers};
	Dwfl *dwfl = dwfl_begin(&callbacks);

	if (dwfl && dwfl_linux_proc_report(dwfl, copy) == 0 && dwfl_report_end(dwfl, NULL, NULL) == 0 &&
	    dwfl_attach_state(dwfl, NULL, copy, &threads, walk))
		return dwfl;
	dwfl_end(dwfl);
	return NULL;
}

static bool thread_walk(struct walk *walk)
{
	walk->sp = walk->thread->registers.rsp;
	walk->frames = 0;
	walk->is_astray = false;
	dwfl_getthread_frames(walk->dwfl, walk->thread->tid, frame_take, walk);
	return !walk->is_astray && walk->frames && is_beginning(walk);
}

struct dead_range *stacks_find_dead(const struct image *image, const struct ledger *copied, pid_t program,
				    size_t *count)
{
	struct dead_range *dead = memory_allocate(image->thread_count + 1, sizeof *dead);
	struct walk walk = {.entry = loaded_auxiliary(program, AT_ENTRY)};
	char path[32];

	*count = 0;
	snprintf(path, sizeof path, "/proc/%d/mem", (int)image->pid);
	walk.memory = open(path, O_RDONLY | O_CLOEXEC);
	Dwfl *dwfl = walk.dwfl = walk.memory >= 0 ? walker_begin(image->pid, &walk) : NULL;
	for (size_t i = 0; dwfl && i < image->thread_count && i < THREADS_MOST; i++) {
		walk.thread = &image->threads[i];
		if (stack_find(&walk, copied) && thread_walk(&walk))
			dead[(*count)++] = (struct dead_range){walk.low, walk.thread->registers.rsp - RED_ZONE};
	}
	if (dwfl)
		dwfl_end(dwfl);
	if (walk.memory >= 0)
		close(walk.memory);
	return dead;
}

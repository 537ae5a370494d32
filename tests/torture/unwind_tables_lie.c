/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames are not where their unwind tables say: far above, below, at an odd address, where rbp points, in a signal
 * frame that isn't one; on the stack of the program, of a thread, of a fiber that ends at the end of its mapping, and
 * in a handler on an alternate stack. With garbage of many kinds in rbp. Then the table's own words lead into a hole of
 * the module, and behind its segment's end.
 *
 * torture: plugins=lying_tables
 */
#include <dlfcn.h>
#include <link.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "torture.h"

#define PAGE 4096

typedef void liar(void (*callee)(void), uintptr_t rbp);

static liar *liars[16];
static int count;
static char *pages; /* three, between two that can't be touched */

static void callee(void)
{
	allocate_and_free(1);
}

static void *lie(void *unused)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	const uintptr_t values[] = {0,
				    1,
				    8,
				    here,
				    here + 13,
				    here - 4096,
				    here + 60000,
				    here + (64 << 20),
				    (uintptr_t)pages,
				    (uintptr_t)pages + 3 * PAGE - 8,
				    (uintptr_t)pages + 3 * PAGE,
				    (uintptr_t)pages - 8,
				    (UINT64_C(1) << 47) - 8,
				    UINTPTR_MAX - 15,
				    (uintptr_t)callee,
				    (uintptr_t)liars[0]};
	for (int i = 0; i < count; i++) {
		for (size_t value = 0; value < sizeof values / sizeof *values; value++)
			liars[i](callee, values[value]);
	}
	return unused;
}

static ucontext_t back, fiber;

static void in_fiber(void)
{
	lie(NULL);
}

static void handler(int signal)
{
	(void)signal;
	lie(NULL);
}

static char *guarded(size_t bytes)
{
	char *memory = mmap(NULL, bytes + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(memory + PAGE, bytes, PROT_READ | PROT_WRITE);
	return memory + PAGE;
}

/* Of the sorted table in .eh_frame_hdr: where a function begins and where its description is, from the header's start. */
struct table_entry {
	int32_t code, description;
};

static struct table_entry *entry_of(char *header, uintptr_t code)
{
	struct table_entry *entries = (struct table_entry *)(header + 12);
	for (uint32_t i = 0; i < *(uint32_t *)(header + 8); i++) {
		if ((uintptr_t)header + entries[i].code == code)
			return &entries[i];
	}
	return NULL;
}

struct segment {
	uintptr_t code;     /* in the module that is looked for */
	char *header, *end; /* its table, and the end of the segment that has it */
	char *code_end;     /* of the segment that has the code: a hole follows */
};

static int find_table(struct dl_phdr_info *info, size_t bytes, void *found)
{
	struct segment *segment = found;
	char *code_end = NULL, *header = NULL, *base = (char *)info->dlpi_addr;
	(void)bytes;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];
		char *start = base + part->p_vaddr, *end = start + part->p_memsz;
		if (part->p_type == PT_GNU_EH_FRAME)
			header = start;
		if (part->p_type == PT_LOAD && (char *)segment->code >= start && (char *)segment->code < end)
			code_end = end;
	}
	for (int i = 0; header && i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];
		char *start = base + part->p_vaddr;
		if (part->p_type == PT_LOAD && header >= start && header < start + part->p_memsz)
			segment->end = start + part->p_memsz;
	}
	segment->header = header;
	segment->code_end = code_end;
	return code_end && header;
}

static char *page_after(char *end)
{
	return (char *)(((uintptr_t)end + PAGE - 1) & -(uintptr_t)PAGE);
}

static void lie_in_the_table(void *plugin)
{
	liar *hole, *behind;
	*(void **)&hole = dlsym(plugin, "lie_described_in_a_hole");
	*(void **)&behind = dlsym(plugin, "lie_described_behind_the_end");
	struct segment segment = {.code = (uintptr_t)hole};
	EXPECT(dl_iterate_phdr(find_table, &segment) == 1);
	char *page = (char *)((uintptr_t)segment.header & -(uintptr_t)PAGE);
	EXPECT(mprotect(page, page_after(segment.end) - page, PROT_READ | PROT_WRITE) == 0);
	struct table_entry *in_hole = entry_of(segment.header, (uintptr_t)hole);
	struct table_entry *at_end = entry_of(segment.header, (uintptr_t)behind);
	EXPECT(in_hole && at_end);
	in_hole->description = (int32_t)(page_after(segment.code_end) + 2 * PAGE - segment.header);
	at_end->description = (int32_t)(page_after(segment.end) - 4 - segment.header);
	hole(callee, 0);
	behind(callee, 0);
}

int main(void)
{
	static const char *const names[] = {
	    "lie_far_above", "lie_near_above",      "lie_below",          "lie_unaligned", "lie_zero",
	    "lie_by_rbp",    "lie_saved_far_below", "lie_other_register", "lie_indirect",  "lie_is_a_signal_frame"};
	void *plugin = dlopen("./lying_tables.so", RTLD_NOW);
	EXPECT(plugin);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		*(void **)&liars[count] = dlsym(plugin, names[i]);
		EXPECT(liars[count]);
		count++;
	}
	pages = guarded(3 * PAGE);
	lie(NULL);
	pthread_join(start(lie, NULL), NULL);
	getcontext(&fiber);
	fiber.uc_stack = (stack_t){.ss_sp = guarded(65536), .ss_size = 65536};
	fiber.uc_link = &back;
	makecontext(&fiber, in_fiber, 0);
	swapcontext(&back, &fiber);
	stack_t stack = {.ss_sp = guarded(65536), .ss_size = 65536};
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
	sigaltstack(&stack, NULL);
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	lie_in_the_table(plugin);
	puts("done");
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* See frame.h. */
#include "tracing/frame.h"

#include <cpuid.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "base/memory.h"

enum {
	STACK_ALIGNMENT = 64, /* of vector state in a frame */
	MARK_BYTES = 4,
	RESERVED_AT = 464, /* offset in an XSAVE area of the part that software may use */
	PRESENT_AT = 512,  /* offset of the bits that say which parts of the state are not in their initial form */
	PARTS_AT = 576,    /* offset of the parts that came after SSE */
	PARTS_LEAF = 13,   /* leaf of cpuid: the area's size, then a subleaf for each part */
	PART_ON_DEMAND = 4,
};

#define MARK_BEGIN 0x46505853u
#define MARK_END 0x46505845u

/* What the kernel reads from a frame when a handler returns. */
struct signal_frame {
	uint64_t restorer;
	ucontext_t context; /* the kernel's structure is a part of it */
};

/* The part of an XSAVE area for software. */
struct vector_note {
	uint32_t magic, extended_bytes;
	uint64_t features;
	uint32_t bytes, padding[7];
};

/* The registers with which the thread continues without the kernel's help: an interrupted call is made again. */
static struct user_regs_struct registers_alone(const struct user_regs_struct *registers)
{
	struct user_regs_struct alone = *registers;
	long result = (long)alone.rax;
	bool in_call = (long)alone.orig_rax >= 0;

	if (in_call && (result == -512 || result == -513 || result == -514 || result == -516)) { /* -ERESTART... */
		alone.rip -= 2;
		alone.rax = result == -516 ? SYS_restart_syscall : alone.orig_rax;
	}
	return alone;
}

static void frame_registers(ucontext_t *context, const struct user_regs_struct *from, uint64_t signals)
{
	greg_t *to = context->uc_mcontext.gregs;

	to[REG_R8] = (greg_t)from->r8, to[REG_R9] = (greg_t)from->r9, to[REG_R10] = (greg_t)from->r10;
	to[REG_R11] = (greg_t)from->r11, to[REG_R12] = (greg_t)from->r12, to[REG_R13] = (greg_t)from->r13;
	to[REG_R14] = (greg_t)from->r14, to[REG_R15] = (greg_t)from->r15, to[REG_RDI] = (greg_t)from->rdi;
	to[REG_RSI] = (greg_t)from->rsi, to[REG_RBP] = (greg_t)from->rbp, to[REG_RBX] = (greg_t)from->rbx;
	to[REG_RDX] = (greg_t)from->rdx, to[REG_RAX] = (greg_t)from->rax, to[REG_RCX] = (greg_t)from->rcx;
	to[REG_RSP] = (greg_t)from->rsp, to[REG_RIP] = (greg_t)from->rip, to[REG_EFL] = (greg_t)from->eflags;
	to[REG_CSGSFS] = (greg_t)(from->cs | from->gs << 16 | from->fs << 32 | from->ss << 48);
	memcpy(&context->uc_sigmask, &signals, sizeof signals);
}

/* Where the state ends that every thread has. Behind it is state that a thread has only on request (AMX): this says if
 * any of that is in use. */
static size_t vectors_usual(uint64_t features, uint64_t present, bool *more)
{
	uint32_t size, at, kind, unused;
	size_t end = PARTS_AT;

	*more = false;
	for (unsigned part = 2; part < 63; part++) {
		if (!(features >> part & 1) || !__get_cpuid_count(PARTS_LEAF, part, &size, &at, &kind, &unused))
			continue;
		if (kind & PART_ON_DEMAND)
			*more |= present >> part & 1;
		else if (at + size > end)
			end = at + size;
	}
	return end;
}

/* The kernel expects a mark at the end of as much as it would have saved itself. For a thread that has not asked for
 * AMX, that is less than ptrace gives. Without the mark it would restore nothing but SSE. */
static void vectors_mark(unsigned char *vectors, size_t bytes)
{
	const uint32_t end = MARK_END;
	uint64_t features, present;
	bool more;

	memcpy(&features, vectors + RESERVED_AT, sizeof features);
	memcpy(&present, vectors + PRESENT_AT, sizeof present);
	size_t usual = vectors_usual(features, present, &more);
	struct vector_note note = {.magic = MARK_BEGIN,
				   .extended_bytes = (uint32_t)(bytes + sizeof end),
				   .features = features,
				   .bytes = (uint32_t)(more || usual > bytes ? bytes : usual)};
	memcpy(vectors + RESERVED_AT, &note, sizeof note);
	memcpy(vectors + note.bytes, &end, sizeof end);
	memcpy(vectors + bytes, &end, sizeof end);
}

size_t frame_room(void)
{
	uint32_t unused, bytes = 0;

	__get_cpuid_count(PARTS_LEAF, 0, &unused, &unused, &bytes, &unused);
	return FRAME_RED_ZONE + (size_t)bytes + MARK_BYTES + sizeof(struct signal_frame) + 2 * STACK_ALIGNMENT;
}

uint64_t frame_write(const struct remote *remote, const struct frame_state *state, uint64_t top)
{
	size_t vector_room = state->vector_bytes + MARK_BYTES;
	uint64_t vectors_at = (top - vector_room) & ~(uint64_t)(STACK_ALIGNMENT - 1);
	uint64_t frame_at = ((vectors_at - sizeof(struct signal_frame)) & ~UINT64_C(15)) - 8;
	struct signal_frame frame = {.restorer = state->restore};
	struct user_regs_struct alone = registers_alone(&state->registers);
	unsigned char *vectors = memory_allocate(1, vector_room);

	memcpy(vectors, state->vectors, state->vector_bytes);
	vectors_mark(vectors, state->vector_bytes);
	frame.context.uc_flags = 1 | 2 | 4; /* extended vector state; SS is saved, and must be restored */
	frame_registers(&frame.context, &alone, state->signals);
	frame.context.uc_mcontext.fpregs = (void *)(uintptr_t)vectors_at;
	bool written = remote_write(remote, vectors_at, vectors, vector_room) &&
		       remote_write(remote, frame_at, &frame, sizeof frame);
	free(vectors);
	return written ? frame_at : 0;
}

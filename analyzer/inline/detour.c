/* SPDX-License-Identifier: Apache-2.0 */
/* See detour.h. */
#include "inline/detour.h"

#include <string.h>

#include "inline/disassembler.h"

/* Makes bytes one after the other, for an address. */
struct writer {
	unsigned char *bytes;
	size_t used, size;
	uint64_t at;
	bool far; /* something is out of reach */
};

static void put(struct writer *writer, const void *bytes, size_t count)
{
	if (writer->used + count <= writer->size)
		memcpy(writer->bytes + writer->used, bytes, count);
	else
		writer->far = true;
	writer->used += count;
}

static void put_byte(struct writer *writer, unsigned char byte)
{
	put(writer, &byte, 1);
}

/* Writes the four bytes of a relative address; it counts from behind them and behind `more` further bytes of the same
 * instruction. */
static void put_distance(struct writer *writer, uint64_t target, size_t more)
{
	int64_t distance = (int64_t)(target - (writer->at + writer->used + 4 + more));
	int32_t near = (int32_t)distance;

	writer->far |= near != distance;
	put(writer, &near, sizeof near);
}

/* jmp *0(%rip), followed by the target */
static void put_far_jump(struct writer *writer, uint64_t target)
{
	static const unsigned char code[] = {0xff, 0x25, 0, 0, 0, 0};

	put(writer, code, sizeof code);
	put(writer, &target, sizeof target);
}

/* A call must return to the function itself and not to the copy, so that its stack can be unwound. So the address
 * behind the call is pushed; `jump` is the length of the jump that follows here. */
static void put_return(struct writer *writer, size_t jump)
{
	static const unsigned char code[] = {0xff, 0x35};

	put(writer, code, sizeof code);
	put_distance(writer, writer->at + writer->used + 4 + jump, 0);
}

static void put_call(struct writer *writer, const unsigned char *code, const struct instruction *instruction,
		     uint64_t next)
{
	if (instruction->flow == FLOW_CALL) {
		put_return(writer, 5);
		put_byte(writer, 0xe9);
		put_distance(writer, instruction->target, 0);
	} else { /* call *x(%rip) becomes jmp *x(%rip): the same bytes, except for one field of ModRM */
		put_return(writer, instruction->length);
		unsigned char jump[16];
		memcpy(jump, code, instruction->length);
		size_t modrm_at = instruction->displacement_at - 1u;
		jump[modrm_at] = (unsigned char)((jump[modrm_at] & ~0x38) | 0x20);
		put(writer, jump, instruction->displacement_at);
		put_distance(writer, instruction->target, 0);
	}
	put(writer, &next, sizeof next);
}

/* Copies an instruction in the form that it needs at another place. NULL: it is done. */
static const char *put_copy(struct writer *writer, const unsigned char *code, const struct instruction *instruction,
			    uint64_t next)
{
	size_t before = instruction->displacement_at;

	switch (instruction->flow) {
	case FLOW_CALL_INDIRECT:
		if (!before)
			return "a call by a register is among its first instructions";
		/* fall through */
	case FLOW_CALL:
		put_call(writer, code, instruction, next);
		return NULL;
	case FLOW_JUMP:
		put_byte(writer, 0xe9);
		put_distance(writer, instruction->target, 0);
		return NULL;
	case FLOW_BRANCH:
		if (instruction->condition == 255)
			return "a loop is among its first instructions";
		put_byte(writer, 0x0f);
		put_byte(writer, 0x80 | instruction->condition);
		put_distance(writer, instruction->target, 0);
		return NULL;
	default:
		if (!before) {
			put(writer, code, instruction->length);
			return NULL;
		}
		put(writer, code, before);
		put_distance(writer, instruction->target, instruction->length - before - 4);
		put(writer, code + before + 4, instruction->length - before - 4);
		return NULL;
	}
}

static bool leads_on(enum flow flow)
{
	return flow == FLOW_ON || flow == FLOW_BRANCH;
}

static bool is_direct(enum flow flow)
{
	return flow == FLOW_JUMP || flow == FLOW_BRANCH || flow == FLOW_CALL;
}

/* Copies whole instructions until there is room for the jump. */
static const char *copy_make(struct detour *detour, struct writer *writer, const unsigned char *code, size_t count,
			     size_t padding)
{
	struct instruction instruction = {.flow = FLOW_ON};
	size_t used = 0;

	while (used < DETOUR_JUMP_BYTES) {
		if (used >= count || !leads_on(instruction.flow)) {
			if (used + padding < DETOUR_JUMP_BYTES || used < count)
				return "it is shorter than a jump";
			break;
		}
		if (!instruction_decode(code + used, count - used, detour->address + used, &instruction))
			return "seep does not know its first instructions";
		if (is_direct(instruction.flow) && instruction.target > detour->address &&
		    instruction.target < detour->address + DETOUR_JUMP_BYTES)
			return "it jumps into its first instructions";
		detour->steps[detour->step_count++] = (struct detour_step){(uint8_t)used, (uint8_t)writer->used};
		uint64_t next = detour->address + used + instruction.length;
		const char *why = put_copy(writer, code + used, &instruction, next);
		if (why)
			return why;
		used += instruction.length;
	}
	detour->displaced = (uint8_t)used;
	if (leads_on(instruction.flow)) {
		put_byte(writer, 0xe9);
		put_distance(writer, detour->address + used, 0);
	}
	return NULL;
}

bool detour_make(struct detour *detour, const unsigned char *code, size_t count, size_t padding, uint64_t address,
		 uint64_t at, uint64_t hook, const char **why)
{
	struct instruction first;
	struct writer jump = {detour->jump, 0, sizeof detour->jump, address, false};
	struct writer copy = {detour->bytes, DETOUR_COPY_AT, sizeof detour->bytes, at, false};
	struct writer to_hook = {detour->bytes, 0, DETOUR_COPY_AT, at, false};
	size_t skip = instruction_decode(code, count, address, &first) && first.is_marker ? first.length : 0;

	*detour = (struct detour){.address = address + skip, .at = at};
	memset(detour->bytes, 0xcc, sizeof detour->bytes);
	if (count + padding < skip + DETOUR_JUMP_BYTES) {
		*why = "it is shorter than a jump";
		return false;
	}
	memcpy(detour->was, code + skip, DETOUR_JUMP_BYTES);
	put_far_jump(&to_hook, hook);
	jump.at = detour->address;
	put_byte(&jump, 0xe9);
	put_distance(&jump, at, 0);
	*why = detour->address % 4096 > 4096 - DETOUR_JUMP_BYTES ? "its first instructions lie in two pages" : NULL;
	if (!*why)
		*why = copy_make(detour, &copy, code + skip, count - skip, padding);
	if (!*why && (copy.far || jump.far))
		*why = "what its first instructions refer to is out of reach";
	return !*why;
}

uint64_t detour_carry(const struct detour *detour, uint64_t pc)
{
	if (pc <= detour->address || pc >= detour->address + detour->displaced)
		return 0;
	for (size_t i = 1; i < detour->step_count; i++)
		if (pc == detour->address + detour->steps[i].from)
			return detour->at + detour->steps[i].to;
	return 0;
}

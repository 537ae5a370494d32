/* SPDX-License-Identifier: Apache-2.0 */
/* See disassembler.h. */
#include "inline/disassembler.h"

#include <dlfcn.h>

#include <Zydis/Zydis.h>

static struct {
	ZyanStatus (*begin)(ZydisDecoder *, ZydisMachineMode, ZydisStackWidth);
	ZyanStatus (*decode)(const ZydisDecoder *, ZydisDecoderContext *, const void *, ZyanUSize,
			     ZydisDecodedInstruction *);
	ZydisDecoder decoder;
	bool prepared;
} zydis;

bool disassembler_prepare(struct error *error)
{
	static const char file[] = "libZydis.so.4.0";

	if (zydis.prepared)
		return true;
	void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return error_set(error, "%s is missing, which --static needs: install the package libzydis4.0", file);
	*(void **)&zydis.begin = dlsym(library, "ZydisDecoderInit");
	*(void **)&zydis.decode = dlsym(library, "ZydisDecoderDecodeInstruction");
	zydis.prepared = zydis.begin && zydis.decode &&
			 ZYAN_SUCCESS(zydis.begin(&zydis.decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64));
	return zydis.prepared || error_set(error, "%s is of a version that seep does not know", file);
}

/* The target of `call` and `jmp` is known, or the place where it is stored, or neither. */
static void flow_take(const ZydisDecodedInstruction *decoded, uint64_t next, struct instruction *instruction)
{
	bool direct = decoded->raw.imm[0].is_relative;

	switch (decoded->meta.category) {
	case ZYDIS_CATEGORY_CALL:
		instruction->flow = direct ? FLOW_CALL : FLOW_CALL_INDIRECT;
		break;
	case ZYDIS_CATEGORY_UNCOND_BR:
		instruction->flow = direct ? FLOW_JUMP : FLOW_JUMP_INDIRECT;
		break;
	case ZYDIS_CATEGORY_COND_BR:
		instruction->flow = FLOW_BRANCH;
		break;
	case ZYDIS_CATEGORY_RET:
	case ZYDIS_CATEGORY_INTERRUPT:
		instruction->flow = FLOW_END;
		break;
	default:
		instruction->flow = decoded->mnemonic == ZYDIS_MNEMONIC_UD2 || decoded->mnemonic == ZYDIS_MNEMONIC_HLT
					? FLOW_END
					: FLOW_ON;
	}
	if (direct)
		instruction->target = next + (uint64_t)decoded->raw.imm[0].value.s;
}

bool instruction_decode(const unsigned char *bytes, size_t count, uint64_t address, struct instruction *instruction)
{
	ZydisDecodedInstruction decoded;

	if (!ZYAN_SUCCESS(zydis.decode(&zydis.decoder, NULL, bytes, count, &decoded)))
		return false;
	uint64_t next = address + decoded.length;
	bool is_jcc = (decoded.opcode_map == ZYDIS_OPCODE_MAP_DEFAULT && decoded.opcode >> 4 == 7) ||
		      (decoded.opcode_map == ZYDIS_OPCODE_MAP_0F && decoded.opcode >> 4 == 8);
	*instruction = (struct instruction){.length = decoded.length,
					    .condition = is_jcc ? decoded.opcode & 15 : 255,
					    .is_marker = decoded.mnemonic == ZYDIS_MNEMONIC_ENDBR64};
	flow_take(&decoded, next, instruction);
	if (decoded.attributes & ZYDIS_ATTRIB_HAS_MODRM && decoded.raw.modrm.mod == 0 && decoded.raw.modrm.rm == 5 &&
	    decoded.raw.disp.size == 32) {
		instruction->displacement_at = decoded.raw.disp.offset;
		instruction->target = next + (uint64_t)decoded.raw.disp.value;
	}
	return true;
}

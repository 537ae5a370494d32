/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions whose unwind tables are wrong: each calls allocate_and_free(1) and
 * says that its caller's frame is somewhere else. The library is laid out as by
 * prelink (its addresses do not begin at 0), with holes between its segments.
 *
 * link: -Wl,-z,max-page-size=0x200000 -Wl,-z,separate-code -Wl,-Ttext-segment=0x30000000
 */
#define LIAR(name, directives)                                                                                         \
	__asm__(".text\n.globl " #name "\n.type " #name ", @function\n" #name ":\n"                                    \
		".cfi_startproc\npushq %rbp\n" directives "\nmovq %rsi, %rbp\ncall *%rdi\npopq %rbp\nret\n"            \
		".cfi_endproc\n.size " #name ", .-" #name "\n")

LIAR(lie_far_above, ".cfi_def_cfa_offset 0x7fff0");
LIAR(lie_near_above, ".cfi_def_cfa_offset 0x2008");
LIAR(lie_below, ".cfi_def_cfa_offset -0x4000");
LIAR(lie_unaligned, ".cfi_def_cfa_offset 13");
LIAR(lie_zero, ".cfi_def_cfa_offset 0");
LIAR(lie_by_rbp, ".cfi_def_cfa %rbp, 16\n.cfi_offset %rbp, -16");
LIAR(lie_saved_far_below, ".cfi_def_cfa %rbp, 64\n.cfi_offset %rbp, -0x8000");
LIAR(lie_other_register, ".cfi_def_cfa %rbx, 16");
LIAR(lie_indirect, ".cfi_escape 0x0f,3,0x76,0x78,6"); /* CFA = [rbp - 8] */
LIAR(lie_is_a_signal_frame, ".cfi_signal_frame\n.cfi_escape 0x0f,4,0x77,0xa0,0x01,6\n"
			    ".cfi_escape 0x10,6,3,0x77,0xf8,0x00\n.cfi_escape 0x10,16,3,0x77,0xa8,0x01");
LIAR(lie_described_in_a_hole, ""); /* the program makes its table say so */
LIAR(lie_described_behind_the_end, "");

/* SPDX-License-Identifier: Apache-2.0 */
/* Puts the files of analyzer/render/flame/ into the program by the assembler's .incbin, which needs neither generated
 * code nor another tool. The paths are relative to the root, where make runs; the Makefile has the dependency on the
 * files. */
#include "render/flame/flame_private.h"

#define PAGE_SOURCE(name, path)                                                                                        \
	__asm__(".pushsection .rodata\n"                                                                               \
		".global seep_page_" #name "\n"                                                                        \
		".global seep_page_" #name "_end\n"                                                                    \
		"seep_page_" #name ": .incbin \"" path "\"\n"                                                          \
		"seep_page_" #name "_end: .byte 0\n"                                                                   \
		".popsection\n");                                                                                      \
	extern const char seep_page_##name[], seep_page_##name##_end[];                                                \
	struct page_source page_##name(void)                                                                           \
	{                                                                                                              \
		return (struct page_source){seep_page_##name, (size_t)(seep_page_##name##_end - seep_page_##name)};    \
	}

PAGE_SOURCE(flame_tree, "analyzer/render/flame/flame_tree.js")
PAGE_SOURCE(flame_draw, "analyzer/render/flame/flame_draw.js")
PAGE_SOURCE(flame_use, "analyzer/render/flame/flame_use.js")
PAGE_SOURCE(flame_style, "analyzer/render/flame/flame.css")

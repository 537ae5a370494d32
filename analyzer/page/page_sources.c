/* SPDX-License-Identifier: Apache-2.0 */
/* Puts the bundle into the program by the assembler's .incbin; the Makefile says where it is (PAGE_BUNDLE) and has the
 * dependency. */
#include "page/page_sources.h"

#define PAGE_TEXT(name, file)                                                                                          \
	__asm__(".pushsection .rodata\n"                                                                               \
		".global seep_bundle_" #name "\n"                                                                      \
		".global seep_bundle_" #name "_end\n"                                                                  \
		"seep_bundle_" #name ": .incbin \"" PAGE_BUNDLE "/" file "\"\n"                                        \
		"seep_bundle_" #name "_end: .byte 0\n"                                                                 \
		".popsection\n");                                                                                      \
	extern const char seep_bundle_##name[], seep_bundle_##name##_end[];                                            \
	struct page_text page_##name(void)                                                                             \
	{                                                                                                              \
		return (struct page_text){seep_bundle_##name,                                                          \
					  (size_t)(seep_bundle_##name##_end - seep_bundle_##name)};                    \
	}

PAGE_TEXT(script, "page.js")
PAGE_TEXT(style, "page.css")
PAGE_TEXT(policy, "page.policy")
PAGE_TEXT(list_script, "list.js")
PAGE_TEXT(list_style, "list.css")
PAGE_TEXT(list_policy, "list.policy")

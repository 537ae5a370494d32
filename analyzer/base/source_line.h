/* SPDX-License-Identifier: Apache-2.0 */
/* A line of source that an address stands for. There are several where calls were inlined, the innermost first. */
#ifndef SEEP_BASE_SOURCE_LINE_H
#define SEEP_BASE_SOURCE_LINE_H

#include <stdbool.h>
#include <stdint.h>

struct source_line {
	const char
	    *function;    /* NULL only while names are looked up: an address without a name becomes "server+0x1230" */
	const char *file; /* NULL: unknown */
	uint32_t line;    /* 0: unknown */
	bool inlined;     /* this call was inlined into the next line of the same address */
	uint8_t owner;    /* whose code it is, once place/ has found out: enum code_owner + 1 */
};

#endif

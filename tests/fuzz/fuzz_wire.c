/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The messages of the symbolising child, under libFuzzer: the child reads ELF and DWARF that anybody may have made, so
 * its parent believes nothing that it sends.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "symbols/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MODULES = 3, ADDRESSES = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct symbol_address addresses[MODULES][ADDRESSES] = {0};
	struct symbol_module modules[MODULES] = {0};
	struct symbol_lines lines = {0};
	struct string_pool *strings = string_pool_create();
	struct buffer stream = {0};

	for (int i = 0; i < MODULES; i++) {
		modules[i].path = "/lib/module.so";
		modules[i].addresses = addresses[i];
		modules[i].address_count = (size_t)i + 1;
	}
	buffer_append(&stream, data, size);
	if (wire_read(&stream, modules, MODULES, strings, &lines) > MODULES)
		abort();
	for (int i = 0; i < MODULES; i++) {
		for (size_t k = 0; modules[i].source && k < modules[i].address_count; k++) {
			const struct symbol_address *address = &addresses[i][k];
			if (address->first_line > lines.count ||
			    address->line_count > lines.count - address->first_line) {
				fprintf(stderr, "lines that are not there\n");
				abort();
			}
			for (uint32_t n = 0; n < address->line_count; n++)
				if (!lines.lines[address->first_line + n].function)
					abort();
		}
	}
	free(lines.lines);
	buffer_free(&stream);
	string_pool_free(strings);
	return 0;
}

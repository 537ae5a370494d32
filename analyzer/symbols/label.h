/* SPDX-License-Identifier: Apache-2.0 */
/* The label of an address that has no name. */
#ifndef SEEP_SYMBOLS_LABEL_H
#define SEEP_SYMBOLS_LABEL_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/budget.h"
#include "base/buffer.h"
#include "base/map.h"
#include "files/path.h"
#include "symbols/symbols.h"

/* Appends "server+0x1230". Every address has its own label, so an endless module name is cut. */
static inline void label_append(struct buffer *out, const char *module_path, uint64_t address)
{
	const char *name = path_base_name(module_path);
	const int kept = text_cut(name, BUDGET_LABEL_BYTES);

	buffer_printf(out, "%.*s%s+0x%" PRIx64, kept, name, name[kept] ? "..." : "", address);
}

/* Whether a text is the label of an address in the module, or outside of all modules: "0x1234". */
static inline bool label_is(const char *module_path, const char *text)
{
	const char *name = path_base_name(module_path);
	const size_t length = strlen(name);
	const char *rest = strncmp(text, name, length) == 0 ? text + length : text;

	return strncmp(rest, "+0x", 3) == 0 || strncmp(text, "0x", 2) == 0;
}

/* The beginning of all labels in the module, "server+0x", fit to print. */
const char *label_beginning(const char *module_path, struct string_pool *strings);
/* Writes the label with that beginning; returns its length. */
size_t label_write(char *label, const char *beginning, uint64_t address);
/* size of a label, in which each byte may have become "\x00" */
enum { LABEL_ROOM = 4 * (BUDGET_LABEL_BYTES + 8) + 24 };

/* How many of the modules have each name, for labels_fill(); free it by map_free(). */
struct map *label_names(const struct symbol_module *modules, size_t count);

/* Gives every address of the module, which is one of those, its label as a name; or none, if the module does without
 * and no other address has the same label. */
void labels_fill(const struct map *names, struct symbol_module *module, struct string_pool *strings,
		 struct symbol_lines *lines);

#endif

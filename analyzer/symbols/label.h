/* SPDX-License-Identifier: Apache-2.0 */
/* The label of an address without a name. */
#ifndef SEEP_SYMBOLS_LABEL_H
#define SEEP_SYMBOLS_LABEL_H

#include <inttypes.h>
#include <stdint.h>

#include "base/budget.h"
#include "base/buffer.h"
#include "base/map.h"
#include "files/path.h"
#include "symbols/symbols.h"

/* Appends "server+0x1230". Every address has its own, so a module's name that goes on for ever is cut. */
static inline void label_append(struct buffer *out, const char *module_path, uint64_t address)
{
	const char *name = path_base_name(module_path);
	const int kept = text_cut(name, BUDGET_LABEL_BYTES);

	buffer_printf(out, "%.*s%s+0x%" PRIx64, kept, name, name[kept] ? "..." : "", address);
}

/* How many of the modules have a name, for labels_fill(); freed with map_free(). */
struct map *label_names(const struct symbol_module *modules, size_t count);

/* Gives every address of the module, which is one of those, its label for a name. */
void labels_fill(const struct map *names, struct symbol_module *module, struct string_pool *strings,
		 struct symbol_lines *lines);

#endif

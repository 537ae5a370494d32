/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps names that were found, by build id: reading the DWARF of a large program takes seconds and hundreds of
 * megabytes, and reading the answers takes neither.
 *
 * Only names from DWARF are kept, and they are used only while their debug file is unchanged. So a poor answer never
 * hides a better one that could be found today.
 */
#ifndef SEEP_SYMBOLS_CACHE_H
#define SEEP_SYMBOLS_CACHE_H

#include <stdbool.h>

#include "symbols/symbols.h"

/* From now on symbols_resolve() keeps names below this directory, which is made when needed; NULL: it keeps none, as at
 * the beginning. A directory that can't be used (read-only, or somebody else's) is silently ignored. */
void symbol_cache_use(const char *directory);

/* $XDG_CACHE_HOME/seep or ~/.cache/seep, to be freed; NULL: there is none, or SEEP_CACHE=off. */
char *symbol_cache_default(void);

/* If the cache knows all addresses of the module, fills it as symbols_resolve() does. Otherwise false, and the module
 * is unchanged. */
bool symbol_cache_load(struct symbol_module *module, const struct symbol_search *search, struct string_pool *strings,
		       struct symbol_lines *lines);

/* Keeps the module's answers together with those that are there already. */
void symbol_cache_store(const struct symbol_module *module, const struct symbol_search *search,
			struct string_pool *strings, const struct symbol_lines *lines);

#endif

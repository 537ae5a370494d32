/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that were found once, kept by build id: reading the DWARF of a large program takes seconds and hundreds of
 * megabytes, reading its answers none.
 *
 * Only names from DWARF are kept, and they are used only while their debug file is the same. So a poor answer never
 * hides a better one that could be found today.
 */
#ifndef SEEP_SYMBOLS_CACHE_H
#define SEEP_SYMBOLS_CACHE_H

#include <stdbool.h>

#include "symbols/symbols.h"

/* From now on symbols_resolve() keeps names below this directory, which is made when it is needed; NULL: nowhere, as it
 * is at the beginning. A directory that can't be used (read-only, somebody else's) is passed over in silence. */
void symbol_cache_use(const char *directory);

/* $XDG_CACHE_HOME/seep or ~/.cache/seep, to be freed; NULL: there is none, or SEEP_CACHE=off. */
char *symbol_cache_default(void);

/* If all addresses of the module are known, fills it as symbols_resolve() does. Otherwise false, and the module is
 * unchanged. */
bool symbol_cache_load(struct symbol_module *module, const struct symbol_search *search, struct string_pool *strings,
		       struct symbol_lines *lines);

/* Keeps the module's answers together with those that are kept already. */
void symbol_cache_store(const struct symbol_module *module, const struct symbol_search *search,
			struct string_pool *strings, const struct symbol_lines *lines);

#endif

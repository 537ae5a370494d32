/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds where a module's memory ends. The last part of its data (.bss) is not a part of its file, and the kernel joins
 * it with what is mapped right behind it: the loader's own memory, thread-local blocks, a thread's arena. The module's
 * program headers, which are mapped at its beginning, say where its part ends.
 */
#ifndef SEEP_LEDGER_MODULE_ENDS_H
#define SEEP_LEDGER_MODULE_ENDS_H

#include "keeper/ledger/mappings.h"

/* Cuts mappings at the ends of modules, and marks what lies behind them. A module whose headers can't be read keeps all. */
void ledger_cut_modules(struct ledger *ledger, uint64_t pid);

#endif

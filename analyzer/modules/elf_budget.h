/* SPDX-License-Identifier: Apache-2.0 */
/* Guards libdw against ELF files that unpack to too much. libdw unpacks whole sections, so the sizes that a file claims
 * are checked before libdw sees it. */
#ifndef SEEP_MODULES_ELF_BUDGET_H
#define SEEP_MODULES_ELF_BUDGET_H

#include <stdbool.h>

/* Whether all compressed sections together unpack to no more than budget_section_bytes() of the file. If so, the
 * process's limit of memory grows by what reading this file takes. A file that is not ELF passes. */
bool elf_budget_admit(int descriptor);

#endif

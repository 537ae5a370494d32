/* SPDX-License-Identifier: Apache-2.0 */
/* Guards libdw against ELF files that are larger inside than outside. libdw unpacks whole sections, so the sizes that a
 * file claims are checked before libdw sees it. */
#ifndef SEEP_MODULES_ELF_BUDGET_H
#define SEEP_MODULES_ELF_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

/* Whether all compressed sections together unpack to no more than budget_section_bytes() of the file. Then, and only then,
 * the process may have the memory to read it, besides what it has been allowed for others. A file that is no ELF is fine
 * here. */
bool elf_budget_admit(int descriptor);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Binding of operator new and delete, for the constructor. */
#ifndef SEEP_HOOKS_CXX_H
#define SEEP_HOOKS_CXX_H

/* Finds the next definitions and whether they count here; nothing where the program has no C++. Constructor only. */
void cxx_prepare(void);

#endif

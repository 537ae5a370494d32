/* SPDX-License-Identifier: Apache-2.0 */
/* What a core dump's notes say: registers of all threads, the process's number, the files that were mapped. */
#ifndef SEEP_COREDUMP_CORE_DUMP_PRIVATE_H
#define SEEP_COREDUMP_CORE_DUMP_PRIVATE_H

#include "coredump/core_dump.h"

/* Takes them from core->notes; segments are there. False: they say no registers, or contradict themselves. */
bool core_notes_take(struct core_dump *core, struct error *error);

#endif

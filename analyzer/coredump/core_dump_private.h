/* SPDX-License-Identifier: Apache-2.0 */
/* The notes of a core dump: registers of all threads, the process's number, the files that were mapped. */
#ifndef SEEP_COREDUMP_CORE_DUMP_PRIVATE_H
#define SEEP_COREDUMP_CORE_DUMP_PRIVATE_H

#include "coredump/core_dump.h"

/* Takes all of these from core->notes; the segments must be there. False: the notes have no registers, or contradict
 * themselves. */
bool core_notes_take(struct core_dump *core, struct error *error);

#endif

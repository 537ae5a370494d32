/* SPDX-License-Identifier: Apache-2.0 */
/* Turns a fault of the keeper's library into the one line that a command prints. */
#ifndef SEEP_PROCESS_FAULT_H
#define SEEP_PROCESS_FAULT_H

#include <seep/keeper.h>

#include "base/error.h"

/* "FILE: [offset N: ]what is wrong[: errno's text]"; returns false. */
bool error_set_fault(struct error *error, const char *file, const struct seep_fault *fault);

#endif

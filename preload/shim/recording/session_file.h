/* SPDX-License-Identifier: Apache-2.0 */
/* The file in which `seep run` learns of recordings, and what must hold before anything is written to it. */
#ifndef SEEP_RECORDING_SESSION_FILE_H
#define SEEP_RECORDING_SESSION_FILE_H

#include "shim/host/options.h"

/* To append to. Negative: it is not what was handed on, or nobody reads it any more. */
int session_file_open(const struct options *options);

#endif

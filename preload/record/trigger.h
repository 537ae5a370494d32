/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots on demand from inside the process: the opt-in signal. */
#ifndef SEEP_RECORD_TRIGGER_H
#define SEEP_RECORD_TRIGGER_H

/* Installs a handler for the signal (0: none) where the program has none yet. Constructor only. */
void trigger_prepare(int signal);

#endif

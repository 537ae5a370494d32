/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for a keeper that has died, so that a request is answered. If a living keeper has the recording, it does
 * nothing. */
#ifndef SEEP_PROCESS_STAND_IN_H
#define SEEP_PROCESS_STAND_IN_H

struct stand_in;

/* NULL: no thread could be made. */
struct stand_in *stand_in_begin(const char *directory);
void stand_in_end(struct stand_in *stand_in); /* NULL is fine */

#endif

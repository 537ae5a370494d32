/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the pages current at which somebody looks: one worker at a time, one page for each new state of a recording. */
#ifndef SEEP_SERVE_UPKEEP_H
#define SEEP_SERVE_UPKEEP_H

#include "serve/state.h"

/* Begins with the next page, if there is one and the worker is free. */
void upkeep_start(struct server_state *server);
/* Call this when the worker's pipe can be read, or its time is over. Returns the recording whose page was made, or
 * failed; NULL: not yet. */
struct served *upkeep_take(struct server_state *server);
/* Ends the worker. */
void upkeep_stop(struct server_state *server);

#endif

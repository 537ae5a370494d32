/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the pages current that somebody looks at: one worker at a time, one page for each new state of a recording. */
#ifndef SEEP_SERVE_UPKEEP_H
#define SEEP_SERVE_UPKEEP_H

#include "serve/state.h"

/* Begins with the next page that is to be made, if there is one and the worker is free. */
void upkeep_start(struct server_state *server);
/* To be called when the worker's pipe can be read, or its time is over. The recording whose page is made, or has failed; NULL: not yet. */
struct served *upkeep_take(struct server_state *server);
/* Ends the worker. */
void upkeep_stop(struct server_state *server);

#endif

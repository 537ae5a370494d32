/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /metrics: what is known of each recording whose program runs, or ended within ten minutes; and /targets, which tells those
 * who scrape profiles where each is. A recording's metrics are made by a task, once for each new state that somebody asks for,
 * and kept. Who asks while there is something newer waits for it, but no longer than some seconds.
 */
#ifndef SEEP_SERVE_METRICS_H
#define SEEP_SERVE_METRICS_H

#include <stdbool.h>

#include "serve/answers/answers.h"
#include "serve/state.h"

struct answer metrics_answer(struct server_state *server, const struct asked *asked);
struct answer metrics_targets(struct server_state *server, const struct asked *asked);
/* To be called when the task's pipe can be read, or a time is over. Whether those who wait for `server->metrics` are to ask
 * again. */
bool metrics_take(struct server_state *server);
void metrics_stop(struct server_state *server);

#endif

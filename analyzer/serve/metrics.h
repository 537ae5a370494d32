/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /metrics: what is known about each recording whose program runs, or ended within the last ten minutes; and /targets,
 * which tells scrapers of profiles where each is. A task makes a recording's metrics, once for each new state that
 * somebody asks for, and they are kept. Whoever asks while there is something newer waits for it, but no longer than
 * some seconds.
 */
#ifndef SEEP_SERVE_METRICS_H
#define SEEP_SERVE_METRICS_H

#include <stdbool.h>

#include "serve/answers/answers.h"
#include "serve/state.h"

struct answer metrics_answer(struct server_state *server, const struct asked *asked);
struct answer metrics_targets(struct server_state *server, const struct asked *asked);
/* Call this when the task's pipe can be read, or a time is over. True: those who wait for `server->metrics` should ask
 * again. */
bool metrics_take(struct server_state *server);
void metrics_stop(struct server_state *server);

#endif

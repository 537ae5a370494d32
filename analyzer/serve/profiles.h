/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers below /debug/pprof/, like those of Go programs. An address below /r/NAME/ is about that recording; any other
 * is about the only recording, or the one that ?recording=NAME names.
 */
#ifndef SEEP_SERVE_PROFILES_H
#define SEEP_SERVE_PROFILES_H

#include "serve/answers/answers.h"
#include "serve/state.h"

struct answer profiles_index(struct server_state *server, const struct asked *asked);
/* With ?seconds=N, these are of the next N seconds; with ?debug=1, the first two are text. */
struct answer profiles_heap(struct server_state *server, const struct asked *asked);
struct answer profiles_allocs(struct server_state *server, const struct asked *asked);
/* The allocations since the last such answer, and the memory in use. */
struct answer profiles_delta(struct server_state *server, const struct asked *asked);

#endif

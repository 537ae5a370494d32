/* SPDX-License-Identifier: Apache-2.0 */
/* The list of recordings, as a document that all clients share. */
#ifndef SEEP_SERVE_LIST_H
#define SEEP_SERVE_LIST_H

#include "serve/state.h"

/* Looks at all recordings, at most once a second; new or changed ones will be read. */
void list_refresh(struct server_state *server);

#endif

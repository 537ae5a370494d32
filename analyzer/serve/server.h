/* SPDX-License-Identifier: Apache-2.0 */
/* The server itself: one thread that waits for clients, for the worker, and for the signal that ends it. */
#ifndef SEEP_SERVE_SERVER_H
#define SEEP_SERVE_SERVER_H

#include <stdbool.h>

#include "base/error.h"
#include "serve/door/address.h"
#include "serve/door/admission.h"
#include "serve/state.h"

/* Serves until SIGINT, SIGTERM or SIGHUP. False: it could not begin, and the error has one line. Nothing is taken over. */
bool server_run(struct server_state *server, const struct admission *admission, const struct listener *listener,
		struct error *error);

#endif

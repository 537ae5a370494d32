/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is connected, and until when. Every connection has a deadline by which it must have finished its present step:
 * sending its request, taking its answer, or sending the next request. Bytes that drip in do not move the deadline. A
 * connection that misses it is shut down. If there are more connections than we keep, the one that has kept us waiting
 * longest is shut down, too; one that is taking its answer is left alone.
 */
#ifndef SEEP_DOOR_CLIENTS_H
#define SEEP_DOOR_CLIENTS_H

#include <stdint.h>
#include <stddef.h>

enum {
	CLIENTS_MOST = 256, /* that the library holds; others wait in the kernel's queue */
	CLIENTS_KEPT = 128, /* above this number, those that keep us waiting have to go */
};

struct client {
	int socket;
	uint64_t since_ns, deadline_ns; /* 0: none */
	enum { CLIENT_FREE, CLIENT_ASKS, CLIENT_WAITS, CLIENT_TAKES } state;
};

struct clients {
	struct client each[CLIENTS_MOST];
	size_t count;
};

/* NULL: there is no room. */
struct client *clients_enter(struct clients *clients, int socket, uint64_t now_ns);
void clients_leave(struct clients *clients, struct client *client);

/* Its request has arrived, and waits for work of ours. */
void client_waits(struct client *client);
/* It gets an answer of `bytes` bytes, and has time according to their number. */
void client_takes(struct client *client, uint64_t bytes, uint64_t now_ns);
/* It has received its answer, and may send another request. */
void client_is_done(struct client *client, uint64_t now_ns);

/* Shuts down connections that are past their deadlines, or too many. Returns the next deadline; 0: there is none. */
uint64_t clients_expire(struct clients *clients, uint64_t now_ns);

#endif

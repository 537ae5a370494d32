/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/door/clients.h"

#include <sys/socket.h>

#define SECOND UINT64_C(1000000000)

enum {
	ASK_SECONDS = 10,
	AGAIN_SECONDS = 30,
	TAKE_SECONDS = 20, /* and a second for each TAKE_BYTES_A_SECOND */
	TAKE_BYTES_A_SECOND = 16 * 1024,
};

static void client_set(struct client *client, int state, uint64_t now_ns, uint64_t seconds)
{
	client->state = state;
	client->since_ns = now_ns;
	client->deadline_ns = seconds ? now_ns + seconds * SECOND : 0;
}

struct client *clients_enter(struct clients *clients, int socket, uint64_t now_ns)
{
	for (struct client *client = clients->each; client < clients->each + CLIENTS_MOST; client++) {
		if (client->state != CLIENT_FREE)
			continue;
		client->socket = socket;
		client_set(client, CLIENT_ASKS, now_ns, ASK_SECONDS);
		clients->count++;
		return client;
	}
	return NULL;
}

void clients_leave(struct clients *clients, struct client *client)
{
	client->state = CLIENT_FREE;
	clients->count--;
}

void client_waits(struct client *client)
{
	client_set(client, CLIENT_WAITS, client->since_ns, 0);
}

void client_takes(struct client *client, uint64_t bytes, uint64_t now_ns)
{
	client_set(client, CLIENT_TAKES, now_ns, TAKE_SECONDS + bytes / TAKE_BYTES_A_SECOND);
}

void client_is_done(struct client *client, uint64_t now_ns)
{
	client_set(client, CLIENT_ASKS, now_ns, AGAIN_SECONDS);
}

/* The library closes the connection when it sees this end. */
static void client_end(struct client *client, uint64_t now_ns)
{
	shutdown(client->socket, SHUT_RDWR);
	client_set(client, CLIENT_TAKES, now_ns, ASK_SECONDS);
}

static struct client *longest_asking(struct clients *clients)
{
	struct client *longest = NULL;

	for (struct client *client = clients->each; client < clients->each + CLIENTS_MOST; client++)
		if (client->state == CLIENT_ASKS && (!longest || client->since_ns < longest->since_ns))
			longest = client;
	return longest;
}

uint64_t clients_expire(struct clients *clients, uint64_t now_ns)
{
	uint64_t next = 0;

	for (size_t extra = clients->count; extra > CLIENTS_KEPT; extra--) {
		struct client *client = longest_asking(clients);
		if (!client)
			break;
		client_end(client, now_ns);
	}
	for (struct client *client = clients->each; client < clients->each + CLIENTS_MOST; client++) {
		if (client->state == CLIENT_FREE || !client->deadline_ns)
			continue;
		if (client->deadline_ns <= now_ns)
			client_end(client, now_ns);
		if (!next || client->deadline_ns < next)
			next = client->deadline_ns;
	}
	return next;
}

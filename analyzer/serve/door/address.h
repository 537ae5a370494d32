/* SPDX-License-Identifier: Apache-2.0 */
/* Where a server listens: at an address of this machine, or at a socket in the file system that is for its user
 * alone. */
#ifndef SEEP_DOOR_ADDRESS_H
#define SEEP_DOOR_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/error.h"

struct serve_address {
	struct sockaddr_storage socket;
	socklen_t length;
	bool is_local;    /* only processes on this machine can connect: loopback, or a file */
	bool or_any_port; /* if the port is taken, any free one will do */
};

/* "[HOST:]PORT", "HOST", "[V6]:PORT" or "unix:PATH". HOST is an address or "localhost"; without it, loopback. NULL: the
 * default. No name is looked up. */
bool serve_address_parse(struct serve_address *address, const char *text, struct error *error);

struct listener {
	struct serve_address address; /* with the port that the system gave */
	int descriptor;
	dev_t device; /* of the socket's file */
	ino_t inode;
};

/* A socket that a server left behind, to which nobody listens, is replaced. */
bool listener_open(struct listener *listener, const struct serve_address *address, struct error *error);
/* Also removes the socket's file, if it is still the same. */
void listener_close(struct listener *listener);
/* "http://127.0.0.1:7337", or "unix:PATH". */
void listener_append_url(struct buffer *out, const struct listener *listener);
/* 0: it is a file. */
unsigned listener_port(const struct listener *listener);

#endif

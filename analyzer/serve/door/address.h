/* SPDX-License-Identifier: Apache-2.0 */
/* Where a server listens: an address of this machine, or a socket in the file system that is its user's alone. */
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
	bool is_local;    /* only processes of this machine can connect: loopback, or a file */
	bool or_any_port; /* where the port is taken, a free one does */
};

/* "[HOST:]PORT", "HOST", "[V6]:PORT" or "unix:PATH"; HOST is an address or "localhost", and loopback where it is missing. NULL: the
 * default. No name is looked up. */
bool serve_address_parse(struct serve_address *address, const char *text, struct error *error);

struct listener {
	struct serve_address address; /* with the port that it got */
	int descriptor;
	dev_t device; /* of the socket's file */
	ino_t inode;
};

/* A socket that a server left behind, and nobody listens to, is replaced. */
bool listener_open(struct listener *listener, const struct serve_address *address, struct error *error);
/* Removes the socket's file, too, if it is still that one. */
void listener_close(struct listener *listener);
/* "http://127.0.0.1:7337", or "unix:PATH". */
void listener_append_url(struct buffer *out, const struct listener *listener);
/* 0: of a file. */
unsigned listener_port(const struct listener *listener);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/door/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "files/path.h"

enum { PORT_DEFAULT = 7337, BACKLOG = 128 };

static bool parse_unix(struct serve_address *address, const char *path, struct error *error)
{
	struct sockaddr_un *socket = (struct sockaddr_un *)&address->socket;

	if (!*path)
		return error_set(error, "unix: the path is missing");
	if (strlen(path) >= sizeof socket->sun_path)
		return error_set(error, "unix:%.64s...: a socket's path has at most %zu bytes", path,
				 sizeof socket->sun_path - 1);
	socket->sun_family = AF_UNIX;
	strcpy(socket->sun_path, path);
	address->length = sizeof *socket;
	address->is_local = true;
	return true;
}

static bool parse_port(const char *text, in_port_t *port)
{
	unsigned long value = 0;

	if (!*text || strlen(text) > 5 || strspn(text, "0123456789") != strlen(text))
		return false;
	for (; *text; text++)
		value = 10 * value + (unsigned long)(*text - '0');
	*port = htons((in_port_t)value);
	return value <= 65535;
}

/* Fills family, host and is_local. */
static bool parse_host(struct serve_address *address, const char *host)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&address->socket;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address->socket;

	if (!*host || strcmp(host, "localhost") == 0)
		host = "127.0.0.1";
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		address->length = sizeof *v4;
		address->is_local = ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
		return true;
	}
	if (inet_pton(AF_INET6, host, &v6->sin6_addr) != 1)
		return false;
	v6->sin6_family = AF_INET6;
	address->length = sizeof *v6;
	address->is_local = IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
	return true;
}

static in_port_t *port_of(struct serve_address *address)
{
	return address->socket.ss_family == AF_INET6 ? &((struct sockaddr_in6 *)&address->socket)->sin6_port
						     : &((struct sockaddr_in *)&address->socket)->sin_port;
}

/* Splits the text: "HOST:PORT", "[HOST]:PORT", "HOST", "PORT". */
static bool split(const char *text, char host[static 64], const char **port)
{
	const char *begin = text, *colon = strrchr(text, ':'), *end = text + strlen(text);

	*port = "";
	if (*text == '[') {
		begin = text + 1;
		end = strchr(text, ']');
		if (!end || (end[1] && end[1] != ':'))
			return false;
		*port = end[1] ? end + 2 : "";
		if (end[1] && !end[2])
			return false;
	} else if (strspn(text, "0123456789") == strlen(text)) {
		end = text;
		*port = text;
	} else if (colon && colon == strchr(text, ':')) {
		end = colon;
		*port = colon + 1;
		if (!**port)
			return false;
	}
	snprintf(host, 64, "%.*s", (int)(end - begin), begin);
	return end - begin < 64;
}

bool serve_address_parse(struct serve_address *address, const char *text, struct error *error)
{
	char host[64];
	const char *port;
	in_port_t number = htons(PORT_DEFAULT);

	*address = (struct serve_address){.or_any_port = !text};
	if (text && text_begins_with(text, "unix:"))
		return parse_unix(address, text + strlen("unix:"), error);
	if (!split(text ? text : "127.0.0.1", host, &port) || (*port && !parse_port(port, &number)) ||
	    !parse_host(address, host))
		return error_set(
		    error, "%.128s is neither [HOST:]PORT with an address or localhost for HOST, nor unix:PATH", text);
	*port_of(address) = number;
	return true;
}

/* Whether this is a socket to which nobody listens any more. */
static bool is_left_behind(const struct sockaddr_un *socket_)
{
	struct stat status;

	if (lstat(socket_->sun_path, &status) != 0 || !S_ISSOCK(status.st_mode))
		return false;
	const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const bool is_refused = probe >= 0 && connect(probe, (const struct sockaddr *)socket_, sizeof *socket_) != 0 &&
				errno == ECONNREFUSED;
	if (probe >= 0)
		close(probe);
	return is_refused;
}

/* The socket's file is for its user alone. */
static int bind_file(int descriptor, const struct serve_address *address)
{
	const struct sockaddr_un *file = (const struct sockaddr_un *)&address->socket;
	const mode_t mask = umask(0177);
	int result = bind(descriptor, (const struct sockaddr *)file, address->length);

	if (result != 0 && errno == EADDRINUSE && is_left_behind(file) && unlink(file->sun_path) == 0)
		result = bind(descriptor, (const struct sockaddr *)file, address->length);
	const int fault = errno;
	umask(mask);
	errno = fault;
	return result;
}

static int bind_port(int descriptor, struct serve_address *address)
{
	const int yes = 1;

	setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	int result = bind(descriptor, (const struct sockaddr *)&address->socket, address->length);
	if (result != 0 && errno == EADDRINUSE && address->or_any_port) {
		*port_of(address) = 0;
		result = bind(descriptor, (const struct sockaddr *)&address->socket, address->length);
	}
	return result;
}

bool listener_open(struct listener *listener, const struct serve_address *address, struct error *error)
{
	struct stat status;
	struct buffer name = {0};

	*listener = (struct listener){.address = *address, .descriptor = -1};
	const bool is_file = address->socket.ss_family == AF_UNIX;
	const int descriptor = socket(address->socket.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (descriptor >= 0 &&
	    (is_file ? bind_file(descriptor, address) : bind_port(descriptor, &listener->address)) == 0) {
		if (is_file && lstat(((const struct sockaddr_un *)&address->socket)->sun_path, &status) == 0) {
			listener->device = status.st_dev;
			listener->inode = status.st_ino;
		}
		listener->descriptor = descriptor;
		if (listen(descriptor, BACKLOG) == 0) {
			socklen_t length = sizeof listener->address.socket;
			if (!is_file)
				getsockname(descriptor, (struct sockaddr *)&listener->address.socket, &length);
			return true;
		}
	}
	const int fault = errno;
	if (listener->descriptor >= 0)
		listener_close(listener);
	else if (descriptor >= 0)
		close(descriptor);
	listener_append_url(&name, listener);
	error_set(error, "%s can't be listened to: %s", name.data, strerror(fault));
	buffer_free(&name);
	return false;
}

void listener_close(struct listener *listener)
{
	const struct sockaddr_un *file = (const struct sockaddr_un *)&listener->address.socket;
	struct stat status;

	close(listener->descriptor);
	if (file->sun_family == AF_UNIX && lstat(file->sun_path, &status) == 0 && status.st_dev == listener->device &&
	    status.st_ino == listener->inode)
		unlink(file->sun_path);
}

void listener_append_url(struct buffer *out, const struct listener *listener)
{
	const struct serve_address *address = &listener->address;
	char host[INET6_ADDRSTRLEN];

	if (address->socket.ss_family == AF_UNIX) {
		buffer_printf(out, "unix:%s", ((const struct sockaddr_un *)&address->socket)->sun_path);
		return;
	}
	const bool is_v6 = address->socket.ss_family == AF_INET6;
	const void *bytes = is_v6 ? (const void *)&((const struct sockaddr_in6 *)&address->socket)->sin6_addr
				  : (const void *)&((const struct sockaddr_in *)&address->socket)->sin_addr;
	inet_ntop(address->socket.ss_family, bytes, host, sizeof host);
	buffer_printf(out, is_v6 ? "http://[%s]:%u" : "http://%s:%u", host, listener_port(listener));
}

unsigned listener_port(const struct listener *listener)
{
	struct serve_address address = listener->address;

	return address.socket.ss_family == AF_UNIX ? 0 : ntohs(*port_of(&address));
}

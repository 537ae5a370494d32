/* SPDX-License-Identifier: Apache-2.0 */
/* Answers processes that ask for a recording: see host.h. */
#include "session/host.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <seep/host.h>

#include "base/memory.h"

enum {
	ASKING_MAX = 64,   /* connections at a time; one more closes the oldest */
	HOSTED_MAX = 65536 /* recordings of a run */
};

struct host {
	const struct session *session;
	size_t hosted;
	size_t count;
	int asking[ASKING_MAX]; /* oldest first */
	struct seep_host_message message;
};

static bool keys_make(struct session *session)
{
	unsigned char random[SEEP_HOST_NAME_BYTES / 2 + SEEP_HOST_KEY_BYTES];
	char *out = session->host_name;

	if (getrandom(random, sizeof random, 0) != sizeof random)
		return false;
	for (size_t i = 0; i < sizeof random; i++) {
		out += snprintf(out, 3, "%02x", random[i]);
		size_t bytes = 2 * (i + 1);
		if (bytes == SEEP_HOST_NAME_BYTES || bytes == SEEP_HOST_NAME_BYTES + SEEP_HOST_KEY_BYTES)
			*out++ = '.';
	}
	*out = 0;
	return true;
}

void host_listen(struct session *session)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	session->host = -1;
	if (!keys_make(session))
		return;
	int length = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, SEEP_HOST_SOCKET "%.*s",
			      SEEP_HOST_NAME_BYTES, session->host_name);
	int made = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (made < 0)
		return;
	socklen_t bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
	if (bind(made, (struct sockaddr *)&address, bytes) == 0 && listen(made, SOMAXCONN) == 0)
		session->host = made;
	else
		close(made);
}

struct host *host_begin(const struct session *session)
{
	struct host *host = memory_allocate(1, sizeof *host);

	host->session = session;
	return host;
}

static void asking_drop(struct host *host, size_t i)
{
	close(host->asking[i]);
	host->count--;
	memmove(&host->asking[i], &host->asking[i + 1], (host->count - i) * sizeof *host->asking);
}

static void asking_accept(struct host *host)
{
	int asking;

	while ((asking = accept4(host->session->host, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		if (host->count == ASKING_MAX)
			asking_drop(host, 0);
		host->asking[host->count++] = asking;
	}
}

/* Compares in constant time, so that nobody can guess a key byte by byte. */
static bool key_is(const char *key, const char *expected)
{
	unsigned char difference = 0;

	for (int i = 0; i < SEEP_HOST_KEY_BYTES; i++)
		difference |= (unsigned char)(key[i] ^ expected[i]);
	return difference == 0;
}

static bool answer_send(struct host *host, int asking, int file)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof file)] = {0};
	struct iovec content = {&host->message, sizeof host->message};
	struct msghdr answer = {.msg_iov = &content, .msg_iovlen = 1};

	if (file >= 0) {
		answer.msg_control = control;
		answer.msg_controllen = sizeof control;
		struct cmsghdr *head = CMSG_FIRSTHDR(&answer);
		*head = (struct cmsghdr){
		    .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof file)};
		memcpy(CMSG_DATA(head), &file, sizeof file);
	}
	return sendmsg(asking, &answer, MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof host->message;
}

static void recording_answer(struct host *host, int asking)
{
	struct seep_host_message *message = &host->message;
	struct ucred peer = {0};
	socklen_t bytes = sizeof peer;
	int file = -EAGAIN;

	getsockopt(asking, SOL_SOCKET, SO_PEERCRED, &peer, &bytes);
	if (host->hosted < HOSTED_MAX)
		file = seep_host_recording(&message->header, host->session->output, (uint64_t)peer.pid,
					   message->memory_most);
	message->error = file < 0 ? -file : 0;
	memcpy(message->key, host->session->host_name + SEEP_HOST_BYTES - SEEP_HOST_KEY_BYTES, sizeof message->key);
	bool sent = answer_send(host, asking, file);
	if (file < 0)
		return;
	close(file); /* the process that asked now holds the file, and the lock on it */
	if (!sent) {
		seep_host_take_back(&message->header);
		return;
	}
	host->hosted++;
	session_line_add(host->session, "", message->header.directory);
}

/* Somebody has sent a message, or has closed the connection. */
static void asking_answer(struct host *host, int asking)
{
	struct seep_host_message *message = &host->message;

	if (recv(asking, message, sizeof *message, MSG_DONTWAIT) != sizeof *message ||
	    !key_is(message->key, host->session->host_name + SEEP_HOST_NAME_BYTES + 1))
		return;
	if (message->kind == SEEP_HOST_RECORDING)
		recording_answer(host, asking);
	if (message->kind == SEEP_HOST_NOTE) {
		message->note[sizeof message->note - 1] = 0;
		session_line_add(host->session, "! ", message->note);
	}
}

void host_wait(struct host *host, int rouse, int timeout_ms)
{
	struct pollfd news[2 + ASKING_MAX] = {{.fd = rouse, .events = POLLIN},
					      {.fd = host->session->host, .events = POLLIN}};
	size_t count = host->count;

	for (size_t i = 0; i < count; i++)
		news[2 + i] = (struct pollfd){.fd = host->asking[i], .events = POLLIN};
	if (poll(news, (nfds_t)(2 + count), timeout_ms) <= 0)
		return;
	for (size_t i = count; i-- > 0;)
		if (news[2 + i].revents) {
			asking_answer(host, host->asking[i]);
			asking_drop(host, i);
		}
	if (news[1].revents)
		asking_accept(host);
}

void host_end(struct host *host)
{
	while (host->count)
		asking_drop(host, host->count - 1);
	free(host);
}

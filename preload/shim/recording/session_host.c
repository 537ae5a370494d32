/* SPDX-License-Identifier: Apache-2.0 */
/* Asking `seep run`: see session.h. */
#include "shim/recording/session.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "keeper/base/file.h"
#include "keeper/base/syscall.h"
#include "keeper/base/text.h"
#include "shim/recording/setup.h"

#include <seep/host.h>

#define PATIENCE_S 3 /* it answers within a millisecond unless the machine is very busy */
#define ASK_AT (SEEP_HOST_NAME_BYTES + 1)
#define ANSWER_AT (ASK_AT + SEEP_HOST_KEY_BYTES + 1)

/* Too large for a hook's stack. One thread alone begins a recording. */
static struct seep_host_message message;

static void patience_set(int socket)
{
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	system_call(SYS_setsockopt, socket, SOL_SOCKET, SO_SNDTIMEO, (long)&patience, sizeof patience, 0);
	system_call(SYS_setsockopt, socket, SOL_SOCKET, SO_RCVTIMEO, (long)&patience, sizeof patience, 0);
}

/* A descriptor, or -errno. */
static int host_connect(void)
{
	const char *host = recording_setup.options.session_host;
	struct sockaddr_un address = {.sun_family =
					  AF_UNIX}; /* the name begins with a NUL, so it is in no file system */
	struct text name = text_begin(address.sun_path + 1, sizeof address.sun_path - 1);
	if (strlen(host) != SEEP_HOST_BYTES)
		return -ENOENT;
	text_add(&name, SEEP_HOST_SOCKET);
	text_add_bounded(&name, host, SEEP_HOST_NAME_BYTES);
	int made =
	    file_keep_off_standard((int)system_call(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, 0, 0, 0));
	if (made < 0)
		return made;
	patience_set(made);
	long length = (long)(offsetof(struct sockaddr_un, sun_path) + 1 + name.length);
	int error = (int)system_call(SYS_connect, made, (long)&address, length, 0, 0, 0);
	if (error == 0)
		return made;
	system_close(made);
	return error;
}

static bool message_send(int socket, enum seep_host_kind kind)
{
	memcpy(message.key, recording_setup.options.session_host + ASK_AT, sizeof message.key);
	message.kind = kind;
	return system_call(SYS_sendto, socket, (long)&message, sizeof message, MSG_NOSIGNAL, 0, 0) == sizeof message;
}

/* The descriptor that came with the answer, or -1. */
static int descriptor_of(struct msghdr *received)
{
	int descriptor = -1;
	const struct cmsghdr *control = CMSG_FIRSTHDR(received);
	if (control && control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_RIGHTS &&
	    control->cmsg_len == CMSG_LEN(sizeof descriptor))
		memcpy(&descriptor, CMSG_DATA(control), sizeof descriptor);
	return descriptor;
}

/* Leaves the answer in `message`. Returns the descriptor that came with it, or -errno. */
static int answer_receive(int socket)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct iovec content = {&message, sizeof message};
	struct msghdr header = {
	    .msg_iov = &content, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
	long got = system_call(SYS_recvmsg, socket, (long)&header, MSG_CMSG_CLOEXEC, 0, 0, 0);
	if (got <= 0)
		return got < 0 ? (int)got : -ECONNRESET;
	int descriptor = file_keep_off_standard(descriptor_of(&header));
	bool is_the_hosts =
	    got == sizeof message &&
	    memcmp(message.key, recording_setup.options.session_host + ANSWER_AT, sizeof message.key) == 0;
	if (is_the_hosts && !message.error && descriptor >= 0)
		return descriptor;
	if (descriptor >= 0)
		system_close(descriptor);
	return is_the_hosts && message.error > 0 ? -message.error : -EPROTO;
}

int session_host_recording(struct seep_heap_header *header, uint64_t memory_most)
{
	int socket = host_connect();
	if (socket < 0)
		return socket;
	memset(&message, 0, sizeof message);
	message.memory_most = memory_most;
	message.header = *header;
	int file = message_send(socket, SEEP_HOST_RECORDING) ? answer_receive(socket) : -EPIPE;
	system_close(socket);
	if (file >= 0)
		*header = message.header;
	return file;
}

bool session_host_note(const char *text)
{
	int socket = host_connect();
	if (socket < 0)
		return false;
	memset(&message, 0, sizeof message);
	struct text note = text_begin(message.note, sizeof message.note);
	text_add(&note, text);
	bool sent = message_send(socket, SEEP_HOST_NOTE);
	system_close(socket);
	return sent;
}

// SPDX-License-Identifier: Apache-2.0
// A publisher of libzmq: a message every ten milliseconds until SIGTERM. See zeromq.py.
#include <csignal>
#include <cstdio>
#include <string>
#include <unistd.h>
#include <zmq.h>

static volatile sig_atomic_t ended;

int main(int argc, char **argv)
{
	signal(SIGTERM, [](int) { ended = 1; });
	void *context = zmq_ctx_new();
	void *socket = zmq_socket(context, ZMQ_PUB);
	const std::string address = std::string("tcp://127.0.0.1:") + (argc > 1 ? argv[1] : "0");
	const int none = 0;
	zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none);
	if (zmq_bind(socket, address.c_str()) != 0)
		return perror("zmq_bind"), 1;
	for (unsigned number = 0; !ended; number++) {
		const std::string message(number * 17 % 900, 'm');
		zmq_send(socket, message.data(), message.size(), ZMQ_DONTWAIT);
		usleep(10000);
	}
	zmq_close(socket);
	zmq_ctx_term(context);
}

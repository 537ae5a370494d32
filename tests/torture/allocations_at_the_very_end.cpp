/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocations in destructors of thread-local objects, of thread-specific keys
 * (four rounds of them), of static objects, in atexit handlers and in
 * .fini_array, that is after the shim's own destructor; and frees of what was
 * sampled long before.
 */
#include <string>
#include <thread>
#include <vector>

#include "torture.h"

static pthread_key_t key;
static int rounds;

static void key_destructor(void *value)
{
	free(value);
	allocate_and_free(5);
	if (++rounds % 4)
		pthread_setspecific(key, malloc(100));
}

struct Late {
	std::vector<std::string> *texts = new std::vector<std::string>;
	Late()
	{
		for (int i = 0; i < 50; i++)
			texts->emplace_back(100, 'l');
	}
	~Late()
	{
		std::string text;
		for (auto &each : *texts)
			text += each;
		if (text.size() != 5000)
			abort();
		delete texts;
		allocate_and_free(20);
	}
};

static Late at_exit_of_program;
static thread_local Late at_exit_of_thread;

static void last()
{
	allocate_and_free(20);
	if (write(1, "last\n", 5) != 5)
		abort();
}

__attribute__((section(".fini_array"), used)) static void (*entry)() = last;

static void handler()
{
	allocate_and_free(20);
	puts("atexit");
}

int main()
{
	pthread_key_create(&key, key_destructor);
	atexit(handler);
	for (int i = 0; i < 5; i++) {
		std::thread thread([] {
			at_exit_of_thread.texts->emplace_back("");
			at_exit_of_thread.texts->pop_back();
			pthread_setspecific(key, malloc(100));
		});
		thread.join();
	}
	at_exit_of_thread.texts->reserve(1000);
	printf("%d rounds of key destructors\n", rounds);
	fflush(stdout);
	return 0;
}

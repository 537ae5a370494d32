/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Throws through many frames that allocate in their destructors, in
 * constructors that fail half-way, rethrows, catches by type, from threads:
 * the stacks that a capture sees while exceptions fly.
 */
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

struct noisy {
	std::string text;
	explicit noisy(int number) : text(std::to_string(number) + std::string(40, 'x'))
	{
	}
	~noisy()
	{
		std::vector<std::string> copies(3, text); /* while the stack is being unwound */
		text += copies[1];
	}
};

struct half : noisy {
	noisy member;
	half(int number, bool fail) : noisy(number), member(number + 1)
	{
		if (fail)
			throw std::runtime_error("half-way " + text);
	}
};

static int descend(int depth, int kind)
{
	noisy local(depth);
	if (depth == 0) {
		switch (kind % 4) {
		case 0:
			throw std::out_of_range(local.text);
		case 1:
			return half(kind, true).text.size();
		case 2:
			throw kind;
		default:
			return std::vector<int>().at(static_cast<size_t>(kind));
		}
	}
	std::function<int(int)> next = [kind](int left) { return descend(left, kind); };
	if (depth % 5 == 0) {
		try {
			return next(depth - 1);
		} catch (const std::exception &) {
			noisy in_handler(kind);
			throw;
		}
	}
	return next(depth - 1) + static_cast<int>(local.text.size());
}

static void work(int rounds)
{
	for (int round = 0; round < rounds; round++) {
		try {
			descend(round % 40, round);
		} catch (const std::out_of_range &error) {
			std::string text = error.what();
		} catch (const std::exception &error) {
			try {
				std::throw_with_nested(std::logic_error(error.what()));
			} catch (const std::exception &outer) {
				std::exception_ptr kept = std::current_exception();
			}
		} catch (int) {
			std::make_shared<noisy>(round);
		}
	}
}

int main(int count, char **arguments)
{
	int rounds = count > 1 ? std::atoi(arguments[1]) : 2000;
	std::vector<std::thread> threads;
	for (int i = 0; i < 2; i++)
		threads.emplace_back(work, rounds);
	work(rounds);
	for (std::thread &thread : threads)
		thread.join();
	std::puts("thrown");
}

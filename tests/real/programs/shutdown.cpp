// SPDX-License-Identifier: Apache-2.0
// A service that forgets none of its sessions, beside a pool and a cache; then its destructors free it all in three
// seconds, and at one of fifty points of that it is killed. See harness/shutdown.py.
//
//	shutdown POINT ORDER	POINT: 0 to 50, the last is an end as usual; ORDER: 0 to 2, which goes first
#include <csignal>
#include <cstdlib>
#include <memory>
#include <unistd.h>
#include <vector>

namespace
{
constexpr unsigned sessions = 900, pooled = 300, cached = 150, all = sessions + pooled + cached, points = 50;
unsigned point, gone;

// Frees one block, and comes to an end where that is wanted.
void let_go(char *block)
{
	if (gone++ * points >= point * all && point < points)
		kill(getpid(), SIGKILL);
	free(block);
	usleep(3000000 / all);
}

struct Blocks {
	std::vector<char *> blocks;
	~Blocks()
	{
		for (char *block : blocks)
			let_go(block);
	}
};

__attribute__((noinline)) void session_begin(Blocks &kept)
{
	kept.blocks.push_back(static_cast<char *>(calloc(1, 700)));
}

__attribute__((noinline)) void pool_fill(Blocks &pool)
{
	for (unsigned i = 0; i < pooled; i++)
		pool.blocks.push_back(static_cast<char *>(calloc(1, 1000)));
}

__attribute__((noinline)) void cache_turn(Blocks &cache, unsigned i)
{
	if (cache.blocks.size() < cached) {
		cache.blocks.push_back(static_cast<char *>(calloc(1, 900)));
		return;
	}
	free(cache.blocks[i % cached]);
	cache.blocks[i % cached] = static_cast<char *>(calloc(1, 900));
}
} // namespace

int main(int, char **argv)
{
	point = static_cast<unsigned>(atoi(argv[1]));
	const unsigned order = static_cast<unsigned>(atoi(argv[2]));
	std::unique_ptr<Blocks> kinds[3];
	for (auto &kind : kinds)
		kind = std::make_unique<Blocks>();
	pool_fill(*kinds[1]);
	for (unsigned i = 0; i < sessions; i++) {
		session_begin(*kinds[0]);
		cache_turn(*kinds[2], i);
		usleep(3000);
	}
	for (unsigned i = 0; i < 3; i++)
		kinds[(order + i) % 3].reset();
}

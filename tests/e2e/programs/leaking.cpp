/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leaks in C++, through new, strings and containers, at sites of known size
 * and rate; see leaking.c for the command line and the names.
 */
#include <deque>
#include <list>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "truth.h"

namespace
{

uint64_t seed;
void *volatile kept;

struct Widget {
	char name[120];
	explicit Widget(char c)
	{
		name[0] = c;
	}
	virtual ~Widget()
	{
	}
};

struct alignas(64) Wide {
	char payload[320];
};

SITE void leak_widget(truth_site *site)
{
	kept = new Widget('w');
	truth_allocated(site, sizeof(Widget));
}

SITE void leak_array(truth_site *site)
{
	size_t count = 1 + truth_random(&seed, 2000);
	kept = new char[count];
	truth_allocated(site, count);
}

SITE void leak_nothrow(truth_site *site)
{
	kept = new (std::nothrow) char[250];
	truth_allocated(site, 250);
}

SITE void leak_wide(truth_site *site)
{
	kept = new Wide;
	truth_allocated(site, sizeof(Wide));
}

/* The strings' characters; the container that holds them has its room reserved. */
std::vector<std::string> names;

SITE void leak_string(truth_site *site)
{
	size_t length = 16 + truth_random(&seed, 500);
	names.emplace_back(length, 'n');
	truth_allocated(site, length + 1);
}

/* A vector that doubles: each step frees the old and allocates the new room. */
std::vector<long> growing_numbers;

SITE void leak_vector(truth_site *site)
{
	size_t before = growing_numbers.capacity();
	growing_numbers.push_back(1);
	if (growing_numbers.capacity() == before)
		return;
	truth_allocated(site, growing_numbers.capacity() * sizeof(long));
	if (before)
		truth_freed(site, before * sizeof(long));
}

std::list<std::unique_ptr<Widget>> recent;

/* A list's nodes: two links and the element. */
SITE void cache_node(truth_site *site)
{
	recent.emplace_back(nullptr);
	truth_allocated(site, 2 * sizeof(void *) + sizeof(std::unique_ptr<Widget>));
}

SITE void cache_widget(truth_site *site)
{
	recent.back().reset(new Widget('c'));
	truth_allocated(site, sizeof(Widget));
}

void cache_step(truth_site *nodes, truth_site *widgets)
{
	if (recent.size() == 4000) {
		recent.pop_front();
		truth_freed(nodes, 2 * sizeof(void *) + sizeof(std::unique_ptr<Widget>));
		truth_freed(widgets, sizeof(Widget));
	}
	cache_node(nodes);
	cache_widget(widgets);
}

struct Session {
	char state[440];
};

/* The control block and the object in one. */
SITE std::shared_ptr<Session> cache_session(truth_site *site)
{
	truth_allocated(site, 16 + sizeof(Session));
	return std::make_shared<Session>();
}

SITE void churn_string(truth_site *site)
{
	size_t length = 20 + truth_random(&seed, 300);
	std::string text(length, 't');
	truth_allocated(site, length + 1);
	kept = &text[0];
	truth_freed(site, length + 1);
}

/* An exception's object, allocated by the C++ library with malloc. */
SITE void churn_exception()
{
	try {
		throw std::string("short");
	} catch (const std::string &text) {
		kept = (void *)text.data();
	}
}

} // namespace

int main(int argc, char **argv)
{
	truth_directory = argc > 1 ? argv[1] : nullptr;
	seed = argc > 2 ? strtoull(argv[2], nullptr, 10) : 1;
	truth_site *widget = truth_add("leak_widget"), *array = truth_add("leak_array"),
		   *nothrow = truth_add("leak_nothrow"), *wide = truth_add("leak_wide"),
		   *string = truth_add("leak_string"), *vector = truth_add("leak_vector"),
		   *node = truth_add("cache_node"), *cached = truth_add("cache_widget"),
		   *session = truth_add("cache_session"), *churned = truth_add("churn_string");
	names.reserve(8100);
	std::vector<std::shared_ptr<Session>> sessions(1500);

	for (int step = 0; step < 16000; step++) {
		if (step == 5000)
			truth_mark("first");
		if (step == 15000)
			truth_mark("second");
		leak_widget(widget);
		if (step % 4 == 0)
			leak_array(array);
		if (step % 2 == 0)
			leak_nothrow(nothrow);
		if (step % 3 == 0)
			leak_wide(wide);
		if (step % 2 == 0)
			leak_string(string);
		for (int i = 0; i < 10; i++)
			leak_vector(vector);
		cache_step(node, cached);
		if (step % 4 == 0 || step < 5000) {
			std::shared_ptr<Session> &slot = sessions[step < 1500 ? step : truth_random(&seed, 1500)];
			if (slot) {
				slot.reset();
				truth_freed(session, 16 + sizeof(Session));
			}
			slot = cache_session(session);
		}
		churn_string(churned);
		if (step % 100 == 0)
			churn_exception();
	}
	truth_write("end");
	_exit(0); /* as it is now: no destructor takes the containers down */
}

// SPDX-License-Identifier: Apache-2.0
// A shop's server that leaks in two places, beside what a server does all day: sessions come and go, requests are parsed,
// a catalogue is loaded once. Lines that leak end in a comment that says so.
//
//	shop SECONDS [REQUESTS_A_SECOND]
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

struct Price {
	std::string article;
	long cents;
	char history[400];
};

// Remembers prices by customer and article, and forgets none.
class PriceCache
{
	std::map<std::string, std::shared_ptr<Price>> prices;

      public:
	[[gnu::noinline]] long look_up(const std::string &customer, int article)
	{
		const std::string key = customer + "/article-" + std::to_string(article);
		auto &price = prices[key]; // leaks
		if (!price)
			price = std::make_shared<Price>(Price{key, article * 100L, {}}); // leaks
		return price->cents;
	}
};

static void *xmalloc(size_t bytes)
{
	void *memory = malloc(bytes);

	if (!memory)
		abort();
	return memory;
}

static char *xstrdup(const char *text)
{
	return strcpy(static_cast<char *>(xmalloc(strlen(text) + 1)), text);
}

struct Record {
	Record *next;
	char *line;
	char stamp[64];
};
static Record *audit;

// Keeps every line, for a report that nobody asks for.
[[gnu::noinline]] static void audit_append(const std::string &line)
{
	auto *record = static_cast<Record *>(xmalloc(sizeof(Record))); // leaks
	record->line = xstrdup(line.c_str());                          // leaks
	record->next = audit;
	audit = record;
}

struct Session {
	std::string customer;
	std::vector<int> basket;
	char state[2000];
};

class Shop
{
	PriceCache cache;
	std::deque<std::unique_ptr<Session>> sessions;
	std::vector<std::string> catalogue;

      public:
	Shop()
	{
		for (int i = 0; i < 40000; i++)
			catalogue.push_back("article " + std::to_string(i) + std::string(200, '.'));
	}

	[[gnu::noinline]] void serve(int number)
	{
		std::vector<char> request(8000, static_cast<char>(number)); // comes and goes
		auto session = std::make_unique<Session>();
		session->customer = "customer-" + std::to_string(number);
		session->basket.assign(100, number);
		cache.look_up(session->customer, number % 1000);
		audit_append("served " + session->customer + std::string(60, ' ') + request[0]);
		sessions.push_back(std::move(session));
		if (sessions.size() > 4000)
			sessions.pop_front();
	}
};

int main(int argc, char **argv)
{
	using clock = std::chrono::steady_clock;
	const auto begin = clock::now();
	const double seconds = argc > 1 ? atof(argv[1]) : 10;
	const int rate = argc > 2 ? atoi(argv[2]) : 4000;
	auto *shop = new Shop;

	for (int number = 0; clock::now() - begin < std::chrono::duration<double>(seconds); number++) {
		shop->serve(number);
		std::this_thread::sleep_until(begin + std::chrono::microseconds(1000000LL * number / rate));
	}
	std::_Exit(0); // a service is stopped, not torn down
}

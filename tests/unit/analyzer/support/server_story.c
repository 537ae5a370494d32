/* SPDX-License-Identifier: Apache-2.0 */
/* The server's story, as calls to the snapshot maker. */
#include "support/server_story.h"

#define SERVER "/usr/bin/server"
#define CXX "/usr/lib/x86_64-linux-gnu/libstdc++.so.6"
#define PLUGIN "/opt/server/plugins/plugin.so"
#define SECOND UINT64_C(1000000000)
#define START (100 * SECOND)

static const struct address_name names[] = {
    {SERVER, 0x1010, "list_append", "/home/dev/server/src/list.c", 42},
    {SERVER, 0x1020, "session_remember", "/home/dev/server/src/session.c", 118},
    {SERVER, 0x1030, "handle_request", "/home/dev/server/src/server.c", 301},
    {SERVER, 0x1040, "main", "/home/dev/server/src/main.c", 77},
    {SERVER, 0x1050, "cache_insert", "/home/dev/server/src/cache.c", 12},
    {SERVER, 0x1060, "json_alloc", "/home/dev/server/src/json.c", 8},
    {SERVER, 0x1060, "parse_json", "/home/dev/server/src/json.c", 95},
    {SERVER, 0x1070, "queue_push", "/home/dev/server/src/queue.c", 31},
    {SERVER, 0x1080, "config_load", "/home/dev/server/src/config.c", 64},
    {SERVER, 0x1090, "table_resize", "/home/dev/server/src/table.c", 210},
    {SERVER, 0x10a0,
     "Session::append(std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> > const&)",
     "/home/dev/server/src/session.cc", 55},
    {SERVER, 0x10b0,
     "std::vector<std::__cxx11::basic_string<char>, std::allocator<std::__cxx11::basic_string<char> > >::"
     "_M_realloc_insert<std::__cxx11::basic_string<char> const&>(__gnu_cxx::__normal_iterator<"
     "std::__cxx11::basic_string<char>*, std::vector<std::__cxx11::basic_string<char> > >, "
     "std::__cxx11::basic_string<char> const&)",
     "/usr/include/c++/12/bits/vector.tcc", 445},
    {SERVER, 0x10c0,
     "std::vector<std::__cxx11::basic_string<char> >::push_back(std::__cxx11::basic_string<char> const&)",
     "/usr/include/c++/12/bits/stl_vector.h", 1287},
    {SERVER, 0x10d0, "worker_loop", "/home/dev/server/src/worker.c", 140},
    {SERVER, 0x10e0, "worker_start", "/home/dev/server/src/worker.c", 20},
    {"/lib/x86_64-linux-gnu/libc.so.6", 0x2000, "__libc_start_call_main", NULL, 0},
    {"/lib/x86_64-linux-gnu/libc.so.6", 0x2010, "start_thread", NULL, 0},
};

struct sites {
	uint32_t list, vector, cache, json, queue, config, table, plugin, none;
};

static struct sites add_sites(struct snapshot_maker *maker)
{
	const uint32_t server = snapshot_maker_add_module(maker, SERVER, "a1b2c3d4e5f60718");
	const uint32_t libc = snapshot_maker_add_module(maker, "/lib/x86_64-linux-gnu/libc.so.6", "00112233");
	const uint32_t plugin = snapshot_maker_add_module(maker, PLUGIN, NULL);
	const struct maker_frame list[] = {
	    {server, 0x1010}, {server, 0x1020}, {server, 0x1030}, {server, 0x1040}, {libc, 0x2000}};
	const struct maker_frame vector[] = {{server, 0x10b0}, {server, 0x10c0}, {server, 0x10a0}, {server, 0x1020},
					     {server, 0x1030}, {server, 0x10d0}, {server, 0x1040}, {libc, 0x2000}};
	const struct maker_frame cache[] = {{server, 0x1050}, {server, 0x1030}, {server, 0x1040}, {libc, 0x2000}};
	const struct maker_frame json[] = {{server, 0x1060}, {server, 0x1030}, {server, 0x1040}, {libc, 0x2000}};
	const struct maker_frame queue[] = {{server, 0x1070}, {server, 0x10d0}, {server, 0x10e0}, {libc, 0x2010}};
	const struct maker_frame config[] = {{server, 0x1080}, {server, 0x1040}, {libc, 0x2000}};
	const struct maker_frame table[] = {{server, 0x1090}, {server, 0x1030}};
	const struct maker_frame stripped[] = {{plugin, 0x3010}, {plugin, 0x3020}, {server, 0x1030}, {server, 0x1040}};

	struct sites sites = {
	    .list = snapshot_maker_add_site(maker, list, 5),
	    .vector = snapshot_maker_add_site(maker, vector, 8),
	    .cache = snapshot_maker_add_site(maker, cache, 4),
	    .json = snapshot_maker_add_site(maker, json, 4),
	    .queue = snapshot_maker_add_site(maker, queue, 4),
	    .config = snapshot_maker_add_site(maker, config, 3),
	    .table = snapshot_maker_add_site(maker, table, 2),
	    .plugin = snapshot_maker_add_site(maker, stripped, 4),
	    .none = snapshot_maker_add_site(maker, NULL, 0),
	};
	snapshot_maker_site(maker, sites.table)->flags = SEEP_SITE_TRUNCATED;
	return sites;
}

static void until_before(struct snapshot_maker *maker, const struct sites *sites, uint64_t start_ns)
{
	snapshot_maker_allocate(maker, sites->list, start_ns + 5 * SECOND, 64, 20);
	snapshot_maker_allocate(maker, sites->cache, start_ns + 3 * SECOND, 4096, 30);
	snapshot_maker_release(maker, sites->json, 512, 30000, 100);
	snapshot_maker_release(maker, sites->queue, 1024, 3000000, 30);
	snapshot_maker_allocate(maker, sites->config, start_ns + SECOND, 256, 15);
	snapshot_maker_allocate(maker, sites->plugin, start_ns + 2 * SECOND, 2048, 6);
	snapshot_maker_allocate(maker, sites->none, start_ns + 2 * SECOND, 1024, 2);
}

static void until_after(struct snapshot_maker *maker, const struct sites *sites, uint64_t start_ns)
{
	snapshot_maker_allocate(maker, sites->list, start_ns + 60 * SECOND, 64, 20);
	snapshot_maker_allocate(maker, sites->vector, start_ns + 70 * SECOND, 3 * STORY_RATE, 5);
	snapshot_maker_release(maker, sites->json, 512, 30000, 300);
	snapshot_maker_release(maker, sites->queue, 1024, 3000000, 60);
	snapshot_maker_site(maker, sites->queue)->freed_remotely = snapshot_maker_site(maker, sites->queue)->freed;
	snapshot_maker_free_oldest(maker, sites->config, 100 * SECOND, 15);
	snapshot_maker_allocate(maker, sites->table, start_ns + 80 * SECOND, 200 * STORY_RATE, 1);
	snapshot_maker_allocate(maker, sites->plugin, start_ns + 90 * SECOND, 2048, 1);
}

static void describe(struct snapshot_maker *maker, enum story_moment moment)
{
	struct seep_snapshot_header *header = snapshot_maker_header(maker);
	const bool is_after = moment == STORY_AFTER;

	header->number = is_after ? 16 : 4;
	header->trigger = is_after ? SEEP_TRIGGER_EXIT : SEEP_TRIGGER_TIMER;
	header->time_ns = START + (is_after ? 160 : 40) * SECOND;
	snapshot_maker_add_memory(maker, SEEP_MEMORY_RSS, is_after ? 151000000 : 31000000);
	snapshot_maker_add_memory(maker, SEEP_MEMORY_ALLOCATOR_IN_USE, is_after ? 140500000 : 24500000);
	snapshot_maker_add_memory(maker, SEEP_MEMORY_ALLOCATOR_FREE, is_after ? 3400000 : 1200000);
	snapshot_maker_add_memory(maker, SEEP_MEMORY_COUNTED, is_after ? 421000000 : 110000000);
	snapshot_maker_add_loss(maker, SEEP_LOSS_STACKS_TRUNCATED, 1);
}

/* Going on with the maker is not enough where only one of the two is wanted: the story is told from its start. */
struct profile *story_profile(enum story_moment moment)
{
	struct snapshot_maker *maker = snapshot_maker_create(STORY_RATE);
	const struct sites sites = add_sites(maker);

	until_before(maker, &sites, START);
	if (moment == STORY_AFTER)
		until_after(maker, &sites, START);
	describe(maker, moment);
	struct profile *profile = named_profile(maker, moment == STORY_AFTER ? "000016.seep" : "000004.seep", names,
						sizeof names / sizeof *names);
	snapshot_maker_free(maker);
	return profile;
}

struct profile *story_profile_of_another_process(void)
{
	struct snapshot_maker *maker = snapshot_maker_create(STORY_RATE);
	const struct sites sites = add_sites(maker);

	until_before(maker, &sites, START + 7);
	until_after(maker, &sites, START + 7);
	describe(maker, STORY_AFTER);
	snapshot_maker_process(maker)->pid = 5151;
	snapshot_maker_process(maker)->start_ticks = 999;
	struct profile *profile = named_profile(maker, "other.seep", names, sizeof names / sizeof *names);
	snapshot_maker_free(maker);
	return profile;
}

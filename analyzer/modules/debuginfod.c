/* SPDX-License-Identifier: Apache-2.0 */
/* libdebuginfod is loaded when it is needed, as libdw does it: it brings an HTTP client along, and is not installed
 * everywhere. It has its own cache, by build id. It asks all servers at once and stays with the one that answers first,
 * even if that one then fails; in that case seep asks them one by one. */
#include "modules/debuginfod.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/budget.h"
#include "base/memory.h"
#include "work/clock.h"

enum { SERVERS_MAX = 16 };

/* As libdebuginfod's header declares them: building seep does not need that header. */
typedef struct debuginfod_client debuginfod_client;
struct debuginfod_functions {
	debuginfod_client *(*begin)(void);
	int (*find_debuginfo)(debuginfod_client *client, const unsigned char *build_id, int build_id_bytes,
			      char **path);
	int (*find_source)(debuginfod_client *client, const unsigned char *build_id, int build_id_bytes,
			   const char *name, char **path);
	void (*end)(debuginfod_client *client);
	void (*set_progress)(debuginfod_client *client, int (*progress)(debuginfod_client *client, long at, long all));
};

/* The state that all requests of a command share. */
static struct {
	double deadline;           /* seconds on the monotonic clock; 0: the time has not begun */
	char *servers;             /* DEBUGINFOD_URLS as it was at first */
	bool refused[SERVERS_MAX]; /* by its number in that list: this server was too slow, and is not asked again */
	bool all_refused;          /* all servers, when they are asked at once */
} shared;

struct wanted {
	const uint8_t *build_id;
	uint32_t build_id_bytes;
	const char *source; /* NULL: the debug file is wanted */
	long bytes_most;
};

/* The request under way. */
static struct {
	long bytes_most;
	double window_start; /* the server must have sent some bytes since then */
	long window_bytes;
	const char *fault;
	bool is_large; /* it failed because the file is too large */
} request;

static double seconds_now(void)
{
	return (double)clock_monotonic_ns() / 1e9;
}

void debuginfod_begin(void)
{
	if (shared.deadline == 0)
		shared.deadline = seconds_now() + BUDGET_SERVERS_SECONDS;
}

void debuginfod_take_servers(void)
{
	const char *servers = getenv("DEBUGINFOD_URLS");

	free(shared.servers);
	shared.servers = servers && *servers ? memory_copy_text(servers) : NULL;
	unsetenv("DEBUGINFOD_URLS");
}

static bool functions_load(struct debuginfod_functions *functions)
{
	void *library = dlopen("libdebuginfod.so.1", RTLD_NOW | RTLD_LOCAL);

	if (!library)
		return false;
	*(void **)&functions->begin = dlsym(library, "debuginfod_begin");
	*(void **)&functions->find_debuginfo = dlsym(library, "debuginfod_find_debuginfo");
	*(void **)&functions->find_source = dlsym(library, "debuginfod_find_source");
	*(void **)&functions->end = dlsym(library, "debuginfod_end");
	*(void **)&functions->set_progress = dlsym(library, "debuginfod_set_progressfn");
	return functions->begin && functions->find_debuginfo && functions->find_source && functions->end &&
	       functions->set_progress;
}

/* libdebuginfod calls this about once a second. Not 0: it gives the request up. */
static int progress(debuginfod_client *client, long at, long all)
{
	const double now = seconds_now();

	(void)client;
	if (now >= shared.deadline)
		request.fault = "the time for servers had run out";
	else if ((request.is_large = at > request.bytes_most || all > request.bytes_most))
		request.fault = "a server sends more than such a file has";
	else if (now - request.window_start >= BUDGET_SERVER_SECONDS) {
		if (at - request.window_bytes < BUDGET_SERVER_SECONDS * BUDGET_SERVER_BYTES_A_SECOND)
			request.fault = "a server was too slow";
		request.window_start = now;
		request.window_bytes = at;
	}
	return request.fault != NULL;
}

/* libdebuginfod's cache directory: the first of these that is set. */
static bool cache_directory(struct buffer *path)
{
	static const char *const places[][2] = {{"DEBUGINFOD_CACHE_PATH", ""},
						{"XDG_CACHE_HOME", "/debuginfod_client"},
						{"HOME", "/.cache/debuginfod_client"}};

	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		const char *value = getenv(places[i][0]);
		if (value && *value) {
			buffer_printf(path, "%s%s", value, places[i][1]);
			return true;
		}
	}
	return false;
}

/* A request that was given up leaves an empty file in the cache. For minutes, libdebuginfod would take that to mean
 * that no server has the file. */
static void misses_forget(const struct wanted *wanted)
{
	struct buffer path = {0};
	struct stat status;

	if (cache_directory(&path)) {
		buffer_append_byte(&path, '/');
		buffer_append_hex(&path, wanted->build_id, wanted->build_id_bytes);
	}
	DIR *folder = path.length ? opendir(path.data) : NULL;
	for (const struct dirent *entry; folder && (entry = readdir(folder));)
		if (fstatat(dirfd(folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(status.st_mode) && status.st_size == 0)
			unlinkat(dirfd(folder), entry->d_name, 0);
	if (folder)
		closedir(folder);
	buffer_free(&path);
}

/* One request to the servers in `servers`; an error number below 0, or a descriptor. */
static int ask(const struct debuginfod_functions *functions, const char *servers, const struct wanted *wanted,
	       struct buffer *path)
{
	char *cached = NULL;
	int descriptor = -ENOSYS;

	request.window_start = seconds_now();
	request.window_bytes = 0;
	request.bytes_most = wanted->bytes_most;
	request.fault = NULL;
	request.is_large = false;
	setenv("DEBUGINFOD_URLS", servers, 1);
	debuginfod_client *client = functions->begin();
	if (client) {
		functions->set_progress(client, progress);
		const int id_bytes = (int)wanted->build_id_bytes;
		descriptor = wanted->source
				 ? functions->find_source(client, wanted->build_id, id_bytes, wanted->source, &cached)
				 : functions->find_debuginfo(client, wanted->build_id, id_bytes, &cached);
		functions->end(client);
	}
	unsetenv("DEBUGINFOD_URLS");
	if (descriptor < 0 && request.fault)
		misses_forget(wanted);
	if (descriptor >= 0 && cached && path)
		buffer_append_text(path, cached);
	free(cached);
	return descriptor;
}

/* Whether the servers should not be asked again after this request. One source that is too large says nothing about
 * others. */
static bool refuses(const struct wanted *wanted)
{
	return request.fault && !(wanted->source && request.is_large);
}

/* Asks each server by itself, except those that were too slow before. */
static int ask_one_by_one(const struct debuginfod_functions *functions, const struct wanted *wanted,
			  struct buffer *path)
{
	char *list = memory_copy_text(shared.servers), *rest = list;
	int descriptor = -ENOENT;
	size_t place = 0;

	for (char *server; descriptor < 0 && place < SERVERS_MAX && (server = strtok_r(NULL, " \t", &rest)); place++) {
		if (shared.refused[place] || seconds_now() >= shared.deadline)
			continue;
		descriptor = ask(functions, server, wanted, path);
		shared.refused[place] = descriptor < 0 && refuses(wanted);
	}
	free(list);
	return descriptor;
}

static int fetch(const struct wanted *wanted, struct buffer *path, struct buffer *said)
{
	struct debuginfod_functions functions;
	const char *fault = NULL;
	int descriptor = -ENOENT;

	if (!shared.servers || wanted->build_id_bytes == 0 || !functions_load(&functions))
		return -1;
	debuginfod_begin();
	if (seconds_now() >= shared.deadline) {
		buffer_append_text(said, "debuginfod: the time for servers had run out");
		return -1;
	}
	if (!shared.all_refused) {
		descriptor = ask(&functions, shared.servers, wanted, path);
		fault = request.fault;
		shared.all_refused = descriptor < 0 && refuses(wanted);
	}
	if (descriptor < 0 && shared.all_refused && strpbrk(shared.servers, " \t")) {
		descriptor = ask_one_by_one(&functions, wanted, path);
		fault = request.fault ? request.fault : fault;
	}
	if (descriptor < 0 && (fault || shared.all_refused))
		buffer_printf(said, "debuginfod: %s", fault ? fault : "a server was too slow before");
	return descriptor < 0 ? -1 : descriptor;
}

int debuginfod_fetch(const uint8_t *build_id, uint32_t build_id_bytes, struct buffer *path, struct buffer *said)
{
	return fetch(&(struct wanted){build_id, build_id_bytes, NULL, BUDGET_SERVER_BYTES}, path, said);
}

int debuginfod_fetch_source(const uint8_t *build_id, uint32_t build_id_bytes, const char *name, uint32_t bytes_most,
			    struct buffer *said)
{
	const bool are_lent = !shared.servers;

	if (are_lent)
		debuginfod_take_servers();
	const int descriptor = fetch(&(struct wanted){build_id, build_id_bytes, name, bytes_most}, NULL, said);
	if (are_lent && shared.servers) {
		setenv("DEBUGINFOD_URLS", shared.servers, 1);
		free(shared.servers);
		shared.servers = NULL;
	}
	return descriptor;
}

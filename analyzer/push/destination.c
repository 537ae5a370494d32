/* SPDX-License-Identifier: Apache-2.0 */
#include "push/destination.h"

#include <stdio.h>
#include <string.h>

#include "files/path.h"

#define HOUR_NS UINT64_C(3600000000000)

/*
 * Pyroscope: its defaults (pkg/validation/limits.go): 16,000 samples and 4 MiB a profile, 30 labels, nothing older than
 * an hour, from which five minutes are taken for the way. OTLP: 64 MiB a request.
 */
static const struct {
	const char *prefix, *software;
	struct destination_limits limits;
} kinds[DESTINATION_KINDS] = {
    [DESTINATION_PYROSCOPE] = {"pyroscope+", "Pyroscope", {16000, 4000000, HOUR_NS / 60 * 55, 30}},
    [DESTINATION_INGEST] = {"pyroscope-ingest+", "Pyroscope", {16000, 4000000, HOUR_NS / 60 * 55, 30}},
    [DESTINATION_PARCA] = {"parca+", "Parca", {0, 16 << 20, 0, 0}},
    [DESTINATION_OTLP] = {"otlp+", "the OTLP receiver", {0, 16 << 20, 0, 0}},
};

const char *destination_software(const struct destination *destination)
{
	return kinds[destination->kind].software;
}

const struct destination_limits *destination_limits(const struct destination *destination)
{
	return &kinds[destination->kind].limits;
}

static bool host_is_loopback(const char *host, size_t length)
{
	static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strlen(names[i]) == length && strncmp(host, names[i], length) == 0)
			return true;
	return false;
}

static bool url_take(struct destination *destination, const char *url, struct error *error)
{
	destination->is_encrypted = text_begins_with(url, "https://");
	if (!destination->is_encrypted && !text_begins_with(url, "http://"))
		return error_set(error, "%.256s: the address begins with http:// or https:// behind the +",
				 destination->name);
	const char *host = strstr(url, "://") + 3;
	const size_t authority = strcspn(host, "/?#");
	if (memchr(host, '@', authority))
		return error_set(error, "a user's name or password in the address can be seen by others: give it by "
					"--credentials FILE");
	const size_t name = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
	if (name == 0 || name > authority || (*host == '[' && host[name - 1] != ']'))
		return error_set(error, "%.256s: the address names no host", destination->name);
	if (host[authority + strcspn(host + authority, "?#")] || strpbrk(url, " \t\r\n"))
		return error_set(error, "%.256s: the address has a blank, a ? or a # in it", destination->name);
	destination->is_loopback = host_is_loopback(host, name);
	destination->url = url;
	destination->url_length = (int)strlen(url);
	while (url[destination->url_length - 1] == '/')
		destination->url_length--;
	return true;
}

bool destination_parse(struct destination *destination, const char *text, struct error *error)
{
	*destination = (struct destination){.name = text};
	for (int kind = 0; kind < DESTINATION_KINDS; kind++) {
		if (!text_begins_with(text, kinds[kind].prefix))
			continue;
		destination->kind = (enum destination_kind)kind;
		return url_take(destination, text + strlen(kinds[kind].prefix), error);
	}
	return error_set(error,
			 "%.256s: an address is pyroscope+URL, pyroscope-ingest+URL, parca+URL, or otlp+URL, as "
			 "pyroscope+https://host:4040",
			 text);
}

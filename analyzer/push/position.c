/* SPDX-License-Identifier: Apache-2.0 */
#include "push/position.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <seep/keeper.h>

#include "base/map.h"
#include "files/output.h"

enum { TEXT_MOST = 256, COPIED_AT_ONCE = 1 << 16 };

static bool directories_make(char *path, struct error *error)
{
	for (char *at = path + 1;; at++) {
		const char was = *at;
		if (was && was != '/')
			continue;
		*at = 0;
		const bool is_there = mkdir(path, 0700) == 0 || errno == EEXIST;
		const int fault = errno;
		*at = was;
		if (!is_there)
			return error_set(error, "%.256s: %s", path, strerror(fault));
		if (!was)
			return true;
	}
}

bool position_directory(struct buffer *directory, const char *given, struct error *error)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	*directory = (struct buffer){0};
	if (given)
		buffer_append_text(directory, given);
	else if (state && *state == '/')
		buffer_printf(directory, "%s/seep/push", state);
	else if (home && *home == '/' && home[1])
		buffer_printf(directory, "%s/.local/state/seep/push", home);
	else
		buffer_append_text(directory, "/var/lib/seep-push"); /* /var/lib/seep has the services */
	return directories_make(directory->data, error);
}

static char *name_make(struct buffer *name, const struct position *position, const char *suffix)
{
	name->length = 0;
	buffer_printf(name, "%s%s", position->stem.data, suffix);
	return name->data;
}

static char *base_name_make(struct buffer *name, const struct position *position, uint64_t number)
{
	name->length = 0;
	buffer_printf(name, "%s.%" PRIu64 SEEP_SNAPSHOT_SUFFIX, position->stem.data, number);
	return name->data;
}

/* Identifies the process's recording, wherever it is by now, and the destination. */
static uint64_t identity_of(const struct destination *destination, const struct profile *of)
{
	const uint64_t words[] = {of->pid, of->start_ticks, of->start_unix_ns, of->start_ns};
	const char *end = destination->url + destination->url_length; /* without slashes at its end */
	const char *tenant = destination->tenant ? destination->tenant : "";
	const uint64_t place = hash_bytes(2, destination->name, (size_t)(end - destination->name)),
		       seed = *tenant ? hash_bytes(place, tenant, strlen(tenant)) : place;

	return hash_bytes(hash_bytes(seed, of->boot_id, sizeof of->boot_id), words, sizeof words);
}

static bool text_read(struct position *position, const char *path, struct error *error)
{
	char text[TEXT_MOST];
	const int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);

	if (descriptor < 0)
		return errno == ENOENT || error_set(error, "%.256s: %s", path, strerror(errno));
	const ssize_t length = read(descriptor, text, sizeof text - 1);
	close(descriptor);
	text[length > 0 ? length : 0] = 0;
	return sscanf(text, "seep push 1\ntaken %" SCNu64 "\nnext %" SCNu64 " %" SCNu32 "\n", &position->number,
		      &position->next, &position->rows) == 3 ||
	       error_set(error, "%.256s: it is damaged; without it, its recording is sent again from the beginning",
			 path);
}

static bool text_write(const struct position *position, struct error *error)
{
	struct buffer name = {0}, text = {0};

	buffer_printf(&text, "seep push 1\ntaken %" PRIu64 "\nnext %" PRIu64 " %" PRIu32 "\n", position->number,
		      position->next, position->rows);
	const bool is_written = output_write_buffer(&text, name_make(&name, position, ".position"), error);
	buffer_free(&name);
	buffer_free(&text);
	return is_written;
}

bool position_open(struct position *position, const char *directory, const struct destination *destination,
		   const struct profile *of, struct error *error)
{
	struct buffer name = {0};

	*position = (struct position){.lock = -1};
	buffer_printf(&position->stem, "%s/%016" PRIx64, directory, identity_of(destination, of));
	position->lock = open(name_make(&name, position, ".lock"), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool is_open = position->lock >= 0 || error_set(error, "%.256s: %s", name.data, strerror(errno));
	is_open = is_open && (flock(position->lock, LOCK_EX | LOCK_NB) == 0 ||
			      error_set(error, "%.200s is being sent to %.200s by another seep push", of->source,
					destination->name));
	is_open = is_open && text_read(position, name_make(&name, position, ".position"), error);
	buffer_free(&name);
	if (!is_open)
		position_close(position);
	return is_open;
}

void position_close(struct position *position)
{
	if (position->lock >= 0)
		close(position->lock);
	buffer_free(&position->stem);
	*position = (struct position){.lock = -1};
}

struct profile *position_base(const struct position *position, bool *is_lost)
{
	struct buffer name = {0};
	struct error ignored;
	struct profile *base = NULL;

	if (position->number)
		base = profile_open(base_name_make(&name, position, position->number), &ignored);
	*is_lost = position->number && !base;
	buffer_free(&name);
	return base;
}

static bool bytes_copy(int from, const char *to, struct error *error)
{
	static char bytes[COPIED_AT_ONCE];
	struct output output;
	ssize_t got;

	if (!output_open(&output, to, 0, error))
		return false;
	while ((got = read(from, bytes, sizeof bytes)) > 0)
		buffer_append(&output.buffer, bytes, (size_t)got);
	const int fault = errno;
	const bool is_written = output_close(&output, error);
	return got < 0 ? error_set(error, "%.256s: cannot be copied: %s", to, strerror(fault)) : is_written;
}

/* A second name (a hard link) costs nothing; on another file system it is a copy. */
static bool snapshot_keep(const char *path, const char *kept, struct error *error)
{
	unlink(kept); /* left by an attempt that was killed */
	if (link(path, kept) == 0)
		return true;
	const int from = open(path, O_RDONLY | O_CLOEXEC);
	if (from < 0)
		return error_set(error, "%.256s: %s", path, strerror(errno));
	const bool is_kept = bytes_copy(from, kept, error);
	close(from);
	return is_kept;
}

char *position_begun(const struct position *position)
{
	struct buffer name = {0};

	return position->next ? base_name_make(&name, position, position->next) : NULL;
}

/* Keeps the snapshot first: if seep is killed in between, the position's file names a snapshot that exists. */
bool position_begin(struct position *position, const char *path, uint64_t number, struct error *error)
{
	struct buffer name = {0};

	if (position->next == number && access(base_name_make(&name, position, position->next), F_OK) == 0) {
		buffer_free(&name);
		return true;
	}
	bool is_begun = snapshot_keep(path, base_name_make(&name, position, number), error);
	if (is_begun) {
		const uint64_t former = position->next;
		position->next = number;
		position->rows = 0;
		is_begun = text_write(position, error);
		if (is_begun && former && former != number)
			unlink(base_name_make(&name, position, former));
	}
	buffer_free(&name);
	return is_begun;
}

bool position_advance(struct position *position, struct error *error)
{
	struct buffer name = {0};
	const uint64_t former = position->number;

	position->number = position->next;
	position->next = position->rows = 0;
	const bool is_written = text_write(position, error);
	if (is_written && former && former != position->number)
		unlink(base_name_make(&name, position, former));
	buffer_free(&name);
	return is_written;
}

bool position_note_part(struct position *position, uint32_t rows, struct error *error)
{
	position->rows = rows;
	return text_write(position, error);
}

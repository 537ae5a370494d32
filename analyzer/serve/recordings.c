/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/recordings.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "files/path.h"
#include "keeper/program/process.h"
#include "profile/profile.h"
#include "reader/snapshot_reader.h"
#include "target/listing.h"
#include "work/clock.h"

#define SECOND UINT64_C(1000000000)
#define GRACE (10 * SECOND)     /* in which a process that has gone may still get its last snapshot */
#define REMEMBER (600 * SECOND) /* a recording that has gone, longer than any work on it takes */

/* A change within one step of the clock after a look has the same time as that look, so a recent look is repeated. */
static struct look look_at(const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return (struct look){0};
	const int64_t changed = (int64_t)status.st_mtim.tv_sec * (int64_t)SECOND + status.st_mtim.tv_nsec;
	const int64_t age = (int64_t)clock_ns(CLOCK_REALTIME) - changed;
	const bool is_young = age >= 0 && age < (int64_t)SECOND / 10;
	return (struct look){status.st_dev, status.st_ino, status.st_size, is_young ? changed - 1 : changed};
}

static bool look_is(const struct look *a, const struct look *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size && a->changed_ns == b->changed_ns;
}

struct served *recordings_find(const struct recordings *recordings, const char *name, size_t length)
{
	for (size_t i = 0; i < recordings->count; i++) {
		struct served *served = recordings->each[i];
		if (strlen(served->name) == length && memcmp(served->name, name, length) == 0)
			return served;
	}
	return NULL;
}

/* The last part of its path; if another recording has the same, with "~2" behind it. */
static char *name_choose(const struct recordings *recordings, const char *path)
{
	char *real = realpath(path, NULL);
	const char *base = path_base_name(real ? real : path);
	struct buffer name = {0};

	for (unsigned i = 1; i == 1 || recordings_find(recordings, name.data, name.length); i++) {
		name.length = 0;
		buffer_append_text(&name, *base ? base : "root");
		if (i > 1)
			buffer_printf(&name, "~%u", i);
	}
	free(real);
	return name.data;
}

static void served_add(struct recordings *recordings, const char *path)
{
	for (size_t i = 0; i < recordings->count; i++)
		if (strcmp(recordings->each[i]->path, path) == 0)
			return;
	if (recordings->count == RECORDINGS_MOST) {
		recordings->left_out++;
		return;
	}
	struct served *served = memory_allocate(1, sizeof *served);
	served->name = name_choose(recordings, path);
	served->path = memory_copy_text(path);
	recordings->each = memory_resize(recordings->each, recordings->count + 1, sizeof *recordings->each);
	recordings->each[recordings->count++] = served;
}

static void follower_path(struct buffer *path, const struct operand *operand)
{
	path->length = 0;
	buffer_printf(path, "%s.%u", operand->path, operand->follower);
}

static void operand_look_behind(struct recordings *recordings, struct operand *operand, bool is_first)
{
	struct buffer path = {0};

	follower_path(&path, operand);
	while (path_is_recording(path.data)) {
		if (!is_first)
			served_add(recordings, path.data);
		operand->follower++;
		follower_path(&path, operand);
	}
	buffer_free(&path);
}

static void operand_look_inside(struct recordings *recordings, const struct operand *operand)
{
	DIR *stream = opendir(operand->path);

	recordings->left_out = 0;
	for (struct dirent *found = stream ? readdir(stream) : NULL; found; found = readdir(stream)) {
		struct buffer path = {0};
		buffer_printf(&path, "%s/%s", strcmp(operand->path, "/") == 0 ? "" : operand->path, found->d_name);
		if (found->d_name[0] != '.' && path_is_recording(path.data))
			served_add(recordings, path.data);
		buffer_free(&path);
	}
	if (stream)
		closedir(stream);
}

/* A recording begins as an empty directory, so an empty one is looked into until it is a recording, or the next
 * change. */
static void operand_scan(struct recordings *recordings, struct operand *operand, uint64_t now_ns, bool is_first)
{
	if (operand->looked_ns && now_ns - operand->looked_ns < SECOND)
		return;
	operand->looked_ns = now_ns;
	if (!operand->is_directory) {
		operand_look_behind(recordings, operand, is_first);
		return;
	}
	const struct look seen = look_at(operand->path);
	const bool is_young = (int64_t)clock_ns(CLOCK_REALTIME) - seen.changed_ns < 5 * (int64_t)SECOND;
	if (is_young || !look_is(&seen, &operand->seen))
		operand_look_inside(recordings, operand);
	operand->seen = seen;
}

static void served_free(struct served *served)
{
	cached_drop(&served->data);
	cached_drop(&served->profiles[0]);
	cached_drop(&served->profiles[1]);
	buffer_free(&served->since.snapshot);
	metrics_free(&served->metrics);
	free(served->name);
	free(served->path);
	free(served);
}

static void forget_gone(struct recordings *recordings, uint64_t now_ns)
{
	size_t kept = 0;

	for (size_t i = 0; i < recordings->count; i++) {
		struct served *served = recordings->each[i];
		if (served->is_gone && now_ns - served->gone_ns > REMEMBER && now_ns - served->asked_ns > REMEMBER &&
		    now_ns - served->scraped_ns > REMEMBER)
			served_free(served);
		else
			recordings->each[kept++] = served;
	}
	recordings->count = kept;
}

void recordings_scan(struct recordings *recordings, uint64_t now_ns)
{
	forget_gone(recordings, now_ns);
	for (size_t i = 0; i < recordings->operand_count; i++)
		operand_scan(recordings, &recordings->operands[i], now_ns, false);
}

static bool file_is_snapshot(const char *path)
{
	char head[4096];
	const int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	const ssize_t got = descriptor < 0 ? -1 : read(descriptor, head, sizeof head);

	if (descriptor >= 0)
		close(descriptor);
	return got > 0 && snapshot_is_snapshot(head, (size_t)got);
}

static void operand_add(struct recordings *recordings, const char *path, bool is_directory)
{
	struct operand operand = {.path = memory_copy_text(path), .is_directory = is_directory, .follower = 2};

	operand_scan(recordings, &operand, 1, true);
	recordings->operands =
	    memory_resize(recordings->operands, recordings->operand_count + 1, sizeof *recordings->operands);
	recordings->operands[recordings->operand_count++] = operand;
}

bool recordings_add(struct recordings *recordings, const char *path, struct error *error)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return error_set(error, "%s: %s", path, strerror(errno));
	const bool is_recording = path_is_recording(path);
	if (!is_recording && S_ISDIR(status.st_mode)) {
		if (access(path, R_OK | X_OK) != 0)
			return error_set(error, "%s: %s", path, strerror(errno));
		operand_add(recordings, path, true);
		return true;
	}
	if (!is_recording && !(S_ISREG(status.st_mode) && file_is_snapshot(path)))
		return error_set(error, "%s: is not a recording, a bundle or a snapshot of seep's", path);
	served_add(recordings, path);
	if (S_ISDIR(status.st_mode))
		operand_add(recordings, path, false);
	return true;
}

void recordings_await(struct recordings *recordings, const char *directory)
{
	operand_add(recordings, directory, true);
}

bool recordings_may_grow(const struct recordings *recordings)
{
	for (size_t i = 0; i < recordings->operand_count; i++)
		if (recordings->operands[i].is_directory)
			return true;
	return false;
}

void recordings_free(struct recordings *recordings)
{
	for (size_t i = 0; i < recordings->count; i++)
		served_free(recordings->each[i]);
	for (size_t i = 0; i < recordings->operand_count; i++)
		free(recordings->operands[i].path);
	free(recordings->each);
	free(recordings->operands);
	*recordings = (struct recordings){0};
}

void served_look(struct served *served, uint64_t now_ns)
{
	if (served->looked_ns && now_ns - served->looked_ns < SECOND)
		return;
	served->looked_ns = now_ns;
	served->seen = look_at(served->path);
	if (served->seen.changed_ns == 0 && !served->is_gone)
		served->gone_ns = now_ns;
	served->is_gone = served->seen.changed_ns == 0;
}

bool served_is_current(const struct served *served)
{
	return served->is_tried && look_is(&served->seen, &served->tried);
}

bool served_metrics_are_current(const struct served *served)
{
	return served->is_measured && look_is(&served->seen, &served->measured);
}

const char *served_state(struct served *served, uint64_t now_ns)
{
	const struct page_summary *summary = &served->summary;

	if (served->is_gone)
		return "gone";
	if (!served->is_built)
		return *served->fault.text ? listing_state_name(LISTING_BROKEN) : "new";
	if (summary->state != LISTING_RUNNING)
		return listing_state_name(summary->state);
	if (process_exists(summary->pid, summary->start_ticks)) {
		served->vanished_ns = 0;
		return listing_state_name(LISTING_RUNNING);
	}
	if (!served->vanished_ns)
		served->vanished_ns = now_ns;
	const bool may_end_yet = !served_is_current(served) || now_ns - served->vanished_ns < GRACE;
	return listing_state_name(may_end_yet ? LISTING_RUNNING : LISTING_LEFT);
}

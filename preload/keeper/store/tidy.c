/* SPDX-License-Identifier: Apache-2.0 */
/* See tidy.h. Memory is mapped as it is needed: this runs in programs under observation, too. */
#include "keeper/store/tidy.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <seep/keeper.h>
#include <seep/service.h>

#include "keeper/base/clock.h"
#include "keeper/base/fault.h"
#include "keeper/base/file.h"
#include "keeper/base/syscall.h"
#include "keeper/base/text.h"
#include "keeper/program/process.h"
#include "keeper/snapshot/write.h"
#include "keeper/store/thinning.h"

#define SECOND_NS UINT64_C(1000000000)
#define TIDY_S 600
#define HEAP_STAYS_NS (3600 * SECOND_NS)
#define LOST_NS (86400 * SECOND_NS)
#define REMOVED ".removed."
#define NAMES "names" /* that `seep run` keeps with a recording */
#define NAME_BYTES 256

/* A recording, beside what the rule needs to know. */
struct place {
	char name[NAME_BYTES];
	uint64_t heap_bytes; /* of the heap file, where it can go */
	bool is_complete;    /* the last snapshot is of the process's end */
	bool is_of_other_boot;
	uint64_t last_unix_ns;
};

struct array {
	void *data;
	size_t count, bytes;
};

struct tidy {
	int service, recording; /* descriptors; of the recording that is looked at */
	struct array snapshots, recordings, places;
	uint64_t start_ns, start_unix_ns; /* of the recording that is looked at; 0: not known yet */
	uint32_t last_trigger;
	uint64_t last_number, now_unix_ns;
	uint8_t boot_id[16];
	struct seep_tidied *tidied;
};

/* One more element of that size, zeros; NULL: there is no memory. */
static void *array_add(struct array *array, size_t size)
{
	if ((array->count + 1) * size > array->bytes) {
		size_t bytes = array->bytes ? 2 * array->bytes : 64 * 1024;
		void *data = array->data ? system_remap(array->data, array->bytes, bytes) : scratch_map(bytes);
		if (!data || system_failed(data))
			return NULL;
		*array = (struct array){data, array->count, bytes};
	}
	return (char *)array->data + size * array->count++;
}

static bool head_read(struct tidy *tidy, int file, uint64_t number, struct seep_snapshot_header *header)
{
	struct {
		struct seep_snapshot_header header;
		struct seep_section first;
	} head;
	struct seep_process process;
	if (file_read_at(file, &head, sizeof head, 0) != (long)sizeof head ||
	    memcmp(head.header.magic, SEEP_SNAPSHOT_MAGIC, sizeof head.header.magic) != 0 ||
	    head.header.number != number)
		return false;
	*header = head.header;
	if (tidy->start_unix_ns)
		return true;
	if (head.first.type != SEEP_SECTION_PROCESS ||
	    file_read_at(file, &process, sizeof process, head.first.offset) != (long)sizeof process)
		return false;
	((struct place *)tidy->places.data)[tidy->places.count - 1].is_of_other_boot =
	    memcmp(process.boot_id, tidy->boot_id, sizeof process.boot_id) != 0;
	tidy->start_ns = process.start_ns;
	tidy->start_unix_ns = process.start_unix_ns;
	return true;
}

/* False: it is none of ours. */
static bool snapshot_add(struct tidy *tidy, const char *name, uint64_t number)
{
	struct stat status;
	struct seep_snapshot_header header;
	int file = file_open(tidy->recording, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	bool read = file >= 0 && system_stat_descriptor(file, &status) == 0 && S_ISREG(status.st_mode) &&
		    head_read(tidy, file, number, &header);
	if (file >= 0)
		system_close(file);
	struct stored_snapshot *snapshot = read ? array_add(&tidy->snapshots, sizeof *snapshot) : NULL;
	if (!snapshot)
		return false;
	uint64_t ran_ns = header.time_ns > tidy->start_ns ? header.time_ns - tidy->start_ns : 0;
	*snapshot = (struct stored_snapshot){.unix_ns = tidy->start_unix_ns + ran_ns,
					     .bytes = (uint64_t)status.st_size,
					     .number = number,
					     .recording = (uint32_t)(tidy->recordings.count - 1),
					     .trigger = header.trigger,
					     .is_marked = status.st_mode & SEEP_SNAPSHOT_MARK};
	if (number > tidy->last_number) {
		tidy->last_number = number;
		tidy->last_trigger = header.trigger;
		((struct place *)tidy->places.data)[tidy->places.count - 1].last_unix_ns = snapshot->unix_ns;
	}
	return true;
}

static bool name_is(const char *name, const char *other)
{
	return strcmp(name, other) == 0;
}

static bool file_visit(const char *name, unsigned char type, void *context)
{
	struct tidy *tidy = context;
	struct stored_recording *recording =
	    (struct stored_recording *)tidy->recordings.data + tidy->recordings.count - 1;
	struct place *place = (struct place *)tidy->places.data + tidy->places.count - 1;
	struct stat status;
	uint64_t number;
	(void)type;
	bool is_ours = snapshot_number(name, &number) || name_is(name, NAMES) || write_is_temporary(name);
	if (name_is(name, ".") || name_is(name, "..") ||
	    (snapshot_number(name, &number) && snapshot_add(tidy, name, number)))
		return true;
	if (system_call(SYS_newfstatat, tidy->recording, (long)name, (long)&status, AT_SYMLINK_NOFOLLOW, 0, 0) != 0)
		return true;
	recording->bytes += (uint64_t)status.st_blocks * 512;
	if (name_is(name, SEEP_HEAP_NAME) && S_ISREG(status.st_mode))
		place->heap_bytes = (uint64_t)status.st_blocks * 512;
	else if (!is_ours)
		recording->can_go = false;
	return true;
}

/* Its own user's, or whoever's for root; nobody else may read a recording anyway. */
static bool may_change(int directory)
{
	struct stat status;
	unsigned user = system_effective_user();
	return system_stat_descriptor(directory, &status) == 0 && (user == 0 || status.st_uid == user);
}

/* Did the machine go down under the process? Nothing else says that it has ended. A process that runs on another
 * machine with the same store has newer snapshots. */
static bool is_lost(const struct tidy *tidy, const struct place *place)
{
	return place->is_of_other_boot && tidy->now_unix_ns > place->last_unix_ns + LOST_NS;
}

static void recording_read(struct tidy *tidy, const char *name)
{
	struct stored_recording *recording = array_add(&tidy->recordings, sizeof *recording);
	struct place *place = recording ? array_add(&tidy->places, sizeof *place) : NULL;
	if (!place) {
		tidy->recordings.count -= recording != NULL;
		return;
	}
	*recording = (struct stored_recording){.can_go = true};
	*place = (struct place){.heap_bytes = 0};
	struct text text = text_begin(place->name, sizeof place->name);
	text_add(&text, name);
	tidy->start_unix_ns = tidy->last_number = 0;
	file_visit_names(tidy->recording, file_visit, tidy);
	place->is_complete = tidy->last_number &&
			     (tidy->last_trigger == SEEP_TRIGGER_EXIT || tidy->last_trigger == SEEP_TRIGGER_POSTMORTEM);
	recording->has_ended = place->is_complete || (tidy->last_number && is_lost(tidy, place));
	recording->can_go &= recording->has_ended;
	tidy->tidied->recordings++;
}

static bool remove_visit(const char *name, unsigned char type, void *context)
{
	(void)type;
	if (!name_is(name, ".") && !name_is(name, ".."))
		system_unlink_at(*(const int *)context, name, 0);
	return true;
}

/* Removes a recording whose files were all looked at before it was renamed. */
static void removed_clear(int service, const char *name)
{
	int directory = file_open(service, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (directory < 0)
		return;
	if (may_change(directory))
		for (int i = 0; i < 2; i++) /* some file systems pass over names while others go */
			file_visit_names(directory, remove_visit, &directory);
	system_close(directory);
	system_unlink_at(service, name, AT_REMOVEDIR);
}

static bool recording_visit(const char *name, unsigned char type, void *context)
{
	struct tidy *tidy = context;
	(void)type;
	if (strncmp(name, REMOVED, strlen(REMOVED)) == 0)
		removed_clear(tidy->service, name);
	if (name[0] == '.' || strlen(name) >= NAME_BYTES)
		return true;
	tidy->recording = file_open(tidy->service, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (tidy->recording < 0)
		return true;
	if (may_change(tidy->recording))
		recording_read(tidy, name);
	system_close(tidy->recording);
	return true;
}

static void recording_remove(const struct tidy *tidy, const struct place *place)
{
	char name[NAME_BYTES + sizeof REMOVED];
	struct text text = text_begin(name, sizeof name);
	text_add(&text, REMOVED);
	text_add(&text, place->name);
	if (system_rename_at(tidy->service, place->name, tidy->service, name, 0) != 0)
		return;
	removed_clear(tidy->service, name);
	tidy->tidied->recordings_removed++;
	tidy->tidied->recordings--;
}

/* Comes before the choice of snapshots, since heap files count in the budget. */
static void heaps_remove(struct tidy *tidy)
{
	struct stored_recording *recordings = tidy->recordings.data;
	const struct place *places = tidy->places.data;
	for (size_t i = 0; i < tidy->recordings.count; i++) {
		if (!places[i].is_complete || !places[i].heap_bytes ||
		    tidy->now_unix_ns < places[i].last_unix_ns + HEAP_STAYS_NS)
			continue;
		int directory = file_open(tidy->service, places[i].name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
		if (directory < 0)
			continue;
		if (system_unlink_at(directory, SEEP_HEAP_NAME, 0) == 0)
			recordings[i].bytes -= places[i].heap_bytes;
		system_close(directory);
	}
}

static void chosen_remove(struct tidy *tidy)
{
	const struct stored_recording *recordings = tidy->recordings.data;
	const struct place *places = tidy->places.data;
	const struct stored_snapshot *snapshots = tidy->snapshots.data;
	for (size_t i = 0; i < tidy->recordings.count; i++)
		if (recordings[i].is_gone)
			recording_remove(tidy, &places[i]);
	for (size_t i = 0; i < tidy->snapshots.count; i++) {
		const struct stored_snapshot *snapshot = &snapshots[i];
		char name[SNAPSHOT_NAME_BYTES];
		tidy->tidied->snapshots += !snapshot->is_gone;
		if (!snapshot->is_gone || recordings[snapshot->recording].is_gone)
			continue;
		int directory =
		    file_open(tidy->service, places[snapshot->recording].name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
		snapshot_name(name, snapshot->number);
		if (directory >= 0 && system_unlink_at(directory, name, 0) == 0)
			tidy->tidied->snapshots_removed++;
		if (directory >= 0)
			system_close(directory);
	}
}

static void service_tidy(int service, uint64_t budget_bytes, struct seep_tidied *tidied)
{
	struct tidy tidy = {.service = service, .tidied = tidied, .now_unix_ns = clock_read_ns(CLOCK_REALTIME)};
	if (!process_boot_id(tidy.boot_id))
		return;
	file_visit_names(service, recording_visit, &tidy);
	heaps_remove(&tidy);
	tidied->bytes =
	    thinning_choose(tidy.snapshots.data, tidy.snapshots.count, tidy.recordings.data, tidy.recordings.count,
			    tidy.now_unix_ns, budget_bytes ? budget_bytes : SEEP_SERVICE_BYTES);
	chosen_remove(&tidy);
	scratch_unmap(tidy.snapshots.data, tidy.snapshots.bytes);
	scratch_unmap(tidy.recordings.data, tidy.recordings.bytes);
	scratch_unmap(tidy.places.data, tidy.places.bytes);
}

/* The service's mark, locked. A descriptor, or -errno. */
static int mark_lock(int service)
{
	struct stat status;
	int mark = file_open(service, SERVICE_MARK, O_RDWR | O_NOFOLLOW | O_NONBLOCK, 0);
	if (mark < 0)
		return mark;
	long error = system_stat_descriptor(mark, &status);
	if (!error && !S_ISREG(status.st_mode))
		error = -EINVAL;
	if (!error)
		error = system_call(SYS_flock, mark, LOCK_EX | LOCK_NB, 0, 0, 0, 0);
	if (error)
		system_close(mark);
	return error ? (int)error : mark;
}

/* Its time says when that was done last; a clock that went back makes it due. */
static bool is_due(int mark)
{
	struct stat status;
	int64_t now_s = (int64_t)(clock_read_ns(CLOCK_REALTIME) / SECOND_NS);
	return system_stat_descriptor(mark, &status) == 0 &&
	       (now_s - status.st_mtim.tv_sec >= TIDY_S || now_s < status.st_mtim.tv_sec);
}

/* Closing would not do: a child that the program forked meanwhile has the lock, too, and may live for months. */
static void mark_release(int mark)
{
	system_call(SYS_flock, mark, LOCK_UN, 0, 0, 0, 0);
	system_close(mark);
}

static void mark_done(int mark)
{
	system_call(SYS_utimensat, mark, 0, 0, 0, 0, 0);
}

void tidy_above(int recording, uint64_t budget_bytes)
{
	struct seep_tidied ignored = {0};
	int service = file_open(recording, "..", O_RDONLY | O_DIRECTORY, 0);
	if (service < 0)
		return;
	int mark = mark_lock(service);
	if (mark >= 0 && is_due(mark)) {
		mark_done(mark);
		service_tidy(service, budget_bytes, &ignored);
	}
	if (mark >= 0)
		mark_release(mark);
	system_close(service);
}

bool seep_service_tidy(const char *directory, uint64_t budget_bytes, struct seep_tidied *tidied,
		       struct seep_fault *fault)
{
	*tidied = (struct seep_tidied){0};
	int service = file_open(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	int mark = service < 0 ? service : mark_lock(service);
	if (mark >= 0) {
		mark_done(mark);
		service_tidy(service, budget_bytes, tidied);
		mark_release(mark);
	}
	if (service >= 0)
		system_close(service);
	return mark >= 0 || fault_fill(fault, 0, -mark,
				       mark == -EAGAIN ? "somebody is thinning it"
						       : "it has no " SERVICE_MARK " file that can be written");
}

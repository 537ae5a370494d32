/* SPDX-License-Identifier: Apache-2.0 */
/* A heap file in memory: see heap_memory.h. */
#include "keeper/files/heap_memory.h"

#include <errno.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include "keeper/base/file.h"
#include "keeper/base/quiet_write.h"
#include "keeper/base/syscall.h"
#include "keeper/base/text.h"
#include "keeper/heap/area_growth.h"
#include "keeper/files/life.h"
#include "keeper/files/heap_space.h"

#include <seep/keeper.h>

#define NAMES_TRIED 64
#define BEGIN_BYTES                                                                                                    \
	(UINT64_C(256) << 20) /* capacity whose space need not be there yet, because the file grows with care */

bool heap_memory_fits(const struct seep_heap_header *header, uint64_t device, uint64_t most_bytes)
{
	struct stat status;
	struct statfs system;
	if (header->file_bytes > most_bytes || !area_can_populate())
		return false;
	int descriptor = file_open(AT_FDCWD, SEEP_HEAP_MEMORY_DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (descriptor < 0)
		return false;
	bool fits = system_stat_descriptor(descriptor, &status) == 0 && (device == 0 || status.st_dev == device) &&
		    system_call(SYS_fstatfs, descriptor, (long)&system, 0, 0, 0, 0) == 0 &&
		    system.f_type == TMPFS_MAGIC &&
		    space_may_take(descriptor, header->file_bytes < BEGIN_BYTES ? header->file_bytes : BEGIN_BYTES);
	system_close(descriptor);
	return fits;
}

static void path_make(char *path, size_t size, const struct seep_heap_header *header, uint64_t number)
{
	struct text text = text_begin(path, size);
	text_add(&text, SEEP_HEAP_MEMORY);
	text_add_unsigned(&text, header->pid);
	text_add(&text, ".");
	text_add_unsigned(&text, header->start_ticks);
	text_add(&text, ".");
	text_add_unsigned(&text, number);
}

/* The file has no name yet. It gets one when it is held and says whose it is, so that nobody ever finds one without an
 * owner, and nothing remains of a program that is killed meanwhile. */
static int nameless_make(struct seep_heap_header *header)
{
	int file = file_open(AT_FDCWD, SEEP_HEAP_MEMORY_DIRECTORY, O_TMPFILE | O_RDWR, 0600);
	if (file < 0)
		return file;
	system_change_mode(file, 0600); /* whatever the umask */
	int error = area_reserve_file(file, header);
	header->held = !error && life_hold(file);
	struct quiet_write quiet = quiet_write_enter(); /* the limit holds wherever in the file a write goes */
	if (!error)
		error = (int)file_write_at(file, header, sizeof *header, 0);
	quiet_write_leave(&quiet);
	if (!error)
		return file;
	system_close(file);
	return error;
}

static int name_give(int file, const char *path)
{
	char link[32];
	struct text text = text_begin(link, sizeof link);
	text_add(&text, "/proc/self/fd/");
	text_add_unsigned(&text, (uint64_t)file);
	return (int)system_call(SYS_linkat, AT_FDCWD, (long)link, AT_FDCWD, (long)path, AT_SYMLINK_FOLLOW, 0);
}

/* The link first: it decides between two who try. -EAGAIN: the file's name is another's. */
static int link_make(int parent, int file, const char *path)
{
	int error = (int)system_call(SYS_symlinkat, (long)path, parent, (long)SEEP_HEAP_NAME, 0, 0, 0);
	if (error)
		return error;
	error = name_give(file, path);
	if (error)
		system_unlink_at(parent, SEEP_HEAP_NAME, 0);
	return error == -EEXIST ? -EAGAIN : error;
}

/* Opens the file anew by its name, so that /proc/PID/maps shows that name. The old descriptor holds the file until the
 * new one does. */
static int named_open(int file, const char *path, const struct seep_heap_header *header)
{
	struct stat status, ours;
	int named = file_open(AT_FDCWD, path, O_RDWR | O_NOFOLLOW, 0);
	bool same = named >= 0 && system_stat_descriptor(named, &status) == 0 &&
		    system_stat_descriptor(file, &ours) == 0 && status.st_ino == ours.st_ino &&
		    (!header->held || life_hold(named));
	if (same) {
		system_close(file);
		return named;
	}
	if (named >= 0)
		system_close(named);
	return file;
}

int heap_memory_make(int parent, struct seep_heap_header *header)
{
	char path[96];
	struct stat taken;
	if (system_call(SYS_newfstatat, parent, (long)SEEP_HEAP_NAME, (long)&taken, AT_SYMLINK_NOFOLLOW, 0, 0) == 0)
		return -EEXIST;
	int file = nameless_make(header), error = -EAGAIN;
	if (file < 0)
		return file;
	for (uint64_t number = 1; error == -EAGAIN && number <= NAMES_TRIED; number++) {
		path_make(path, sizeof path, header, number);
		error = link_make(parent, file, path);
	}
	if (!error)
		return named_open(file, path, header);
	system_close(file);
	header->held = 0;
	return error;
}

void heap_memory_remove(int parent)
{
	char path[96];
	long length = system_call(SYS_readlinkat, parent, (long)SEEP_HEAP_NAME, (long)path, sizeof path - 1, 0, 0);
	if (length > 0) {
		path[length] = 0;
		system_unlink_at(AT_FDCWD, path, 0);
	}
	system_unlink_at(parent, SEEP_HEAP_NAME, 0);
}

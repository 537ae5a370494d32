/* SPDX-License-Identifier: Apache-2.0 */
/* A service's name and the place of its recordings: see seep/service.h. */
#include <seep/service.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "keeper/base/file.h"
#include "keeper/base/syscall.h"
#include "keeper/base/text.h"
#include "keeper/files/output.h"
#include "keeper/store/tidy.h"

#define PATH_BYTES (SEEP_STORE_BYTES + SEEP_SERVICE_NAME_MOST + 2 + sizeof SERVICE_MARK)
#define OTHERS_MAY_LOOK 0755 /* each recording in it is its owner's alone */

static bool is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool seep_service_name_is_valid(const char *name, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		bool goes_on = name[i] == '.' || name[i] == '-' || name[i] == '@' || name[i] == '+';
		if (!is_letter_or_digit(name[i]) && name[i] != '_' && !(goes_on && i > 0))
			return false;
	}
	return length > 0 && length <= SEEP_SERVICE_NAME_MOST;
}

/* "" where that is not an absolute path, or too long. */
static void store_set(char store[SEEP_STORE_BYTES], const char *path, const char *below)
{
	struct text text = text_begin(store, SEEP_STORE_BYTES);
	if (!path || path[0] != '/')
		return;
	text_add(&text, path);
	while (text.length > 1 && store[text.length - 1] == '/')
		store[--text.length] = 0;
	text_add(&text, below);
	if (text.cut)
		store[0] = 0;
}

void seep_stores_find(struct seep_stores *stores, const char *store, const char *state_home, const char *home)
{
	store_set(stores->of[0], store, "");
	stores->of[1][0] = 0;
	if (stores->of[0][0])
		return;
	store_set(stores->of[0], SEEP_SERVICE_STORE, "");
	store_set(stores->of[1], state_home, "/seep");
	if (!stores->of[1][0])
		store_set(stores->of[1], home, "/.local/state/seep");
}

/* A new one has its mode whatever the umask: other users' processes of the service look there, too. Another process of the
 * service may make it at the same time. */
static bool directory_make(char *path)
{
	int made = system_make_directory(path, OTHERS_MAY_LOOK);
	if (made == -ENOENT && output_parents_make(path, 0))
		made = system_make_directory(path, OTHERS_MAY_LOOK);
	if (made == 0)
		output_mode_set(path, OTHERS_MAY_LOOK);
	return made == 0 || made == -EEXIST;
}

/* Nobody else may turn it into another's: it is not a link, and root's or ours. */
static bool directory_is_fit(const char *path)
{
	struct stat status;
	int directory = file_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (directory < 0)
		return false;
	bool fit = system_stat_descriptor(directory, &status) == 0 &&
		   (status.st_uid == 0 || status.st_uid == system_effective_user()) &&
		   (!(status.st_mode & (S_IWGRP | S_IWOTH)) || (status.st_mode & S_ISVTX)) &&
		   system_call(SYS_faccessat, directory, (long)".", W_OK | X_OK, 0, 0, 0) == 0;
	system_close(directory);
	return fit;
}

/* Says that what lies here may be thinned. */
static void mark_make(char *path, size_t length)
{
	static const char mark[] = "/" SERVICE_MARK;
	memcpy(path + length, mark, sizeof mark);
	int file = file_open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0644);
	if (file >= 0)
		system_close(file);
	path[length] = 0;
}

static bool pattern_write(char *output, size_t size, const char *directory)
{
	struct text text = text_begin(output, size);
	for (; *directory; directory++)
		text_add_bounded(&text, *directory == '%' ? "%%" : directory, *directory == '%' ? 2 : 1);
	text_add(&text, "/" SEEP_SERVICE_RECORDING);
	return !text.cut;
}

bool seep_service_prepare(const struct seep_stores *stores, const char *name, char *output, size_t size)
{
	static char path[PATH_BYTES]; /* one thread alone begins a recording; its stack may be small */
	for (size_t i = 0; i < SEEP_STORES && stores->of[i][0]; i++) {
		struct text text = text_begin(path, sizeof path);
		text_add(&text, stores->of[i]);
		text_add(&text, "/");
		text_add(&text, name);
		if (!directory_is_fit(path) && !(directory_make(path) && directory_is_fit(path)))
			continue;
		mark_make(path, text.length);
		return pattern_write(output, size, path);
	}
	return false;
}

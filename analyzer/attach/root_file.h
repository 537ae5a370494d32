/* SPDX-License-Identifier: Apache-2.0 */
/* A file in another process's root directory, for a process whose root has no /proc through which to open a file in
 * memory. */
#ifndef SEEP_ATTACH_ROOT_FILE_H
#define SEEP_ATTACH_ROOT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

struct root_file {
	int root;       /* a descriptor of the process's root */
	char path[128]; /* as the process sees it */
};

/* Whether the process's root has a /proc. */
bool root_has_proc(pid_t pid);

/* Makes the file in the try'th possible directory, from 0 on. False: it can't be made there; `more` says whether there
 * are other directories to try. */
bool root_file_make(struct root_file *file, pid_t pid, unsigned try, const unsigned char *bytes, size_t count,
		    bool *more, struct error *error);

/* Removes the file; what is mapped of it stays. */
void root_file_remove(struct root_file *file);

#endif

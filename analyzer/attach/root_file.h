/* SPDX-License-Identifier: Apache-2.0 */
/* A file in the root directory of another process, for one without a /proc through which to open a file in memory. */
#ifndef SEEP_ATTACH_ROOT_FILE_H
#define SEEP_ATTACH_ROOT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

struct root_file {
	int root;       /* of the process: a descriptor */
	char path[128]; /* as the process sees it */
};

/* Has the process a /proc in its root? */
bool root_has_proc(pid_t pid);

/* Makes the file in the try'th directory that may do, from 0 on. False: it can't be made there; `more` says whether
 * others are left to try. */
bool root_file_make(struct root_file *file, pid_t pid, unsigned try, const unsigned char *bytes, size_t count,
		    bool *more, struct error *error);

/* Takes it away; what is mapped of it stays. */
void root_file_remove(struct root_file *file);

#endif

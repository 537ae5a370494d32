/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry's file lies alone in a directory; both are private. Its maker holds a lock on the open file. The kernel
 * drops that lock when the last process that has the file open (`seep run` and its guard) is gone, however it ended. So
 * programs can tell that nobody reads the registry any more, and the next `seep run` removes it.
 */
#ifndef SEEP_SESSION_REGISTRY_H
#define SEEP_SESSION_REGISTRY_H

#include <stdbool.h>

/* The session of one `seep run`, as its registry describes it. */
struct session {
	char directory[4096];         /* private, 0700; "" : there is none */
	char registry[4128];          /* the file in it; the shim learns of it by SEEP_SESSION */
	int descriptor;               /* of that file, open since it was made */
	char identity[72];            /* device, inode and owner of it, and 1 if it is locked, for SEEP_SESSION_FILE */
	int lacks_room;               /* errno if nothing could be reserved for lines; 0: there is room */
	int host;                     /* the socket at which processes ask for recordings (host.h); -1: there is none */
	char host_name[84];           /* its name and keys, for SEEP_SESSION_HOST */
	const char *output;           /* pattern of the recordings' names */
	const struct exit_look *look; /* NULL: seep does not look at programs when they end */
};

/* What to do with a program that waits at its end. */
struct exit_look {
	void *(*take)(const char *directory); /* looks at the program; returns what it found, or NULL */
	/* Called when the last snapshot is written: adds the findings to it, and frees them. If `name` is NULL, there
	 * is no such snapshot. */
	void (*keep)(const char *directory, const char *name, void *found);
};

/* Makes a registry in that directory (an absolute path). On a file system without such locks it makes one without a
 * lock. False: errno says why. If lines need no room, nothing else may be able to write to it: programs then ask our
 * host. */
bool registry_make(struct session *session, const char *parent, bool needs_room);

/* Adds a line to it, as the programs do. */
void session_line_add(const struct session *session, const char *prefix, const char *text);

/* Removes the names of our registry. */
void registry_remove(struct session *session);

/* Removes registries in that directory that are ours and held by nobody. */
void registries_reclaim(const char *parent);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry's file, alone in a directory, both private. Whoever made it
 * holds a lock on its open file, which the kernel drops when the last process
 * that has it (`seep run` and its guard) is gone, however it ended. So
 * programs can tell that nobody reads it any more, and the next `seep run`
 * removes it.
 */
#ifndef SEEP_SESSION_REGISTRY_H
#define SEEP_SESSION_REGISTRY_H

#include <stdbool.h>

/* The session of one `seep run`, as its registry knows it. */
struct session {
	char directory[4096]; /* private, 0700; "" : there is none */
	char registry[4128];  /* the file in it; SEEP_SESSION names it to the shim */
	int descriptor;       /* of that file, since it was made */
	char identity[72];    /* device, inode and owner of it, and 1 if it is locked, for SEEP_SESSION_FILE */
	int lacks_room;       /* errno, where nothing could be reserved for lines; 0: there is room */
	int host;             /* see host.h: the socket at which processes ask for recordings; -1: there is none */
	char host_name[84];   /* its name and keys, for SEEP_SESSION_HOST */
	const char *output;   /* pattern of the recordings' names */
	const struct exit_look *look; /* NULL: no program is looked at when it ends */
};

/* What is done where a program stands at its end. */
struct exit_look {
	void *(*take)(const char *directory); /* what was found there; NULL: nothing */
	/* When its last snapshot is there: adds it, and frees it. NULL: there is no such snapshot. */
	void (*keep)(const char *directory, const char *name, void *found);
};

/* Makes one in that directory, which is absolute; on a file system without such locks one without. False: errno. Where it
 * needs no room, nothing may be able to write to it: then programs ask our host. */
bool registry_make(struct session *session, const char *parent, bool needs_room);

/* Adds a line to it, as programs do. */
void session_line_add(const struct session *session, const char *prefix, const char *text);

/* Removes the names of our registry. */
void registry_remove(struct session *session);

/* Removes registries in that directory that are ours and that nobody holds. */
void registries_reclaim(const char *parent);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper as a process of its own, for when no `seep run` stands beside the
 * program. libseep.so is a program, too (as libc.so.6 is): its interpreter and
 * entry point are in keeper_main.c. It is started when the recording begins, by
 * two children made one after the other without the C library, so that it
 * belongs to init: the first has no exit signal, is waited for by its number
 * and is gone when the call returns. What wait() and SIGCHLD tell the program,
 * its threads, its descriptors and its process group are as without it.
 *
 * Nothing that the program does later matters to it: its user, root, namespaces
 * and filters are those of the beginning.
 */
#ifndef SEEP_RECORDING_KEEPER_PROCESS_H
#define SEEP_RECORDING_KEEPER_PROCESS_H

#include <stdbool.h>

#define KEEPER_PROCESS_NAME "seep-keeper"

/* Finds libseep.so's own file, while relative paths still mean what they meant. Constructor only. */
void keeper_process_prepare(void);

enum keeper_start {
	KEEPER_STARTED,
	KEEPER_CROWDED, /* one more process, or thread, would be one too many */
	KEEPER_HAS_TO_BE_A_THREAD,
};

/* Starts it for the recording in this directory. It has to be a thread where it cannot be, or somebody would see it: the
 * program is process 1 or gathers orphans (they would become its children), processes that it starts get another
 * namespace, init leaves those that have ended lying about, or the file has gone. One thread at a time; blocks all
 * signals meanwhile. */
enum keeper_start keeper_process_start(const char *directory);

/* The program is going to gather orphans: those of the children that it forks, too, and nothing tells them but memory. */
void keeper_process_note_gathering(void);

#endif

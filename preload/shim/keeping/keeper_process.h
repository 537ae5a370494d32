/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper as a process of its own, for programs that no `seep run` stands
 * beside. libseep.so is a program, too (as libc.so.6 is): its interpreter and
 * entry point are in keeper_main.c. When the recording begins, two children
 * start it, one after the other and without the C library, so that it belongs
 * to init. The first child has no exit signal, is waited for by its number, and
 * is gone when the call returns. wait() and SIGCHLD, the program's threads, its
 * descriptors and its process group are as without the keeper.
 *
 * Nothing that the program does later changes the keeper: its user, root,
 * namespaces and filters are those of the beginning.
 */
#ifndef SEEP_KEEPING_KEEPER_PROCESS_H
#define SEEP_KEEPING_KEEPER_PROCESS_H

#define KEEPER_PROCESS_NAME "seep-keeper"

/* Finds libseep.so's own file while relative paths still mean what they meant. Constructor only. */
void keeper_process_prepare(void);

enum keeper_start {
	KEEPER_STARTED,
	KEEPER_CROWDED, /* the limit leaves no further process or thread */
	KEEPER_HAS_TO_BE_A_THREAD,
};

/* Starts it for the recording in this directory. The keeper has to be a thread where a process is impossible or
 * somebody would see it: the program is process 1 or gathers orphans (the keeper would become its child), the
 * processes that it starts get another namespace, init does not wait for its children, or the file has gone. One
 * thread at a time; blocks all signals meanwhile. */
enum keeper_start keeper_process_start(const char *directory);

/* The program is about to gather orphans. Its forked children will, too, and nothing but memory tells them. */
void keeper_process_note_gathering(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does anybody still have this heap file in memory? A process's number says little: in another pid namespace it belongs
 * to somebody else. So program and keeper hold a read lock on their open file. The lock lasts as long as their mapping,
 * and the kernel drops it with the last of them, however they end. A process that gets the write lock is alone with the
 * file. Locks of open files (F_OFD_SETLK) can be asked for without taking them.
 */
#ifndef SEEP_FILES_LIFE_H
#define SEEP_FILES_LIFE_H

#include <stdbool.h>

#include <seep/heap.h>

/* The read lock, until the open file and all mappings of it are closed. False: somebody is alone with it, or there are no
 * such locks. */
bool life_hold(int descriptor);

/* The write lock, until the descriptor is closed: nobody else has the file, nor will. */
bool life_claim(int descriptor);

/* Is it certain that nobody holds the file? Takes no lock. */
bool life_is_unheld(int descriptor);

/* Is the program alive? abandoned: the file says that a process holds it, and none does. Then the program is alive only
 * if we can see it (it has executed another program); otherwise it is dead. */
bool life_goes_on(const struct seep_heap_header *header, bool abandoned);

/* Is the `seep run` that will finish it still there? If that can't be seen: for a while after the last sign of life. */
bool life_runner_goes_on(const struct seep_heap_header *header);

/* Takes a name by seep_runner_name() into the header. */
void life_runner_note(struct seep_heap_header *header, const char *name);

#endif

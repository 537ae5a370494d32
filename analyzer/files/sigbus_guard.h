/* SPDX-License-Identifier: Apache-2.0 */
/* Mapped files that somebody else truncates: reads beyond the new end give zeros instead of SIGBUS. */
#ifndef SEEP_FILES_SIGBUS_GUARD_H
#define SEEP_FILES_SIGBUS_GUARD_H

/* Installs the guard, once, when the process starts. If we were started with a disposition of SIGBUS, it stays, because
 * a program that we start inherits it. */
void sigbus_guard_install(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Mapped files that somebody else truncates: reads beyond the new end give zeros instead of SIGBUS. */
#ifndef SEEP_FILES_SIGBUS_GUARD_H
#define SEEP_FILES_SIGBUS_GUARD_H

/* For this process, once at its start. A disposition of SIGBUS that we were started with stays: a program that we start
 * inherits it. */
void sigbus_guard_install(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that the kernel refuses to a process with threads. */
#ifndef SEEP_HOOKS_NAMESPACES_H
#define SEEP_HOOKS_NAMESPACES_H

#include <stdbool.h>

/* Is this system call (unshare or setns, with its first two arguments) such a call? */
bool namespaces_want_us_alone(long number, long first, long second);

/* Call it after a setns() that succeeded: the program may be in another time namespace. unshare() moves only its
 * children. */
void namespaces_entered(void);

#endif

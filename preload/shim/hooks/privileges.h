/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that are about to become another user: see privileges.c. */
#ifndef SEEP_HOOKS_PRIVILEGES_H
#define SEEP_HOOKS_PRIVILEGES_H

#include <sys/types.h>

/* Call it before the effective user becomes this one; -1: the user stays. */
void privileges_leave(uid_t effective);

#endif

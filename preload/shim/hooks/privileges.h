/* SPDX-License-Identifier: Apache-2.0 */
/* A program that is about to become another user: see privileges.c. */
#ifndef SEEP_HOOKS_PRIVILEGES_H
#define SEEP_HOOKS_PRIVILEGES_H

#include <sys/types.h>

/* Before the effective user becomes this one; -1: it stays. */
void privileges_leave(uid_t effective);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the environment and the program's name tell about this run. */
#ifndef SEEP_HOOKS_ENVIRONMENT_H
#define SEEP_HOOKS_ENVIRONMENT_H

#include <stdint.h>

/* Bits of enum seep_status: under valgrind; python with its pools on. */
uint32_t environment_status(char *const *environment);

/* --follow=none: takes libseep.so out of LD_PRELOAD, in place and without allocating, so that the programs that this
 * one starts are not preloaded. */
void environment_stop_following(char **environment);

#endif

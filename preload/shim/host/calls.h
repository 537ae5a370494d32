/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls of the program that need not come to us any more. Debian's programs bind all their calls while they are loaded, before
 * we know what is behind us; a function that has nothing to do here would cost them a jump for ever. And calls that should come
 * to us although we don't export their name: who looks for that must learn the truth.
 */
#ifndef SEEP_HOST_CALLS_H
#define SEEP_HOST_CALLS_H

/* While the program is still being loaded: has it call `to` by this name where it is bound to `from`. Calls that are bound later, and
 * those of its libraries, stay as they are. */
void calls_pass_on(const char *name, const void *from, const void *to);

/* The same for calls that are bound to `from`, or will be: they go to `to`. */
void calls_bring_here(const char *name, const void *from, const void *to);

#endif

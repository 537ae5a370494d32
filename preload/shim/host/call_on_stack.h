/* SPDX-License-Identifier: Apache-2.0 */
/* Work on a stack of our own, where a hook is called with hardly any. */
#ifndef SEEP_HOST_CALL_ON_STACK_H
#define SEEP_HOST_CALL_ON_STACK_H

/* The function's answer. `top` is the end of the stack, a multiple of 16. Whoever unwinds finds the way back, by the frame
 * pointer. */
long call_on_stack(void *top, long (*function)(void));

#endif

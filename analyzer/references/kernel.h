/* SPDX-License-Identifier: Apache-2.0 */
/* References that the kernel holds for a program: those in epoll and in timers can be read, those in io_uring and
 * asynchronous I/O can't. */
#ifndef SEEP_REFERENCES_KERNEL_H
#define SEEP_REFERENCES_KERNEL_H

#include <stdbool.h>
#include <sys/types.h>

#include "references/marks.h"

/* Marks those that can be read. *hidden: there are others. */
void kernel_words_take(struct marks *marks, pid_t pid, bool *hidden);

#endif

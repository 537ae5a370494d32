/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's clocks, without libc: a program may have a clock_gettime of its
 * own (libfaketime, simulators), which may allocate, wait for a lock that is
 * held where malloc is called, or count its calls.
 */
#ifndef SEEP_BASE_CLOCK_H
#define SEEP_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Finds the vDSO's clock in the image at `vdso` (AT_SYSINFO_EHDR, may be 0). Before, and where there is none, the
 * clock is a system call. */
void clock_prepare(uintptr_t vdso);

/* With the vDSO: 22 ns, no system call. CLOCK_MONOTONIC is the machine's: keeper/base/epoch.h. */
uint64_t clock_read_ns(clockid_t clock);

#endif

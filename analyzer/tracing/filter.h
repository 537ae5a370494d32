/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that has forbidden itself system calls (seccomp) may be killed for a call that we make in it. So its
 * filters are read and evaluated for each call that joining needs. The borrowed thread works with its filters
 * suspended, but they must agree all the same, because we may end at any moment, and then they apply again.
 */
#ifndef SEEP_TRACING_FILTER_H
#define SEEP_TRACING_FILTER_H

#include "tracing/tracees.h"

/* Whether a thread has forbidden itself anything: a filter may be for one thread only. */
bool thread_is_confined(pid_t pid, pid_t tid);
/* Whether any thread of the process has. */
bool process_is_confined(pid_t pid);

/* For a thread that stands still. */
bool thread_filters_allow(pid_t pid, pid_t tid, struct error *error);

/* Stops a confined thread for a moment to read its filters. False: the error names the call for which they kill, or
 * says why they can't be read. */
bool process_filters_allow(struct tracees *tracees, double pause_ms, struct error *error);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that has forbidden itself system calls (seccomp) may be killed for
 * one that we make in it. Its filters are read, and asked for each call that
 * joining takes. The borrowed thread works with its filters suspended; they
 * are asked all the same, because we may end at any moment, and then it goes
 * on with them.
 */
#ifndef SEEP_TRACING_FILTER_H
#define SEEP_TRACING_FILTER_H

#include "tracing/tracees.h"

/* Has it forbidden itself anything? */
bool process_is_confined(pid_t pid);

/* Of a thread that stands still. */
bool thread_filters_allow(pid_t pid, pid_t tid, struct error *error);

/* Stops a thread for a moment to read its filters. False: the error names the call that they kill for, or says why they can't
 * be read. */
bool process_filters_allow(struct tracees *tracees, double pause_ms, struct error *error);

#endif

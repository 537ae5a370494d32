/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles as other tools write them, and reading them from memory. */
#ifndef SEEP_TESTS_FOREIGN_DUMPS_H
#define SEEP_TESTS_FOREIGN_DUMPS_H

#include "profile/profile.h"
#include "foreign/foreign_profile.h"
#include "support/profile_maker.h"

extern const char jemalloc_dump[], gperftools_dump[];

/* Two kinds of blocks, one of them inlined; at the end 2 of 16 bytes and 1 of 0 are left, at most 3 of 16 were there. */
extern const char heaptrack_file[];

/* The profile that the bytes hold; NULL, with one line in `error`. */
struct profile *dump_read_moment(const void *data, size_t bytes, const struct foreign_moment *moment,
				 struct error *error);
struct profile *dump_read(const void *data, size_t bytes, struct error *error);
/* Finds a text; the test fails if it is not there. */
struct profile *dump_read_text(const char *text);

/* A profile with everything that pprof can hold: inlined calls, fractions, large numbers, a site without a stack. */
struct profile_maker *dump_make_profile(void);

#endif

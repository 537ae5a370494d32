/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profiles whose addresses have names without any ELF file behind them: the
 * snapshot comes from the snapshot maker, the names from a table. So a test
 * has the same names on every machine.
 */
#ifndef SEEP_TESTS_NAMED_PROFILE_H
#define SEEP_TESTS_NAMED_PROFILE_H

#include "profile/profile.h"
#include "support/snapshot_maker.h"

/* One line for which an address stands. There may be several for one address, one behind the other, innermost first:
 * all but the last are inlined. */
struct address_name {
	const char *module; /* path */
	uint64_t address;
	const char *function;
	const char *file; /* NULL: not known */
	uint32_t line;
};

/* Reads the profile that the maker has made so far and names its addresses; those that are not in the table get the
 * names of a stripped module. The caller frees it with profile_free(). */
struct profile *named_profile(const struct snapshot_maker *maker, const char *source, const struct address_name *names,
			      size_t count);

/* One site of a profile, found by its leaf function; fails the test if there is none. */
const struct profile_site *named_site(const struct profile *profile, const char *function);

#endif

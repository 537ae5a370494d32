/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes symbolized profiles in memory, for tests of what stands above them.
 *
 *	struct profile_maker *maker = profile_maker_create("server");
 *	profile_maker_add(maker, "main;serve;parse=>allocate", (struct made_values){.in_use_bytes = 4096, ...});
 *	const struct profile *profile = profile_maker_profile(maker);
 *
 * A stack is written as folded stacks are, callers first. "caller=>callee" is one address at which the callee was
 * inlined. "function@path" puts the function into that module. Every function has its own line of "source.c", counted
 * from 1 in the order of their first appearance.
 */
#ifndef SEEP_TESTS_PROFILE_MAKER_H
#define SEEP_TESTS_PROFILE_MAKER_H

#include "profile/profile.h"

struct profile_maker;

struct made_values {
	double in_use_bytes, in_use_objects, allocated_bytes, allocated_objects;
};
/* In use in objects of 16 bytes; three times as many bytes have been allocated. */
struct made_values made_bytes(double in_use);

struct profile_maker *profile_maker_create(const char *command);
void profile_maker_free(struct profile_maker *maker);

/* Adds a site and returns it; it may be used until the next one is added. An empty text is a site without a stack. */
struct profile_site *profile_maker_add(struct profile_maker *maker, const char *stack, struct made_values values);

/* The profile so far; it belongs to the maker, and may be changed. Sites and locations move when more are added. */
struct profile *profile_maker_profile(struct profile_maker *maker);

#endif

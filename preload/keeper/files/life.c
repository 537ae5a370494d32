/* SPDX-License-Identifier: Apache-2.0 */
/* Proof of life of heap files in memory: see life.h. */
#include "keeper/files/life.h"

#include <unistd.h>

#include "keeper/base/atomics.h"
#include "keeper/base/clock.h"
#include "keeper/base/syscall.h"
#include "keeper/base/text.h"
#include "keeper/program/namespace.h"
#include "keeper/program/owner.h"
#include "keeper/program/process.h"

#include <seep/keeper.h>

static long lock(int descriptor, int command, struct flock *lock)
{
	lock->l_whence = SEEK_SET;
	lock->l_start = 0;
	lock->l_len = 1;
	return system_call(SYS_fcntl, descriptor, command, (long)lock, 0, 0, 0);
}

bool life_hold(int descriptor)
{
	return lock(descriptor, F_OFD_SETLK, &(struct flock){.l_type = F_RDLCK}) == 0;
}

bool life_claim(int descriptor)
{
	return lock(descriptor, F_OFD_SETLK, &(struct flock){.l_type = F_WRLCK}) == 0;
}

bool life_is_unheld(int descriptor)
{
	struct flock other = {.l_type = F_WRLCK};
	return lock(descriptor, F_OFD_GETLK, &other) == 0 && other.l_type == F_UNLCK;
}

void life_runner_note(struct seep_heap_header *header, const char *name)
{
	uint64_t *const fields[] = {&header->runner_pid, &header->runner_start_ticks, &header->runner_namespace};
	for (size_t i = 0; i < sizeof fields / sizeof *fields && text_take_unsigned(&name, fields[i]); i++)
		name += *name == '.';
}

void seep_runner_name(char name[static 64])
{
	uint64_t ignored, start_ticks, pid = (uint64_t)system_getpid();
	struct text text = text_begin(name, 64);
	process_identify(pid, &ignored, &start_ticks);
	text_add_unsigned(&text, pid);
	text_add(&text, ".");
	text_add_unsigned(&text, start_ticks);
	text_add(&text, ".");
	text_add_unsigned(&text, process_namespace());
}

bool life_runner_goes_on(const struct seep_heap_header *header)
{
	uint64_t pid = header->runner_pid, start_ticks = header->runner_start_ticks;
	if (pid == 0)
		return false;
	if (header->runner_namespace == process_namespace())
		return process_exists(pid, start_ticks);
	if (namespace_find(pid, start_ticks) != 0)
		return true;
	uint64_t seen_ns = load_relaxed(&header->alive_ns), now_ns = clock_read_ns(CLOCK_MONOTONIC);
	seen_ns = seen_ns > header->start_ns ? seen_ns : header->start_ns;
	return !namespace_sees_all() && (seen_ns > now_ns || now_ns - seen_ns < OWNER_FOREIGN_LIFE_NS);
}

bool life_goes_on(const struct seep_heap_header *header, bool abandoned)
{
	if (!abandoned)
		return owner_is_alive(header);
	return namespace_is_foreign(header) ? namespace_find(header->pid, header->start_ticks) != 0
					    : process_is_seen(header->pid, header->start_ticks);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* See area.h. */
#include "inline/area.h"

#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <unistd.h>

enum { STACK_BYTES = 256 << 10, CHUNK_BYTES = 4096 };

static struct area_head head_of(const struct area *area)
{
	struct area_head head = {.count = area->count};

	for (size_t i = 0; i < area->count; i++) {
		head.records[i].address = area->detours[i].address;
		head.records[i].at = area->detours[i].at;
		memcpy(head.records[i].was, area->detours[i].was, DETOUR_JUMP_BYTES);
	}
	return head;
}

uint64_t area_slot(const struct area *area, size_t number)
{
	return area->at + AREA_SLOTS_AT + number * DETOUR_BYTES;
}

bool area_holds(const struct area *area)
{
	struct area_head head = head_of(area), found;
	unsigned char bytes[DETOUR_BYTES];

	if (!remote_read(area->remote, area->at, &found, sizeof found) || memcmp(&head, &found, sizeof head) != 0)
		return false;
	for (size_t i = 0; i < area->count; i++)
		if (!remote_read(area->remote, area->detours[i].at, bytes, sizeof bytes) ||
		    memcmp(bytes, area->detours[i].bytes, sizeof bytes) != 0)
			return false;
	return true;
}

bool area_fill(const struct area *area)
{
	struct area_head head = head_of(area);
	bool fine = remote_write(area->remote, area->at, &head, sizeof head);

	for (size_t i = 0; fine && i < area->count; i++)
		fine = remote_write(area->remote, area->detours[i].at, area->detours[i].bytes, DETOUR_BYTES);
	return fine;
}

/* Whether an address is within the bytes over which a jump is written. */
static const struct detour *detour_around(const struct area *area, uint64_t pc)
{
	for (size_t i = 0; i < area->count; i++)
		if (pc > area->detours[i].address && pc < area->detours[i].address + DETOUR_JUMP_BYTES)
			return &area->detours[i];
	return NULL;
}

/* A signal handler returns to the place that it interrupted. A word that only looks like such a place is there a moment
 * later, too, and is rare. */
static bool stack_leads_there(const struct area *area, uint64_t stack)
{
	uint64_t words[CHUNK_BYTES / sizeof(uint64_t)], low = UINT64_MAX, high = 0;

	for (size_t i = 0; i < area->count; i++) {
		low = area->detours[i].address < low ? area->detours[i].address : low;
		high = area->detours[i].address > high ? area->detours[i].address : high;
	}
	stack &= ~UINT64_C(7);
	for (size_t done = 0; done < STACK_BYTES; done += sizeof words) {
		ssize_t got = pread(area->remote->memory, words, sizeof words, (off_t)(stack + done));
		for (ssize_t i = 0; i < got / (ssize_t)sizeof *words; i++)
			if (words[i] > low && words[i] < high + DETOUR_JUMP_BYTES && detour_around(area, words[i]))
				return true;
		if (got < (ssize_t)sizeof words)
			break;
	}
	return false;
}

/* Moves threads that stand where a jump will be into the copy. */
static void threads_carry(const struct area *area, const struct tracees *tracees)
{
	struct user_regs_struct registers;

	for (size_t i = 0; i < tracees->count; i++) {
		const struct tracee *tracee = &tracees->items[i];
		if (tracee->state != TRACEE_STOPPED || ptrace(PTRACE_GETREGS, tracee->tid, NULL, &registers) != 0)
			continue;
		const struct detour *detour = detour_around(area, registers.rip);
		if (!detour)
			continue;
		registers.rip = detour_carry(detour, registers.rip);
		ptrace(PTRACE_SETREGS, tracee->tid, NULL, &registers);
	}
}

static bool threads_are_clear(const struct area *area, const struct tracees *tracees)
{
	struct user_regs_struct registers;

	for (size_t i = 0; i < tracees->count; i++) {
		const struct tracee *tracee = &tracees->items[i];
		if (tracee->state != TRACEE_STOPPED)
			continue;
		if (ptrace(PTRACE_GETREGS, tracee->tid, NULL, &registers) != 0)
			return false;
		const struct detour *detour = detour_around(area, registers.rip);
		if ((detour && !detour_carry(detour, registers.rip)) || stack_leads_there(area, registers.rsp))
			return false;
	}
	return true;
}

/* Whether the bytes there are those that the plan knows, or our jump. */
static bool code_is_known(const struct area *area, const struct detour *detour)
{
	unsigned char now[DETOUR_JUMP_BYTES];

	return remote_read(area->remote, detour->address, now, sizeof now) &&
	       (memcmp(now, detour->was, sizeof now) == 0 || memcmp(now, detour->jump, sizeof now) == 0);
}

bool area_put_in(const struct area *area, const struct tracees *tracees)
{
	for (size_t i = 0; i < area->count; i++)
		if (!code_is_known(area, &area->detours[i]))
			return false;
	if (!threads_are_clear(area, tracees))
		return false;
	threads_carry(area, tracees);
	for (size_t i = 0; i < area->count; i++)
		if (!remote_write(area->remote, area->detours[i].address, area->detours[i].jump, DETOUR_JUMP_BYTES))
			return false;
	return true;
}

bool area_take_out(const struct remote *remote, uint64_t table)
{
	struct area_head head;
	unsigned char now[DETOUR_JUMP_BYTES];
	uint64_t at = 0;
	bool fine = true;

	if (!remote_read(remote, table + offsetof(struct seep_linked, area), &at, sizeof at))
		return false;
	if (!at)
		return true;
	if (!remote_read(remote, at, &head, sizeof head) || head.count > SEEP_LINKED_MOST)
		return false;
	for (size_t i = head.count; i-- > 0;) {
		const struct area_record *record = &head.records[i];
		int32_t distance = (int32_t)(int64_t)(record->at - (record->address + DETOUR_JUMP_BYTES));
		if (remote_read(remote, record->address, now, sizeof now) && now[0] == 0xe9 &&
		    memcmp(now + 1, &distance, sizeof distance) == 0)
			fine &= remote_write(remote, record->address, record->was, DETOUR_JUMP_BYTES);
	}
	return fine;
}

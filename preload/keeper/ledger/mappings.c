/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/maps as an array: see mappings.h. */
#include "keeper/ledger/mappings.h"

#include <string.h>

#include "keeper/base/syscall.h"

#include <seep/process.h>
#include <seep/search.h>

#define NAMES_BYTES ((size_t)1 << 20)
#define MAPPINGS_BYTES (LEDGER_MAPPINGS * sizeof(struct ledger_mapping))

/* The mapping before often has the same name: a module's segments lie one after the other. */
static uint32_t name_add(struct ledger *ledger, const char *name)
{
	const uint32_t last = ledger->count ? ledger->mappings[ledger->count - 1].name : 0;
	const size_t bytes = strlen(name) + 1;
	if (bytes == 1 || strcmp(ledger->names + last, name) == 0)
		return bytes == 1 ? 0 : last;
	if (bytes > NAMES_BYTES - ledger->names_bytes)
		return 0;
	memcpy(ledger->names + ledger->names_bytes, name, bytes);
	ledger->names_bytes += (uint32_t)bytes;
	return ledger->names_bytes - (uint32_t)bytes;
}

static uint8_t permission_of(const struct seep_mapping *mapping)
{
	static const char letters[] = "rwxs";
	uint8_t permission = 0;
	for (int i = 0; i < 4; i++)
		permission |= (uint8_t)((mapping->permissions[i] == letters[i]) << i);
	return permission;
}

/* The ledger that is read, and the pieces at which its mappings are cut. */
struct reading {
	struct ledger *ledger;
	const struct ledger_piece *pieces; /* those that may lie in the mapping, or behind it */
	uint32_t count;
};

/* The part of a mapping from `start` on that is one owner's, and where it ends. */
static uint64_t part_end(struct reading *reading, uint64_t start, uint64_t end, enum ledger_owner *owner)
{
	for (; reading->count && reading->pieces->end <= start; reading->count--)
		reading->pieces++;
	const struct ledger_piece *piece = reading->count ? reading->pieces : NULL;
	const bool is_in_piece = piece && piece->start <= start;
	*owner = is_in_piece ? piece->owner : LEDGER_OWNER_UNKNOWN;
	const uint64_t to = !piece ? end : is_in_piece ? piece->end : piece->start;
	return to < end ? to : end;
}

static void part_add(struct ledger *ledger, const struct ledger_mapping *part)
{
	if (ledger->count == LEDGER_MAPPINGS)
		ledger->cut_bytes += part->end - part->start;
	else
		ledger->mappings[ledger->count++] = *part;
}

static bool mapping_add(const struct seep_mapping *mapping, void *context)
{
	struct reading *reading = context;
	struct ledger_mapping part = {
	    .start = mapping->start,
	    .device = (uint64_t)mapping->device_major << 32 | mapping->device_minor,
	    .inode = mapping->inode,
	    .name = name_add(reading->ledger, mapping->path[0] ? mapping->path : mapping->label),
	    .permission = permission_of(mapping),
	};
	for (; part.start < mapping->end; part.start = part.end) {
		enum ledger_owner owner = LEDGER_OWNER_UNKNOWN;
		part.end = mapping->inode ? mapping->end : part_end(reading, part.start, mapping->end, &owner);
		part.owner = (uint8_t)owner;
		part_add(reading->ledger, &part);
	}
	return true;
}

bool ledger_read_pieces(struct ledger *ledger, uint64_t pid, const struct ledger_piece *pieces, uint32_t count)
{
	struct reading reading = {ledger, pieces, count};
	*ledger = (struct ledger){
	    .mappings = scratch_map(MAPPINGS_BYTES), .names = scratch_map(NAMES_BYTES), .names_bytes = 1};
	if (ledger->mappings && ledger->names && seep_process_visit_mappings(pid, mapping_add, &reading) == 0 &&
	    ledger->count)
		return true;
	ledger_free(ledger);
	return false;
}

bool ledger_read(struct ledger *ledger, uint64_t pid)
{
	return ledger_read_pieces(ledger, pid, NULL, 0);
}

void ledger_free(struct ledger *ledger)
{
	scratch_unmap(ledger->mappings, MAPPINGS_BYTES);
	scratch_unmap(ledger->names, NAMES_BYTES);
	*ledger = (struct ledger){0};
}

uint64_t ledger_gap(const struct ledger *ledger, uint64_t start, uint64_t end, uint64_t *gap_end)
{
	size_t next = SEEP_COUNT_TO(ledger->mappings, ledger->count, end, start);
	for (; next < ledger->count && ledger->mappings[next].start <= start && start < end; next++)
		start = ledger->mappings[next].end;
	*gap_end = next < ledger->count && ledger->mappings[next].start < end ? ledger->mappings[next].start : end;
	return start < end ? start : end;
}

struct ledger_mapping *ledger_mapping_at(const struct ledger *ledger, uint64_t address)
{
	const size_t first = SEEP_COUNT_TO(ledger->mappings, ledger->count, end, address);
	return first < ledger->count && ledger->mappings[first].start <= address ? &ledger->mappings[first] : NULL;
}

void ledger_meet(struct ledger *ledger, uint64_t address)
{
	struct ledger_mapping *mapping = ledger_mapping_at(ledger, address);
	if (mapping)
		mapping->has_blocks = true;
}

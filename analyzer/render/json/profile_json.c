/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a profile as JSON. Addresses are hexadecimal texts, because not every reader's numbers can hold them. */
#include "render/json/profile_json.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "profile/profile.h"
#include "profile/lost.h"
#include "render/words/notes.h"
#include "statistics/measure.h"

void json_known(struct json *json, const char *key, double value, bool is_known)
{
	json_key(json, key);
	if (is_known)
		json_rounded(json, value);
	else
		json_null(json);
}

static void json_process(struct json *json, const struct profile *profile)
{
	json_begin_object(json_key(json, "process"));
	json_unsigned(json_key(json, "pid"), profile->pid);
	json_unsigned(json_key(json, "parent_pid"), profile->parent_pid);
	json_text_or_null(json_key(json, "command"), profile->command);
	json_text_or_null(json_key(json, "executable"), profile->executable);
	json_text_or_null(json_key(json, "arguments"), profile->arguments);
	json_text_or_null(json_key(json, "host"), profile->host);
	json_text_or_null(json_key(json, "allocator"), profile->allocator);
	json_text_or_null(json_key(json, "allocator_path"), profile->allocator_path);
	json_text_or_null(json_key(json, "unwinder"), profile->unwinder);
	json_text_or_null(json_key(json, "bypassed"), profile->bypassed);
	json_unsigned(json_key(json, "start_unix_ns"), profile->start_unix_ns);
	json_key(json, "joined_unix_ns");
	if (profile->status & SEEP_STATUS_JOINED)
		json_unsigned(json, profile->start_unix_ns);
	else
		json_null(json);
	json_end_object(json);
}

/* The processes that were added up. */
static void json_parts(struct json *json, const struct profile *profile)
{
	json_begin_array(json_key(json, "processes"));
	for (uint32_t i = 0; i < profile->part_count; i++) {
		const struct profile_part *part = &profile->parts[i];
		json_begin_object(json);
		json_text_or_null(json_key(json, "source"), part->source);
		json_text_or_null(json_key(json, "command"), part->command);
		json_unsigned(json_key(json, "pid"), part->pid);
		json_unsigned(json_key(json, "snapshot"), part->number);
		json_known(json, "rate", (double)part->rate, part->rate > 0);
		json_rounded(json_key(json, "inuse_bytes"), sum_estimate(&part->in_use.bytes));
		json_end_object(json);
	}
	json_end_array(json);
}

static void json_memory(struct json *json, const struct profile *profile)
{
	static const struct {
		enum seep_memory_key key;
		const char *name;
	} names[] = {
	    {SEEP_MEMORY_RSS, "rss_bytes"},
	    {SEEP_MEMORY_RSS_ANONYMOUS, "rss_anonymous_bytes"},
	    {SEEP_MEMORY_RSS_FILE, "rss_file_bytes"},
	    {SEEP_MEMORY_RSS_SHARED, "rss_shared_bytes"},
	    {SEEP_MEMORY_RSS_PEAK, "rss_peak_bytes"},
	    {SEEP_MEMORY_SWAP, "swap_bytes"},
	    {SEEP_MEMORY_VIRTUAL, "virtual_bytes"},
	    {SEEP_MEMORY_LIMIT, "limit_bytes"},
	    {SEEP_MEMORY_DATA, "data_bytes"},
	    {SEEP_MEMORY_LIMIT_VIRTUAL, "limit_virtual_bytes"},
	    {SEEP_MEMORY_LIMIT_DATA, "limit_data_bytes"},
	    {SEEP_MEMORY_NEAREST, "nearest_key"},
	    {SEEP_MEMORY_NEAREST_LIMIT, "nearest_limit_bytes"},
	    {SEEP_MEMORY_NEAREST_LEFT, "nearest_left_bytes"},
	    {SEEP_MEMORY_ALLOCATOR_IN_USE, "allocator_inuse_bytes"},
	    {SEEP_MEMORY_ALLOCATOR_FREE, "allocator_free_bytes"},
	    {SEEP_MEMORY_ALLOCATOR_MAPPED, "allocator_mapped_bytes"},
	    {SEEP_MEMORY_ALLOCATOR_ACTIVE, "allocator_active_bytes"},
	    {SEEP_MEMORY_ALLOCATOR_RESIDENT, "allocator_resident_bytes"},
	    {SEEP_MEMORY_ALLOCATOR_RETAINED, "allocator_retained_bytes"},
	    {SEEP_MEMORY_ALLOCATOR_TIME, "allocator_time_ns"},
	    {SEEP_MEMORY_ALLOCATOR_MAPPINGS, "allocator_mappings_bytes"},
	    {SEEP_MEMORY_MAPPINGS, "mappings_bytes"},
	    {SEEP_MEMORY_MAPPINGS_RESIDENT, "mappings_resident_bytes"},
	    {SEEP_MEMORY_MAPPINGS_COUNT, "mappings_count"},
	    {SEEP_MEMORY_MAPPINGS_RESERVED, "mappings_reserved_bytes"},
	    {SEEP_MEMORY_IN_USE_PEAK, "inuse_peak_bytes"},
	    {SEEP_MEMORY_COUNTED, "counted_bytes"},
	    {SEEP_MEMORY_WORK, "work_units"},
	};

	json_begin_object(json_key(json, "memory"));
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (profile->memory_known >> names[i].key & 1)
			json_unsigned(json_key(json, names[i].name), profile->memory[names[i].key]);
	}
	json_end_object(json);
}

void json_profile(struct json *json, const struct profile *profile)
{
	const bool has_age = profile->start_ns && profile->time_ns >= profile->start_ns;

	json_text_or_null(json_key(json, "source"), profile->source);
	json_process(json, profile);
	if (profile->part_count)
		json_parts(json, profile);
	json_begin_object(json_key(json, "snapshot"));
	json_unsigned(json_key(json, "number"), profile->number);
	json_text_or_null(json_key(json, "trigger"), trigger_name(profile->trigger));
	json_unsigned(json_key(json, "time_ns"), profile->time_ns);
	json_known(json, "age_ns", (double)(profile->time_ns - profile->start_ns), has_age);
	json_end_object(json);
	json_known(json, "rate", (double)profile->rate, profile->rate > 0);
	json_memory(json, profile);
}

void json_losses(struct json *json, const struct profile *profile)
{
	static const struct {
		enum seep_loss_key key;
		const char *name;
		bool not_in_use; /* each of these is a sample that in-use lacks */
	} names[] = {
	    {SEEP_LOSS_SAMPLES_SETUP, "samples_setup", true},
	    {SEEP_LOSS_SAMPLES_REENTRY, "samples_reentry", true},
	    {SEEP_LOSS_LIVE_FULL, "live_full", true},
	    {SEEP_LOSS_LIVE_TORN, "live_torn", true},
	    {SEEP_LOSS_STACKS_FULL, "stacks_full", false},
	    {SEEP_LOSS_MODULES_FULL, "modules_full", false},
	    {SEEP_LOSS_LIFETIMES_FULL, "lifetimes_full", false},
	    {SEEP_LOSS_STACKS_TRUNCATED, "stacks_truncated", false},
	    {SEEP_LOSS_STACKS_CUT, "stacks_cut", false},
	    {SEEP_LOSS_STACKS_EMPTY, "stacks_empty", false},
	    {SEEP_LOSS_LABELS_FULL, "labels_full", false},
	    {SEEP_LOSS_SITES_RETIRED, "sites_retired", false},
	    {SEEP_LOSS_RING_FOLDED, "ring_folded", false},
	    {SEEP_LOSS_RING_HOLES, "ring_holes", false},
	    {SEEP_LOSS_RING_CORRUPT, "ring_corrupt", false},
	    {SEEP_LOSS_SNAPSHOTS_FAILED, "snapshots_failed", false},
	    {SEEP_LOSS_SNAPSHOTS_THINNED, "snapshots_thinned", false},
	    {SEEP_LOSS_EVENTS_DOUBTED, "events_doubted", false},
	    {SEEP_LOSS_ARENAS_FREED, "arenas_freed", false},
	    {SEEP_LOSS_MAPPINGS, "mappings", false},
	};
	uint64_t samples = 0;

	json_begin_object(json_key(json, "losses"));
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		samples += names[i].not_in_use ? profile->losses[names[i].key] : 0;
	json_unsigned(json_key(json, "samples"), samples);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		json_unsigned(json_key(json, names[i].name), profile->losses[names[i].key]);
	json_bool(json_key(json, "lower_bound"), profile_is_lower_bound(profile));
	json_known(json, "detection_limit_bytes", profile_detection_limit(profile), profile->rate > 0);
	json_end_object(json);
}

void json_notes(struct json *json, const struct profile *profile)
{
	size_t count = 0;
	struct buffer *notes = notes_of(profile, &count);

	json_begin_array(json_key(json, "notes"));
	for (size_t i = 0; i < count; i++)
		json_text(json, notes[i].data);
	json_end_array(json);
	notes_free(notes, count);
}

/* With at least so many digits. */
static void json_hexadecimal(struct json *json, const char *key, const char *prefix, uint64_t value, size_t least)
{
	char text[17];
	size_t at = sizeof text - 1;

	text[at] = '\0';
	for (; value || sizeof text - 1 - at < least; value >>= 4)
		text[--at] = "0123456789abcdef"[value & 15];
	json_text_begin(json_key(json, key));
	buffer_append_text(json->out, prefix);
	buffer_append_text(json->out, text + at);
	json_text_end(json);
}

/* One frame. A group of several stacks shows only what they have in common. */
static void json_frame(struct json *json, const struct profile *profile, const struct profile_location *location,
		       const struct source_line *line, enum group_by by)
{
	const bool has_line = line->line && (by == GROUP_BY_STACK || by == GROUP_BY_PLACE || by == GROUP_BY_LINE);

	json_begin_object(json);
	json_text_or_null(json_key(json, "function"), by == GROUP_BY_MODULE ? NULL : line->function);
	json_text_or_null(json_key(json, "file"), by == GROUP_BY_MODULE ? NULL : line->file);
	json_known(json, "line", line->line, has_line);
	json_text_or_null(json_key(json, "module"), profile->modules[location->module].path);
	if (by == GROUP_BY_STACK) {
		json_hexadecimal(json, "address", "0x", location->address, 1);
	} else {
		json_null(json_key(json, "address"));
	}
	json_bool(json_key(json, "inlined"), by == GROUP_BY_STACK && line->inlined);
	json_end_object(json);
}

enum { STACK_TEXTS = 1024 };

struct stack_texts {
	struct stack_text {
		const struct profile *profile; /* NULL: there is none here */
		uint32_t node;                 /* the innermost of these frames */
		struct buffer text;
	} slots[STACK_TEXTS];
	struct buffer own; /* the stack that is being written */
};

struct stack_texts *stack_texts_create(void)
{
	return memory_allocate(1, sizeof(struct stack_texts));
}

void stack_texts_free(struct stack_texts *texts)
{
	for (int i = 0; i < STACK_TEXTS; i++)
		buffer_free(&texts->slots[i].text);
	buffer_free(&texts->own);
	free(texts);
}

static const struct stack_text *text_find(const struct stack_texts *texts, const struct profile *profile, uint32_t node)
{
	const struct stack_text *slot = &texts->slots[node % STACK_TEXTS];

	return slot->profile == profile && slot->node == node ? slot : NULL;
}

static void text_keep(struct stack_texts *texts, const struct profile *profile, uint32_t node, size_t offset)
{
	struct stack_text *slot = &texts->slots[node % STACK_TEXTS];

	slot->profile = profile;
	slot->node = node;
	slot->text.length = 0;
	buffer_append(&slot->text, texts->own.data + offset, texts->own.length - offset);
}

/* Writes frames up to one whose outer frames are known. Where there were many, those from the middle on are kept: so
 * that, stack by stack, what several have in common is found soon. */
static void json_frames(struct json *json, const struct profile *profile, struct frame_walk at,
			struct stack_texts *texts)
{
	enum { FEW = 8, MARKS = 64, TEXT_BYTES_MOST = 16384 };
	struct json own = {.out = &texts->own};
	size_t offsets[MARKS], count = 0;
	uint32_t nodes[MARKS];
	const struct stack_text *known = NULL;

	texts->own.length = 0;
	for (uint32_t last = 0; frame_walk_has(at) && !json->out->refused; at = frame_walk_next(profile, at)) {
		if (at.node != last && (known = text_find(texts, profile, at.node)))
			break;
		if (at.node != last && count < MARKS) {
			nodes[count] = at.node;
			offsets[count++] = texts->own.length + own.comma;
		}
		last = at.node;
		json_frame(&own, profile, frame_walk_location(profile, at), frame_walk_line(profile, at),
			   GROUP_BY_STACK);
	}
	if (known && own.comma)
		buffer_append_byte(&texts->own, ',');
	if (known)
		buffer_append(&texts->own, known->text.data, known->text.length);
	buffer_append(json->out, texts->own.data, texts->own.length);
	if (count > FEW && texts->own.length - offsets[count / 2] < TEXT_BYTES_MOST)
		text_keep(texts, profile, nodes[count / 2], offsets[count / 2]);
}

static void json_stack(struct json *json, const struct group *group, enum group_by by, struct stack_texts *texts)
{
	const struct profile *profile = group->profile;

	json_begin_array(json_key(json, "stack"));
	if (by == GROUP_BY_STACK)
		json_frames(json, profile, frame_walk_leaf(&profile->sites[group->site]), texts);
	else if (group_line(group))
		json_frame(json, profile, group_location(group), group_line(group), by);
	json_end_array(json);
}

void json_values(struct json *json, const struct profile *of, const struct seep_measure *in_use,
		 const struct seep_measure *allocated, const struct interval *in_use_bytes)
{
	const bool has_interval = in_use_bytes && profile_has(of, CALL_INUSE_SPACE);

	json_known(json, "inuse_bytes", sum_estimate(&in_use->bytes), profile_has(of, CALL_INUSE_SPACE));
	json_known(json, "inuse_low", has_interval ? in_use_bytes->low : 0, has_interval);
	json_known(json, "inuse_high", has_interval ? in_use_bytes->high : 0, has_interval);
	const bool has_objects = in_use_bytes && profile_has(of, CALL_INUSE_OBJECTS);
	struct interval objects = {0, 0};
	if (has_objects)
		objects = sum_interval(&in_use->objects, unseen_objects((double)of->rate, &allocated->objects), ALPHA);
	json_known(json, "inuse_objects", sum_estimate(&in_use->objects), profile_has(of, CALL_INUSE_OBJECTS));
	json_known(json, "inuse_objects_low", objects.low, has_objects);
	json_known(json, "inuse_objects_high", objects.high, has_objects);
	json_known(json, "objects_from_bytes", has_objects ? measure_smallest(allocated, (double)of->rate) : 0,
		   has_objects && (allocated->samples || of->rate == 1));
	json_known(json, "alloc_bytes", sum_estimate(&allocated->bytes), profile_has(of, CALL_ALLOC_SPACE));
	json_known(json, "alloc_objects", sum_estimate(&allocated->objects), profile_has(of, CALL_ALLOC_OBJECTS));
}

void json_site_fields(struct json *json, const struct json_site *site, enum group_by by)
{
	json_hexadecimal(json, "id", "", site->group->key, 16);
	json_values(json, site->values_of, site->in_use, site->allocated,
		    site->has_interval ? &site->in_use_bytes : NULL);
	json_unsigned(json_key(json, "samples"), site->in_use->samples);
	if (by != GROUP_BY_STACK)
		json_unsigned(json_key(json, "sites"), site->group->site_count);
	if (site->group->was)
		json_text(json_key(json, "was"), site->group->was);
	json_stack(json, site->group, by, site->texts);
	if (by == GROUP_BY_STACK) {
		json_bool(json_key(json, "truncated"), site->group->profile->sites[site->group->site].truncated);
		json_bool(json_key(json, "retired"), site->group->profile->sites[site->group->site].retired);
	}
	if (by == GROUP_BY_STACK || by == GROUP_BY_LABEL)
		json_text_or_null(
		    json_key(json, "label"),
		    profile_site_label(site->group->profile, &site->group->profile->sites[site->group->site]));
}

void json_spread_place(struct json *json, const struct spread_place *spread)
{
	json_text(json_key(json, "level"), spread_level_name(spread->level));
	json_text(json_key(json, "function"), spread->line ? spread->line->function : NULL);
	json_text(json_key(json, "file"), spread->line ? spread->line->file : NULL);
	json_text(json_key(json, "module"), spread->module);
	json_text_or_null(json_key(json, "label"), spread->label);
	json_unsigned(json_key(json, "stacks"), spread->stacks);
	json_unsigned(json_key(json, "places"), spread->places);
}

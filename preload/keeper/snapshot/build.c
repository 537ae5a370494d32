/* SPDX-License-Identifier: Apache-2.0 */
/* From a heap file to a snapshot image: see build.h. Sites and lifetimes are in build_sites.c. */
#include "keeper/snapshot/build.h"

#include <errno.h>
#include <string.h>

#include "keeper/base/atomics.h"
#include "keeper/base/clock.h"
#include "keeper/base/fault.h"
#include "keeper/base/syscall.h"
#include "keeper/base/text.h"
#include "keeper/heap/modules.h"
#include "keeper/heap/ring.h"
#include "keeper/program/owner.h"
#include "keeper/snapshot/build_private.h"
#include "keeper/program/lease.h"
#include "keeper/snapshot/live_scan.h"
#include "keeper/program/process.h"

#define ATTEMPTS 4
/* Processor time for taking the heap apart: where that is too little, a part of the heap is looked at. */
#define ASKED_NS UINT64_C(60000000)
#define UNASKED_NS UINT64_C(3000000)
/* An EXIT snapshot that is made this soon after the last sign of life is dated now: seep learns of the program's end as
 * it happens. */
#define EXIT_DELAY_NS UINT64_C(10000000000)

/* Builds LIVE with the heap file's site numbers; build_sites() replaces them by the snapshot's. */
static void live_build(struct build *build)
{
	struct live_scan scan = live_scan_begin(build->heap);
	struct live_entry entry;
	enum live_read what;
	writer_section_begin(&build->image, SEEP_SECTION_LIVE, sizeof(struct seep_live));
	while (!build->image.failed && (what = live_scan_next(&scan, &entry)) != LIVE_EMPTY) {
		if (what == LIVE_TORN) {
			build->losses[SEEP_LOSS_LIVE_TORN] += build->options->dead;
			continue;
		}
		struct seep_live *live = writer_add(&build->image, sizeof *live);
		if (!live)
			break;
		*live = (struct seep_live){.address = entry.address,
					   .size = entry.size,
					   .birth_ns = entry.birth_ns,
					   .rate = heap_rate(build->heap, entry.rate_index),
					   .site = entry.site,
					   .thread = entry.thread};
		build->newest_ns = entry.birth_ns > build->newest_ns ? entry.birth_ns : build->newest_ns;
	}
	writer_section_end(&build->image, SEEP_SECTION_LIVE);
}

/* Looks at the memory of the process itself: the snapshot leaves out what can't be seen. */
static void memory_look(struct build *build)
{
	const struct seep_heap_header *header = build->heap->header;
	char heap_file[sizeof header->directory + sizeof "/" SEEP_HEAP_NAME];
	struct text path = text_begin(heap_file, sizeof heap_file);
	text_add_bounded(&path, header->directory, text_length(header->directory, sizeof header->directory));
	text_add(&path, "/" SEEP_HEAP_NAME);
	const struct seep_live *live = writer_section(&build->image, SEEP_SECTION_LIVE);
	const uint64_t count = writer_entries(&build->image, SEEP_SECTION_LIVE), pid = heap_pid(build->heap);
	struct ledger_program program = {
	    .executable = header->executable, .allocator = header->allocator, .heap_file = heap_file};
	program.pieces = build_mappings_owners(build, &program.piece_count);
	if (!ledger_look_take(&build->look, pid, &program, live, count) || strcmp(header->allocator, "glibc") != 0)
		return;
	heap_account_take(&build->account, pid, &build->look.ledger, header->allocator_path, live, count,
			  build->options->trigger == SEEP_TRIGGER_REQUEST ? ASKED_NS : UNASKED_NS);
	build->account.in_use += build->look.chunk_bytes;
}

/* The rows' names are in STRINGS, of which `names` are the offsets. */
static void ledger_build(struct build *build, const seep_string *names)
{
	const struct ledger_look *look = &build->look;
	writer_section_begin(&build->image, SEEP_SECTION_LEDGER, sizeof(struct seep_ledger_row));
	for (uint32_t i = 0; i < look->row_count; i++) {
		const struct ledger_row *from = &look->rows[i];
		struct seep_ledger_row *row = writer_add(&build->image, sizeof *row);
		if (!row)
			break;
		*row = (struct seep_ledger_row){.ledger_class = from->class,
						.mappings = from->mappings,
						.name = names[i],
						.virtual_bytes = from->virtual_bytes,
						.anonymous_bytes = from->pages.anonymous,
						.file_bytes = from->pages.file,
						.swapped_bytes = from->pages.swapped,
						.huge_bytes = from->pages.huge,
						.unread_bytes = from->pages.unread};
	}
	writer_section_end(&build->image, SEEP_SECTION_LEDGER);
	writer_section_begin(&build->image, SEEP_SECTION_ABSENT, sizeof *look->absences);
	const size_t bytes = look->absence_count * sizeof *look->absences;
	void *absences = bytes ? writer_add(&build->image, bytes) : NULL;
	if (absences)
		memcpy(absences, look->absences, bytes);
	writer_section_end(&build->image, SEEP_SECTION_ABSENT);
}

/* Copies the ring's unread events. */
static bool pending_read(struct build *build)
{
	struct seep_heap_header *header = build->heap->header;
	uint64_t tail = load_acquire(&header->ring_tail), head = load_acquire(&header->ring_head);
	uint64_t capacity = build->heap->capacity[SEEP_AREA_RING], unread = head > tail ? head - tail : 0;
	build->tail = tail;
	if (unread > capacity) /* damaged, or the tail moved on */
		unread = capacity;
	build->pending_bytes = unread * sizeof *build->pending;
	build->pending = scratch_map(build->pending_bytes);
	if (!build->pending)
		return false;
	for (uint64_t position = head - unread; position != head; position++) {
		struct pending *pending = &build->pending[build->pending_count];
		enum ring_read what = ring_read(build->heap, position, &pending->event);
		if (what == RING_EVENT)
			build->pending_count++;
		else if (build->options->dead)
			build->losses[what == RING_HOLE ? SEEP_LOSS_RING_HOLES : SEEP_LOSS_RING_CORRUPT] +=
			    what != RING_EMPTY;
		if (what == RING_EVENT && pending->event.kind == SEEP_EVENT_ALLOCATED &&
		    pending->event.time_ns > build->newest_ns)
			build->newest_ns = pending->event.time_ns;
	}
	/* the keeper that was folding is dead, and nobody has taken over yet */
	if (build->options->dead && load_acquire(&header->ring_folding) != tail && !lease_is_live(header))
		build->losses[SEEP_LOSS_EVENTS_DOUBTED]++;
	return true;
}

/* Appends a text field to STRINGS and returns its offset. */
static seep_string string_add(struct snapshot_writer *image, const char *field, size_t size)
{
	size_t length = text_length(field, size);
	if (length == 0)
		return 0;
	uint64_t offset = image->bytes - image->sections[SEEP_SECTION_STRINGS - 1].offset;
	char *text = writer_add(image, length + 1);
	if (!text)
		return 0;
	memcpy(text, field, length);
	return (seep_string)offset;
}

static void modules_build(struct build *build)
{
	struct snapshot_writer *image = &build->image;
	writer_section_begin(image, SEEP_SECTION_MODULES, sizeof(struct seep_module));
	writer_add(image, sizeof(struct seep_module));
	for (uint32_t i = 1; i < build->tree.module_count; i++) {
		const struct seep_heap_module *from = &build->heap->modules[build->tree.module_order[i]];
		struct seep_module *module = writer_add(image, sizeof *module);
		if (!module)
			break;
		*module = (struct seep_module){.start = module_place(from->start),
					       .end = module_place(from->end),
					       .bias = module_place(from->bias),
					       .build_id_bytes = from->build_id_bytes,
					       .epoch = from->epoch,
					       .flags = load_relaxed(&from->flags) & SEEP_MODULE_KNOWN};
		memcpy(module->build_id, from->build_id, sizeof module->build_id);
		if (module->build_id_bytes > sizeof module->build_id)
			module->build_id_bytes = 0;
	}
	writer_section_end(image, SEEP_SECTION_MODULES);
}

#define PROCESS_STRING(field) string_add(image, header->field, sizeof header->field)

static void process_and_strings_build(struct build *build, seep_string ledger_names[static LEDGER_ROWS])
{
	const struct seep_heap_header *header = build->heap->header;
	struct snapshot_writer *image = &build->image;
	writer_section_begin(image, SEEP_SECTION_STRINGS, 1);
	writer_add(image, 1);
	struct seep_process process = {
	    .pid = header->pid,
	    .parent_pid = header->parent_pid,
	    .start_ticks = header->start_ticks,
	    .start_ns = header->start_ns,
	    .start_unix_ns = header->start_unix_ns,
	    .rate = heap_rate(build->heap, load_relaxed(&header->rate_now)),
	    .interval_ns = header->interval_ns,
	    .command = PROCESS_STRING(command),
	    .executable = PROCESS_STRING(executable),
	    .arguments = PROCESS_STRING(arguments),
	    .host = PROCESS_STRING(host),
	    .allocator = PROCESS_STRING(allocator),
	    .allocator_path = PROCESS_STRING(allocator_path),
	    .unwinder = PROCESS_STRING(unwinder),
	    .bypassed = PROCESS_STRING(bypassed),
	    .status = load_relaxed(&header->status),
	};
	memcpy(process.boot_id, header->boot_id, sizeof process.boot_id);
	for (uint32_t i = 1; i < build->tree.module_count && !image->failed; i++) {
		const char *path = build->heap->modules[build->tree.module_order[i]].path;
		seep_string text = string_add(image, path, sizeof build->heap->modules->path);
		((struct seep_module *)writer_section(image, SEEP_SECTION_MODULES))[i].path = text;
	}
	for (uint32_t i = 0; i < build->look.row_count && !image->failed; i++)
		ledger_names[i] = string_add(image, build->look.rows[i].name, LEDGER_NAME_BYTES);
	if (!image->failed)
		memcpy(writer_section(image, SEEP_SECTION_PROCESS), &process, sizeof process);
	writer_section_end(image, SEEP_SECTION_STRINGS);
}

void build_value_add(struct snapshot_writer *image, uint32_t key, uint64_t amount)
{
	struct seep_value *value = writer_add(image, sizeof *value);
	if (value)
		*value = (struct seep_value){.key = key, .value = amount};
}

static void account_build(struct build *build)
{
	const struct heap_account *account = &build->account;
	const uint64_t values[] = {account->in_use, account->cached,   account->free_pages, account->top,
				   account->pinned, account->metadata, account->spread};
	if (account->state)
		build_value_add(&build->image, SEEP_MEMORY_HEAP_STATE, account->state);
	for (uint32_t i = 0; i < sizeof values / sizeof *values && account->state == SEEP_ACCOUNT_KNOWN; i++)
		build_value_add(&build->image, SEEP_MEMORY_HEAP_IN_USE + i, values[i]);
}

static void memory_build(struct build *build)
{
	const struct seep_heap_header *header = build->heap->header;
	struct snapshot_writer *image = &build->image;
	uint64_t known = load_acquire(&header->memory_known);
	double peak = double_load(&header->in_use_peak_bytes);
	known &= ~(UINT64_C(1) << SEEP_MEMORY_IN_USE_PEAK | UINT64_C(1) << SEEP_MEMORY_COUNTED);
	writer_section_begin(image, SEEP_SECTION_MEMORY, sizeof(struct seep_value));
	for (uint32_t key = 1; key < SEEP_KEYS; key++) {
		if (known >> key & 1)
			build_value_add(image, key, load_relaxed(&header->memory[key]));
	}
	if (peak >= 0 && peak < 0x1p63)
		build_value_add(image, SEEP_MEMORY_IN_USE_PEAK, (uint64_t)peak);
	build_value_add(image, SEEP_MEMORY_COUNTED, load_relaxed(&header->counted_bytes));
	build_mappings_add_values(build);
	if (build->look.row_count) {
		build_value_add(image, SEEP_MEMORY_LEDGER_BEFORE, build->look.rss_before);
		build_value_add(image, SEEP_MEMORY_LEDGER_AFTER, build->look.rss_after);
		build_value_add(image, SEEP_MEMORY_BLOCKS_UNREAD, build->look.blocks_unread);
		for (uint32_t i = 0; i < CHARGE_COUNT; i++)
			if (build->look.charge.known >> i & 1)
				build_value_add(image, SEEP_MEMORY_GROUP + i, build->look.charge.bytes[i]);
	}
	account_build(build);
	writer_section_end(image, SEEP_SECTION_MEMORY);
}

static void losses_build(struct build *build)
{
	writer_section_begin(&build->image, SEEP_SECTION_LOSSES, sizeof(struct seep_value));
	for (uint32_t key = 1; key < SEEP_KEYS; key++) {
		build->losses[key] += load_relaxed(&build->heap->header->losses[key]);
		if (key == SEEP_LOSS_MAPPINGS)
			build->losses[key] += build->mappings.table.lost;
		if (key == SEEP_LOSS_SITES_RETIRED)
			build->losses[key] = build_given_up(build)->sites;
		if (build->losses[key])
			build_value_add(&build->image, key, build->losses[key]);
	}
	writer_section_end(&build->image, SEEP_SECTION_LOSSES);
}

/* The time that the snapshot shows, by CLOCK_MONOTONIC: now, or the moment at which a dead program was last seen. */
static uint64_t time_of(const struct build *build)
{
	const struct seep_heap_header *header = build->heap->header;
	uint64_t now_ns = build->begun_ns, seen_ns = load_relaxed(&header->alive_ns);
	if (!build->options->dead)
		return now_ns;
	if (build->newest_ns > seen_ns)
		seen_ns = build->newest_ns;
	if (header->start_ns > seen_ns)
		seen_ns = header->start_ns;
	const bool dumped = load_relaxed(&header->status) & SEEP_STATUS_DUMPED;
	if (!dumped && build->options->trigger == SEEP_TRIGGER_EXIT && now_ns >= seen_ns &&
	    now_ns - seen_ns < EXIT_DELAY_NS)
		return now_ns;
	return seen_ns;
}

static void build_free(struct build *build)
{
	writer_drop(&build->image);
	tree_free(&build->tree);
	scratch_unmap(build->pending, build->pending_bytes);
	scratch_unmap(build->sites, build->site_count * sizeof *build->sites);
	ledger_look_free(&build->look);
	build_mappings_free(build);
}

/* One attempt. False: no memory. */
static bool build_once(struct build *build)
{
	seep_string ledger_names[LEDGER_ROWS] = {0};
	writer_begin(&build->image);
	build->recycled = load_acquire(&build->heap->header->recycled);
	live_build(build);
	if (!pending_read(build) || !build_mappings_read(build) || !build_sites(build))
		return false;
	modules_build(build);
	if (build->options->ledger_ns && !build->options->dead) {
		const uint64_t begun_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
		memory_look(build);
		if (build->look.row_count)
			build_mappings_look(build);
		*build->options->ledger_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID) - begun_ns;
	}
	process_and_strings_build(build, ledger_names);
	memory_build(build);
	losses_build(build);
	ledger_build(build, ledger_names);
	build_mappings_write(build);
	return !build->image.failed;
}

bool snapshot_build(const struct heap *heap, const struct build_options *options, struct seep_image *image,
		    struct seep_fault *fault)
{
	for (int attempt = 1;; attempt++) {
		struct build build = {.heap = heap, .options = options, .begun_ns = clock_read_ns(CLOCK_MONOTONIC)};
		if (!build_once(&build)) {
			build_free(&build);
			return fault_fill(fault, 0, ENOMEM, "no memory for a snapshot");
		}
		bool moved = load_acquire(&heap->header->ring_tail) != build.tail ||
			     load_acquire(&heap->header->recycled) != build.recycled;
		if (!moved || options->consumer || attempt == ATTEMPTS) {
			struct seep_snapshot_header header = {
			    .trigger = options->trigger, .number = options->number, .time_ns = time_of(&build)};
			if (build.losses[SEEP_LOSS_LIVE_FULL] || build.losses[SEEP_LOSS_RING_CORRUPT])
				header.flags |= SEEP_SNAPSHOT_LOWER_BOUND;
			if (build.losses[SEEP_LOSS_EVENTS_DOUBTED])
				header.flags |= SEEP_SNAPSHOT_DOUBTED;
			bool sealed = writer_seal(&build.image, &header, image);
			build_free(&build);
			return sealed || fault_fill(fault, 0, ENOMEM, "no memory for a snapshot");
		}
		build_free(&build);
	}
}

bool seep_snapshot_build(const struct seep_heap_view *view, enum seep_trigger trigger, uint64_t number,
			 struct seep_image *image, struct seep_fault *fault)
{
	struct heap heap;
	*image = (struct seep_image){0};
	if (!heap_bind(&heap, view->map, view->bytes, fault))
		return false;
	struct build_options options = {.trigger = trigger, .number = number, .dead = !owner_is_alive(heap.header)};
	return snapshot_build(&heap, &options, image, fault);
}

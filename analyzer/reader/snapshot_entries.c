/* SPDX-License-Identifier: Apache-2.0 */
/* Checks the entries of a snapshot: every text, index and number, once, so that no later reader of the view has to.
 * Each fault has the offset of its field. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "reader/input.h"
#include "reader/snapshot_reader.h"

#define MAPPED_BYTES_MOST (UINT64_C(1) << 57)

/* The offset of an entry's field in the file; in a compact section, the offset of the section. */
static uint64_t field_offset(const struct snapshot_view *view, enum seep_section_type type, uint32_t index,
			     size_t field)
{
	const struct snapshot_table *table = &view->tables[type];

	return table->is_compact ? table->offset : table->offset + (uint64_t)index * table->stride_bytes + field;
}

static bool field_fault(const struct snapshot_view *view, enum seep_section_type type, uint32_t index, size_t field,
			struct error *error, const char *what, uint64_t value)
{
	return input_fault(error, view->name, field_offset(view, type, index, field), "%s (%" PRIu64 ")", what, value);
}

static bool strings_verify(const struct snapshot_view *view, struct error *error)
{
	const struct snapshot_table *strings = &view->tables[SEEP_SECTION_STRINGS];

	if (strings->count == 0)
		return input_fault(error, view->name, strings->offset, "STRINGS is empty");
	if (strings->entries[0] != '\0')
		return input_fault(error, view->name, strings->offset, "the first text is not empty");
	if (strings->entries[strings->count - 1] != '\0')
		return input_fault(error, view->name, strings->offset + strings->count - 1, "the last text has no end");
	return true;
}

/* A reference must lead to the first byte of a text. So texts don't overlap, and all together are no longer than the
 * file. */
static bool text_is_valid(const struct snapshot_view *view, seep_string text)
{
	const struct snapshot_table *strings = &view->tables[SEEP_SECTION_STRINGS];

	return text < strings->count && (text == 0 || strings->entries[text - 1] == '\0');
}

static bool process_verify(const struct snapshot_view *view, struct error *error)
{
	static const size_t texts[] = {
	    offsetof(struct seep_process, command),   offsetof(struct seep_process, executable),
	    offsetof(struct seep_process, arguments), offsetof(struct seep_process, host),
	    offsetof(struct seep_process, allocator), offsetof(struct seep_process, allocator_path),
	    offsetof(struct seep_process, unwinder),  offsetof(struct seep_process, bypassed),
	};

	if (snapshot_count(view, SEEP_SECTION_PROCESS) != 1)
		return input_fault(error, view->name, view->tables[SEEP_SECTION_PROCESS].offset,
				   "PROCESS has %" PRIu32 " entries instead of one",
				   snapshot_count(view, SEEP_SECTION_PROCESS));
	struct seep_process process = snapshot_process(view, 0);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		seep_string text;
		memcpy(&text, (const char *)&process + texts[i], sizeof text);
		if (!text_is_valid(view, text))
			return field_fault(view, SEEP_SECTION_PROCESS, 0, texts[i], error,
					   "names a text that is not there", text);
	}
	return true;
}

static bool modules_verify(const struct snapshot_view *view, struct error *error)
{
	const enum seep_section_type type = SEEP_SECTION_MODULES;

	if (snapshot_count(view, type) == 0)
		return input_fault(error, view->name, view->tables[type].offset, "MODULES is empty");
	for (uint32_t i = 0; i < snapshot_count(view, type); i++) {
		struct seep_module module = snapshot_module(view, i);
		if (!text_is_valid(view, module.path))
			return field_fault(view, type, i, offsetof(struct seep_module, path), error,
					   "names a text that is not there", module.path);
		if (module.build_id_bytes > sizeof module.build_id)
			return field_fault(view, type, i, offsetof(struct seep_module, build_id_bytes), error,
					   "a build id of more than 32 bytes", module.build_id_bytes);
		if (module.end < module.start)
			return field_fault(view, type, i, offsetof(struct seep_module, end), error,
					   "a module ends before it starts", module.end);
	}
	return true;
}

/* Parents come before their children, so one pass finds depths, and there can be no cycle. */
bool snapshot_node_verify(struct stack_checks *checks, uint32_t index, const struct seep_node *node,
			  struct error *error)
{
	const struct snapshot_view *view = checks->view;
	const enum seep_section_type type = SEEP_SECTION_NODES;

	if (index == 0 ? node->parent != 0 : node->parent >= index)
		return field_fault(view, type, index, offsetof(struct seep_node, parent), error,
				   "a node's parent does not precede it", node->parent);
	if (node->module >= snapshot_count(view, SEEP_SECTION_MODULES))
		return field_fault(view, type, index, offsetof(struct seep_node, module), error,
				   "names a module that is not there", node->module);
	checks->depths[index] = index ? (uint16_t)(checks->depths[node->parent] + 1) : 0;
	if (checks->depths[index] > SNAPSHOT_DEPTH_MAX)
		return field_fault(view, type, index, offsetof(struct seep_node, parent), error,
				   "a stack of more than 1024 frames", checks->depths[index]);
	return true;
}

/* What is wrong with a number; NULL: nothing. NaN fails every comparison. */
static const char *number_fault(double sum, double limit)
{
	if (sum == 0 || (sum >= SEEP_SUM_LEAST && sum < limit))
		return NULL;
	return sum >= 0 && sum < INFINITY ? "a sum is too small or too large for any samples"
					  : "a sum is negative, infinite or not a number";
}

/* What is wrong with a sum of squares, given the sum; NULL: nothing. A sum of squares is at most the square of the sum.
 * If a program was killed within an update, only one of the two may have the last sample. */
static const char *squares_fault(double sum, double squares, double largest)
{
	const double most = sum + largest;

	if (squares > 0 && most > 0 && squares > most * most * (1 + 1e-6))
		return "a sum of squares is larger than the square of the sum";
	return NULL;
}

/* The offset of the faulty field within the sum; *fault stays NULL if all is well. */
static size_t sum_check(const struct seep_sum *sum, const char **fault)
{
	if ((*fault = number_fault(sum->uncertain, SEEP_SUM_LIMIT)))
		return offsetof(struct seep_sum, uncertain);
	if ((*fault = number_fault(sum->variance, SEEP_SQUARE_LIMIT)))
		return offsetof(struct seep_sum, variance);
	if ((*fault = number_fault(sum->largest, SEEP_SUM_LIMIT)))
		return offsetof(struct seep_sum, largest);
	if ((*fault = number_fault(sum->certain, SEEP_SUM_LIMIT)))
		return offsetof(struct seep_sum, certain);
	*fault = squares_fault(sum->uncertain, sum->variance, sum->largest);
	return offsetof(struct seep_sum, variance);
}

static bool measure_verify(const struct snapshot_view *view, uint32_t index, const struct seep_site *site, size_t place,
			   struct error *error)
{
	static const char nothing[sizeof(struct seep_sum)]; /* most sites have no measures of some kinds */
	const size_t sums[] = {offsetof(struct seep_measure, bytes), offsetof(struct seep_measure, objects)};

	for (size_t i = 0; i < 2; i++) {
		struct seep_sum sum;
		const char *fault;
		const char *from = (const char *)site + place + sums[i];
		if (memcmp(from, nothing, sizeof nothing) == 0)
			continue;
		memcpy(&sum, from, sizeof sum);
		const size_t field = place + sums[i] + sum_check(&sum, &fault);
		if (fault)
			return input_fault(error, view->name, field_offset(view, SEEP_SECTION_SITES, index, field),
					   "%s", fault);
	}
	return true;
}

static bool site_verify_measures(const struct snapshot_view *view, uint32_t index, const struct seep_site *site,
				 struct error *error)
{
	const size_t measures[] = {
	    offsetof(struct seep_site, allocated),     offsetof(struct seep_site, freed),
	    offsetof(struct seep_site, in_use),        offsetof(struct seep_site, freed_remotely),
	    offsetof(struct seep_site, freed_shortly), offsetof(struct seep_site, freed_grown),
	};
	const size_t stride = view->tables[SEEP_SECTION_SITES].stride_bytes;

	for (size_t i = 0; i < sizeof measures / sizeof *measures && measures[i] < stride; i++)
		if (!measure_verify(view, index, site, measures[i], error))
			return false;
	return true;
}

bool snapshot_site_verify(struct stack_checks *checks, uint32_t index, const struct seep_site *site,
			  struct error *error)
{
	const struct snapshot_view *view = checks->view;
	const enum seep_section_type type = SEEP_SECTION_SITES;

	if (site->node >= snapshot_count(view, SEEP_SECTION_NODES))
		return field_fault(view, type, index, offsetof(struct seep_site, node), error,
				   "names a node that is not there", site->node);
	if (checks->depths[site->node] > checks->frames_left)
		return field_fault(view, type, index, offsetof(struct seep_site, node), error,
				   "stacks of far too many frames for the file's size", view->bytes);
	checks->frames_left -= checks->depths[site->node];
	return site_verify_measures(view, index, site, error);
}

/* The file's size bounds the frames of all stacks together: a compact site takes only a few bytes. */
struct stack_checks stack_checks_begin(const struct snapshot_view *view)
{
	return (struct stack_checks){
	    .view = view,
	    .depths = memory_allocate(snapshot_count(view, SEEP_SECTION_NODES), sizeof(uint16_t)),
	    .frames_left = SNAPSHOT_FRAMES_LEAST + SNAPSHOT_FRAMES_RATIO * (uint64_t)view->bytes};
}

void stack_checks_end(struct stack_checks *checks)
{
	free(checks->depths);
}

/* In a series, nodes that the snapshot before had, too, are known to be right. */
static bool stacks_verify(struct snapshot_view *view, struct error *error)
{
	const uint32_t count = snapshot_count(view, SEEP_SECTION_NODES);
	const uint32_t modules = snapshot_count(view, SEEP_SECTION_MODULES), shared = view->shared_nodes;
	const bool are_known = shared <= view->last_nodes.checked && modules >= view->last_nodes.modules;
	struct stack_checks checks = stack_checks_begin(view);
	bool valid = true;

	if (are_known && shared)
		memcpy(checks.depths, view->last_nodes.depths, shared * sizeof *checks.depths);
	for (uint32_t i = are_known ? shared : 0; i < count && valid; i++) {
		const struct seep_node node = snapshot_node(view, i);
		valid = snapshot_node_verify(&checks, i, &node, error);
	}
	for (uint32_t i = 0; i < snapshot_count(view, SEEP_SECTION_SITES) && valid; i++) {
		struct seep_site copy;
		valid = snapshot_site_verify(&checks, i, snapshot_site_in_place(view, i, &copy), error);
	}
	free(view->last_nodes.depths);
	view->last_nodes.depths = checks.depths;
	view->last_nodes.checked = view->tables[SEEP_SECTION_NODES].is_compact ? count : 0;
	view->last_nodes.modules = modules;
	return valid;
}

static bool lifetime_verify_sums(const struct snapshot_view *view, uint32_t index, const struct seep_lifetime *lifetime,
				 struct error *error)
{
	const struct seep_sum sums[] = {{.uncertain = lifetime->objects, .variance = lifetime->objects_squared},
					{.uncertain = lifetime->bytes, .variance = lifetime->bytes_squared}};

	for (size_t i = 0; i < 2; i++) {
		const char *fault;
		const bool is_square = sum_check(&sums[i], &fault) == offsetof(struct seep_sum, variance);
		const size_t field = i == 0 ? (is_square ? offsetof(struct seep_lifetime, objects_squared)
							 : offsetof(struct seep_lifetime, objects))
					    : (is_square ? offsetof(struct seep_lifetime, bytes_squared)
							 : offsetof(struct seep_lifetime, bytes));
		if (fault)
			return input_fault(error, view->name, field_offset(view, SEEP_SECTION_LIFETIMES, index, field),
					   "%s", fault);
	}
	return true;
}

static bool lifetimes_verify(const struct snapshot_view *view, struct error *error)
{
	const enum seep_section_type type = SEEP_SECTION_LIFETIMES;

	for (uint32_t i = 0; i < snapshot_count(view, type); i++) {
		struct seep_lifetime lifetime = snapshot_lifetime(view, i);
		if (lifetime.site >= snapshot_count(view, SEEP_SECTION_SITES))
			return field_fault(view, type, i, offsetof(struct seep_lifetime, site), error,
					   "names a site that is not there", lifetime.site);
		if (lifetime.bin >= SNAPSHOT_LIFETIME_BINS)
			return field_fault(view, type, i, offsetof(struct seep_lifetime, bin), error,
					   "a lifetime bin above 63", lifetime.bin);
		if (!lifetime_verify_sums(view, i, &lifetime, error))
			return false;
	}
	return true;
}

static bool live_verify(const struct snapshot_view *view, struct error *error)
{
	const enum seep_section_type type = SEEP_SECTION_LIVE;

	for (uint32_t i = 0; i < snapshot_count(view, type); i++) {
		struct seep_live live = snapshot_live(view, i);
		if (live.site >= snapshot_count(view, SEEP_SECTION_SITES))
			return field_fault(view, type, i, offsetof(struct seep_live, site), error,
					   "names a site that is not there", live.site);
		if (live.rate == 0)
			return field_fault(view, type, i, offsetof(struct seep_live, rate), error,
					   "a sample without a rate", live.rate);
	}
	return true;
}

/* If a compact section can't be unpacked to its end, other faults of it are not worth a complaint. */
static bool ledger_verify(const struct snapshot_view *view, struct error *error)
{
	for (uint32_t i = 0; i < snapshot_count(view, SEEP_SECTION_LEDGER); i++) {
		const struct seep_ledger_row row = snapshot_ledger(view, i);
		const uint64_t resident = row.anonymous_bytes + row.file_bytes;
		if (!text_is_valid(view, row.name))
			return field_fault(view, SEEP_SECTION_LEDGER, i, offsetof(struct seep_ledger_row, name), error,
					   "names a text that is not there", row.name);
		if (row.virtual_bytes > MAPPED_BYTES_MOST || row.anonymous_bytes > row.virtual_bytes ||
		    resident > row.virtual_bytes || row.swapped_bytes > row.virtual_bytes ||
		    row.huge_bytes > row.virtual_bytes || row.unread_bytes > row.virtual_bytes)
			return field_fault(view, SEEP_SECTION_LEDGER, i,
					   offsetof(struct seep_ledger_row, virtual_bytes), error,
					   "more bytes in memory than are mapped, or more than there are addresses",
					   row.virtual_bytes);
	}
	return true;
}

bool snapshot_compact_verify(const struct snapshot_view *view, struct error *error)
{
	for (uint32_t type = 0; type < SEEP_SECTION_TYPES; type++) {
		const struct snapshot_window *window = view->tables[type].window;
		if (window && window->cursor.is_bad)
			return snapshot_compact_fault(view, &window->section,
						      (uint64_t)(window->cursor.from - window->cursor.begin), error);
	}
	return true;
}

static bool nodes_verify(const struct snapshot_view *view, struct error *error)
{
	return snapshot_count(view, SEEP_SECTION_NODES) > 0 ||
	       input_fault(error, view->name, view->tables[SEEP_SECTION_NODES].offset, "NODES is empty");
}

bool snapshot_verify_entries(struct snapshot_view *view, bool stacks_too, struct error *error)
{
	const bool fine = strings_verify(view, error) && process_verify(view, error) && modules_verify(view, error) &&
			  nodes_verify(view, error) && (!stacks_too || stacks_verify(view, error)) &&
			  lifetimes_verify(view, error) && live_verify(view, error) && ledger_verify(view, error);

	return snapshot_compact_verify(view, error) && fine;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Build, number, write, thin: see take.h. */
#include "keeper/loop/take.h"

#include <errno.h>

#include "keeper/base/atomics.h"
#include "keeper/image/snapshot_writer.h"
#include "keeper/loop/retention.h"
#include "keeper/snapshot/write.h"
#include "keeper/store/tidy.h"

#define NUMBER_ATTEMPTS 1000 /* numbers whose names somebody else has taken */

static bool number_and_write(const struct heap *heap, int directory, struct seep_image *image, bool durable,
			     uint64_t *number, struct seep_fault *fault)
{
	for (int attempt = 0; attempt < NUMBER_ATTEMPTS; attempt++) {
		char name[SNAPSHOT_NAME_BYTES];
		/* never used again, even if this one fails: readers may have seen it in a request's answer */
		*number = add_relaxed(&heap->header->next_number, 1);
		writer_renumber(image, *number);
		snapshot_name(name, *number);
		if (write_image(image, directory, name, durable, fault))
			return true;
		if (fault->error != EEXIST)
			break;
	}
	return false;
}

bool snapshot_take(const struct heap *heap, int directory, const struct build_options *options, bool durable,
		   uint64_t *number, struct seep_fault *fault)
{
	struct seep_image image = {0};
	bool built = snapshot_build(heap, options, &image, fault);
	/* The last sign of life must not be older than a snapshot, because it dates the snapshot that is made after a
	 * death. */
	if (built && !options->dead)
		store_relaxed(&heap->header->alive_ns, ((const struct seep_snapshot_header *)image.data)->time_ns);
	bool taken = built && number_and_write(heap, directory, &image, durable, number, fault);
	seep_snapshot_free(&image);
	bool is_of_service = load_relaxed(&heap->header->status) & SEEP_STATUS_SERVICE;
	bool is_awaited = options->trigger == SEEP_TRIGGER_EXIT && !options->dead; /* by the program's end */
	if (taken && is_of_service && !is_awaited)
		tidy_above(directory, heap->header->snapshots_bytes_limit);
	else if (taken && !is_of_service)
		retention_apply(heap, directory);
	else
		heap_count_loss(heap, SEEP_LOSS_SNAPSHOTS_FAILED);
	return taken;
}

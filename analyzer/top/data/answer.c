/* SPDX-License-Identifier: Apache-2.0 */
/* The parent's side of a study: checks its answer before anything of it is used. See study.h. */
#include <string.h>

#include "leaks/leaks.h"
#include "render/words/finding.h"
#include "top/data/study.h"

static bool has_text(const struct study_head *head, uint32_t text)
{
	return text < head->text_bytes;
}

static bool place_is_sound(const struct study_head *head, const struct study_place *place)
{
	return has_text(head, place->function) && has_text(head, place->source) && has_text(head, place->file) &&
	       has_text(head, place->module) && has_text(head, place->callers) && has_text(head, place->evidence) &&
	       has_text(head, place->caution) && place->verdict <= LEAK_VERDICTS;
}

static bool head_is_sound(const struct study_head *head, size_t bytes)
{
	const uint64_t wanted = sizeof *head + head->place_count * sizeof(struct study_place) +
				head->site_count * sizeof(struct study_site) +
				head->moment_count * sizeof(struct study_moment) + head->text_bytes;

	return head->bytes == bytes && wanted == bytes && head->text_bytes && has_text(head, head->error) &&
	       has_text(head, head->program) && has_text(head, head->finding_text) &&
	       has_text(head, head->limit_name) && head->finding <= FINDING_LEAKS;
}

static bool study_is_sound(const struct study *study)
{
	const struct study_head *head = study->head;
	bool is_sound = study->texts[0] == '\0' && study->texts[head->text_bytes - 1] == '\0';

	for (uint32_t i = 0; i < head->place_count; i++)
		is_sound &= place_is_sound(head, &study->places[i]);
	for (uint32_t i = 0; i < head->site_count; i++)
		is_sound &= study->sites[i].place < head->place_count && study->sites[i].label < head->place_count &&
			    has_text(head, study->sites[i].stack);
	return is_sound;
}

/* The arrays follow each other; the sizes of their entries are multiples of eight bytes. */
static void study_bind(struct study *study)
{
	const char *at = study->bytes.data;

	study->head = (const void *)at;
	at += sizeof *study->head;
	study->places = (const void *)at;
	at += study->head->place_count * sizeof *study->places;
	study->sites = (const void *)at;
	at += study->head->site_count * sizeof *study->sites;
	study->moments = (const void *)at;
	at += study->head->moment_count * sizeof *study->moments;
	study->texts = at;
}

bool study_take(struct study *study, struct buffer *answer, struct error *error)
{
	struct study_head head;
	bool is_sound = answer->length >= sizeof head;

	*study = (struct study){.bytes = *answer};
	*answer = (struct buffer){0};
	if (is_sound) {
		memcpy(&head, study->bytes.data, sizeof head);
		is_sound = head_is_sound(&head, study->bytes.length);
	}
	if (is_sound) {
		study_bind(study);
		is_sound = study_is_sound(study);
	}
	if (is_sound && !head.error)
		return true;
	error_set(error, "%s", is_sound ? study->texts + head.error : "names and verdicts could not be made");
	study_free(study);
	return false;
}

void study_free(struct study *study)
{
	buffer_free(&study->bytes);
	*study = (struct study){0};
}

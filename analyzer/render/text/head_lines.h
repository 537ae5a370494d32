/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of a head: each has a few parts, and breaks between parts at the page's edge. */
#ifndef SEEP_TEXT_HEAD_LINES_H
#define SEEP_TEXT_HEAD_LINES_H

#include "base/buffer.h"
#include "profile/profile.h"
#include "render/terminal/text_page.h"
#include "render/words/estimate.h"

#define HEAD_PARTS_MAX 20
#define HEAD_PROCESSES_NAMED 16 /* of those that were added up, this many are named */

/* Parts of a line, gathered before they are written. */
struct head_line {
	struct buffer parts[HEAD_PARTS_MAX];
	size_t count;
};

void head_line_add(struct head_line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "a sample every 512 KiB" */
void head_add_rate(struct head_line *line, const struct profile *profile);
/* "2 min 31 s, snapshot 12 (exit)" */
void head_add_moment(struct head_line *line, const struct profile *profile);

/* "svc --port 1 (pid 9659)": the command line without the program's directory; if it is unknown, the program's name. */
void head_append_program(struct buffer *out, const struct profile *profile);
/* "2 min 31 s": since the recording began; "": unknown. */
struct quantity head_moment(const struct profile *profile);
/* "12 (exit)", or the file's name. */
void head_append_number(struct buffer *out, const struct profile *profile);

/* Writes "svc --port 1 (pid 9659)  a, b, c", behind a label if there is one. Empties the line. */
void head_write_program(struct text_page *page, const struct profile *profile, const char *label,
			struct head_line *line);
/* Writes which processes were added up and how much each has in use: at most `most` of them, and how many more there
 * are. */
void head_write_parts(struct text_page *page, const struct profile *profile, uint32_t most);
/* The same with the RSS of each. */
void head_write_parts_rss(struct text_page *page, const struct profile *profile, uint32_t most);
/* Writes "in use 147 MiB [139, 159]   RSS 144 MiB   allocated 400 MiB"; then what the allocator says. `samples`: what is in
 * use by the samples. */
void head_write_memory(struct text_page *page, const struct profile *profile, const struct profile *before,
		       const char *samples, double allocated);
void head_write_losses(struct text_page *page, const struct profile *profile, uint64_t samples);
void head_write_note(struct text_page *page, const char *text);
void head_write_notes(struct text_page *page, const struct profile *profile, const struct profile *but_not_of);
/* A note at the end of a program that freed most of what it had: its leaks may not show. */
void head_write_end_note(struct text_page *page, const struct profile *profile, double in_use);

#endif

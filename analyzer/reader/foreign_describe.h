/* SPDX-License-Identifier: Apache-2.0 */
/* Names content that is not a snapshot, so that whoever gave the wrong file sees what it is. */
#ifndef SEEP_READER_FOREIGN_DESCRIBE_H
#define SEEP_READER_FOREIGN_DESCRIBE_H

#include <stddef.h>

/* From the first bytes of a file: "an ELF file", "text", ... Never NULL. */
const char *foreign_describe(const unsigned char *head, size_t bytes);

#endif

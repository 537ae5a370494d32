/* SPDX-License-Identifier: Apache-2.0 */
/* One file of the cache of names: answers for addresses of one build, and the debug file from which they come. A file
 * has this header, the witness's path, the addresses in ascending order, and what the child sent for them
 * (symbols/wire.h). It is read like any file with which somebody may have tampered. */
#ifndef SEEP_SYMBOLS_CACHE_FILE_H
#define SEEP_SYMBOLS_CACHE_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "symbols/symbols.h"

#define CACHE_FILE_MAGIC "SEEPNAME"
#define CACHE_TEMPORARY_SUFFIX ".tmp"
enum {
	CACHE_FILE_VERSION = 2, /* rises, too, where other names are found */
	CACHE_ADDRESSES_MAX = 1 << 20,
};

/* A file as it was when the names were found; all zero: it did not exist. There are two witnesses: the debug file
 * (unless it came from a server, by its build id), and the file at the module's path, because if that was refused, the
 * refusal is a part of the answer. */
struct cache_witness {
	uint64_t bytes, modified_ns, inode;
};

struct cache_header {
	char magic[8];
	uint32_t version;
	uint32_t crc; /* of the whole file, with this field taken as 0 */
	uint64_t file_bytes;
	struct cache_witness debug_file, program;
	uint8_t build_id[32];
	uint32_t build_id_bytes;
	uint32_t path_bytes; /* of the witness's path, with its NUL, up to the next multiple of 8 */
	uint32_t address_count;
	uint32_t reserved;
};

/* The answers in a file. `module` has addresses, source and debug file; its lines are in `lines`, its texts in the pool
 * with which it was read. */
struct cache_content {
	struct symbol_module module;
	struct symbol_lines lines;
};

/* Appends a file of the module's answers, which are in `lines`; its addresses must be sorted, and each be there
 * once. */
void cache_file_encode(struct buffer *out, const struct symbol_module *module, const struct symbol_lines *lines,
		       const struct cache_witness *debug_file);

/* False, with nothing held: the file is damaged, of another version, or of another build than `wanted`. */
bool cache_file_decode(struct cache_content *content, const struct buffer *file, const struct symbol_module *wanted,
		       struct string_pool *strings);
/* For a decoded file: whether both witnesses are unchanged. */
bool cache_file_is_fresh(const struct buffer *file, const char *module_path);
void cache_content_free(struct cache_content *content);

/* Joins the module's answers, which are in `lines`, with those kept before: each address once, in ascending order, as
 * one module with its own lines. */
struct cache_content cache_content_join(const struct symbol_module *module, const struct symbol_lines *lines,
					const struct cache_content *kept);
/* For a module with sorted addresses; NULL: the address is not among them. */
const struct symbol_address *cache_address_find(const struct symbol_module *module,
						const struct symbol_address *wanted);
/* Copies an address's lines from `source` to the end of `lines`. */
void cache_answer_copy(struct symbol_address *to, const struct symbol_address *from, const struct symbol_lines *source,
		       struct symbol_lines *lines);

/* The file's present state; false: it does not exist. */
bool cache_witness_take(const char *path, struct cache_witness *witness);

/* Reads all of a file in the directory: it must be a regular file of the owner's, and not a link. False: there is none,
 * or it is too large. */
bool cache_file_read(int directory, const char *name, uid_t owner, off_t most, struct buffer *file);
/* Puts a file there, replacing one of that name: whole or not at all. */
bool cache_file_write(int directory, const char *name, const struct buffer *file);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* One file of the cache of names: the answers for addresses of one build, and which debug file they are from. A file is
 * this header, the witness's path, the addresses in ascending order, and what the child sent for them (symbols/wire.h).
 * It is read like any file that somebody may have tampered with. */
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
	CACHE_FILE_VERSION = 1,
	CACHE_ADDRESSES_MAX = 1 << 20,
};

/* A file as it was when the names were found; all zero: there was none. Witnesses are the debug file (unless it came
 * from a server, by its build id) and the file at the module's path: if that one was refused, the refusal is part of
 * the answer. */
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

/* A file's answers. `module` has addresses, source and debug file; its lines are in `lines`, its texts in the pool that
 * it was read with. */
struct cache_content {
	struct symbol_module module;
	struct symbol_lines lines;
};

/* Appends a file of the module's answers, which lie in `lines`; its addresses are in order, each there once. */
void cache_file_encode(struct buffer *out, const struct symbol_module *module, const struct symbol_lines *lines,
		       const struct cache_witness *debug_file);

/* False, with nothing held: it is damaged, of another version, or of another build than `wanted`. */
bool cache_file_decode(struct cache_content *content, const struct buffer *file, const struct symbol_module *wanted,
		       struct string_pool *strings);
/* Of a file that was decoded: whether both witnesses are the same files as they were. */
bool cache_file_is_fresh(const struct buffer *file, const char *module_path);
void cache_content_free(struct cache_content *content);

/* The module's answers, which lie in `lines`, and those kept before, each address once, ascending, as one module with
 * lines of its own. */
struct cache_content cache_content_join(const struct symbol_module *module, const struct symbol_lines *lines,
					const struct cache_content *kept);
/* Of a module whose addresses are in order; NULL: it is not among them. */
const struct symbol_address *cache_address_find(const struct symbol_module *module,
						const struct symbol_address *wanted);
/* Copies an address's lines, which lie in `source`, to the end of `lines`. */
void cache_answer_copy(struct symbol_address *to, const struct symbol_address *from, const struct symbol_lines *source,
		       struct symbol_lines *lines);

/* The file as it is now; false: it is not there. */
bool cache_witness_take(const char *path, struct cache_witness *witness);

/* A file of the directory, all of it: a regular one of the owner's, no link. False: there is none, or it is larger. */
bool cache_file_read(int directory, const char *name, uid_t owner, off_t most, struct buffer *file);
/* Puts a file there, in place of one of that name: whole or not at all. */
bool cache_file_write(int directory, const char *name, const struct buffer *file);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles of other tools: see foreign_dumps.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "profile/profile_private.h"
#include "support/foreign_dumps.h"

const char jemalloc_dump[] = "heap_v2/4096\n"
			     "  t*: 9: 9000 [0: 0]\n"
			     "  t0: 9: 9000 [0: 0]\n"
			     "@ 0x400500 0x7f0000001234 0x400600\n"
			     "  t*: 4: 4096 [8: 8192]\n"
			     "  t0: 3: 3072 [6: 6144]\n"
			     "  t7: 1: 1024 [2: 2048]\n"
			     "@ 0x400700\n"
			     "  t*: 1: 1048576 [0: 0]\n"
			     "\n"
			     "MAPPED_LIBRARIES:\n"
			     "00400000-00401000 r-xp 00000000 08:02 12 /nowhere/program\n"
			     "7f0000000000-7f0000001000 r--p 00000000 08:02 13 /nowhere/lib with blank.so\n"
			     "7f0000001000-7f0000002000 r-xp 00001000 08:02 13 /nowhere/lib with blank.so\n"
			     "7ffc00000000-7ffc00001000 rw-p 00000000 00:00 0 [stack]\n";
const char gperftools_dump[] = "heap profile:      3:     3000 [     5:     5000] @ heap_v2/1024\n"
			       "     2:     2000 [     4:     4000] @ 0x00400500 0x00400600\n"
			       "     1:     1000 [     1:     1000] @ 0x00400700\n"
			       "\nMAPPED_LIBRARIES:\n"
			       "00400000-00401000 r-xp 00000000 08:02 12 /nowhere/program\n";

const char heaptrack_file[] = "v 10400 3\nX ./server -x\nI 1000 5e2919\n"
			      "s d /nowhere/prog\ns 4 main\ns 6 prog.c\ns 5 a\nb()\n"
			      "i 401000 1 2 3 a\nt 1 0\n"
			      "i 402000 1 4 3 14 2 3 b\nt 2 1\ni 7f0000001abc 1\nt 3 1\n"
			      "a 10 2\na 0 3\n"
			      "c 5\n+ 0\n+ 0\nR 100\n+ 0\nc a\n- 0\n+ 1\n";

struct profile *dump_read_moment(const void *data, size_t bytes, const struct foreign_moment *moment,
				 struct error *error)
{
	struct foreign_profile foreign;

	/* A copy of its own, so that a sanitizer sees a read beyond its end. */
	unsigned char *copy = memory_allocate(bytes ? bytes : 1, 1);
	memcpy(copy, data, bytes);
	const enum foreign_format format = foreign_profile_recognize(copy, bytes);
	struct profile *profile = NULL;
	*error = (struct error){.text = "not recognized"};
	if (format != FOREIGN_NONE && foreign_profile_read(&foreign, format, "made", copy, bytes, moment, error)) {
		profile = profile_from_foreign(&foreign, "made");
		foreign_profile_free(&foreign);
	}
	free(copy);
	return profile;
}

struct profile *dump_read(const void *data, size_t bytes, struct error *error)
{
	return dump_read_moment(data, bytes, &(struct foreign_moment){0}, error);
}

struct profile *dump_read_text(const char *text)
{
	struct error error;
	struct profile *profile = dump_read(text, strlen(text), &error);

	if (!profile)
		fail_msg("%s", error.text);
	return profile;
}

struct profile_maker *dump_make_profile(void)
{
	struct profile_maker *maker = profile_maker_create("server");

	profile_maker_add(maker, "main;serve;parse=>allocate", (struct made_values){4096.25, 4.5, 8192, 9});
	profile_maker_add(maker, "main;serve;cache@/usr/lib/libcache.so.1",
			  (struct made_values){1e12 + 0.5, 1e9, 2e12, 3e9});
	profile_maker_add(maker, "main;idle", (struct made_values){0, 0, 700, 7});
	profile_maker_add(maker, "", (struct made_values){64, 1, 64, 1})->truncated = false;
	return maker;
}

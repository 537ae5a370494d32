/* SPDX-License-Identifier: Apache-2.0 */
/* What a control group is charged, read from files as both versions of control groups have them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "keeper/ledger/charge.h"
#include "keeper/program/limits.h"

static void file_write(const char *directory, const char *name, const char *text)
{
	char path[2048];
	snprintf(path, sizeof path, "%s%s", directory, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void directories_make(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	mkdir(path, 0700);
}

/* In its own group, or at the root if no more of the groups can be seen; of whichever version this machine has. */
static void a_group_is_charged_what_its_files_say(void **state)
{
	(void)state;
	static const char stat2[] = "anon 1\nfile 20\nkernel 3\nshmem 4\nfile_mapped 7\n";
	static const char stat1[] = "cache 9\nrss 9\ntotal_cache 20\ntotal_rss 1\ntotal_shmem 4\ntotal_swap 5\n";
	char root[] = "/tmp/seep-charge.XXXXXX", command[64];
	struct limits limits = {0};
	struct charge charge;
	uint32_t top = 0;
	assert_non_null(mkdtemp(root));
	snprintf(command, sizeof command, "rm -rf %s", root);
	if (!limits_find_group(&limits, (uint64_t)getpid(), root, &top)) {
		assert_int_equal(system(command), 0);
		skip();
	}
	charge_read(&charge, (uint64_t)getpid(), root);
	assert_int_equal(charge.known, 0);
	for (int at_root = 1; at_root >= 0; at_root--) {
		if (at_root)
			limits.path[top] = '\0';
		else
			limits_find_group(&limits, (uint64_t)getpid(), root, &top);
		directories_make(limits.path);
		file_write(limits.path, "/memory.stat", limits.version1 ? stat1 : stat2);
		file_write(limits.path, limits.version1 ? "/memory.usage_in_bytes" : "/memory.current", "100\n");
		charge_read(&charge, (uint64_t)getpid(), root);
		assert_int_equal(charge.bytes[CHARGE_ALL], 100);
		assert_int_equal(charge.bytes[CHARGE_ANON], 1);
		assert_int_equal(charge.bytes[CHARGE_FILE], 20);
		assert_int_equal(charge.bytes[CHARGE_SHARED], 4);
		assert_int_equal(charge.known >> CHARGE_SWAP & 1, limits.version1); /* v2 has a file of its own */
		assert_int_equal(charge.known >> CHARGE_KERNEL & 1, !limits.version1);
	}
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_group_is_charged_what_its_files_say),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

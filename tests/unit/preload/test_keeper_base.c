/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper's foundations: the CRC, texts without stdio, the parsers of /proc. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include <seep/keeper.h>

#include "keeper/base/atomics.h"
#include "keeper/base/text.h"
#include "keeper/program/limits.h"
#include "keeper/program/owner.h"
#include "keeper/program/process_memory.h"
#include "keeper/program/namespace.h"
#include "keeper/program/process.h"
#include "keeper/program/process_arguments.h"
#include "keeper/snapshot/write.h"
#include "shim/recording/describe.h"
#include "support/heap_maker.h"
#include "support/recording_maker.h"

/* The definition, bit by bit. */
static uint32_t crc_by_bits(uint32_t crc, const unsigned char *data, size_t bytes)
{
	crc = ~crc;
	for (size_t i = 0; i < bytes; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

static void the_crc_is_zlibs(void **state)
{
	(void)state;
	unsigned char data[1500];
	assert_int_equal(seep_crc32(0, "123456789", 9), 0xcbf43926);
	assert_int_equal(seep_crc32(0, "", 0), 0);
	srand(1);
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (unsigned char)rand();
	for (size_t from = 0; from < 9; from++) {
		for (size_t bytes = 0; from + bytes <= sizeof data; bytes += 1 + bytes / 5)
			assert_int_equal(seep_crc32(0, data + from, bytes), crc_by_bits(0, data + from, bytes));
	}
	assert_int_equal(seep_crc32(seep_crc32(0, data, 701), data + 701, 799), seep_crc32(0, data, 1500));
}

static void texts_are_cut_and_always_ended(void **state)
{
	(void)state;
	char buffer[8];
	struct text text = text_begin(buffer, sizeof buffer);
	text_add(&text, "abc");
	text_add_unsigned(&text, 12);
	assert_string_equal(buffer, "abc12");
	assert_false(text.cut);
	text_add_hex(&text, 0xdeadbeef);
	assert_string_equal(buffer, "abc12de");
	assert_true(text.cut);
	text_add(&text, "x");
	assert_int_equal(text.length, 7);
}

static void numbers_are_written_in_full(void **state)
{
	(void)state;
	char buffer[80];
	struct text text = text_begin(buffer, sizeof buffer);
	text_add_unsigned(&text, UINT64_MAX);
	text_add(&text, " ");
	text_add_padded(&text, 42, 6);
	text_add(&text, " ");
	text_add_padded(&text, 1234567, 6);
	text_add(&text, " ");
	text_add_hex(&text, 0);
	text_add_hex(&text, UINT64_MAX);
	assert_string_equal(buffer, "18446744073709551615 000042 1234567 0ffffffffffffffff");
	const char *at = "18446744073709551615x";
	uint64_t value;
	assert_true(text_take_unsigned(&at, &value));
	assert_int_equal(value, UINT64_MAX);
	assert_string_equal(at, "x");
	at = "18446744073709551616";
	assert_false(text_take_unsigned(&at, &value));
	at = "";
	assert_false(text_take_unsigned(&at, &value));
}

static void snapshot_names_have_six_digits_or_more(void **state)
{
	(void)state;
	char name[SNAPSHOT_NAME_BYTES];
	uint64_t number;
	snapshot_name(name, 1);
	assert_string_equal(name, "000001.seep");
	snapshot_name(name, UINT64_MAX);
	assert_string_equal(name, "18446744073709551615.seep");
	assert_true(snapshot_number("000017.seep", &number));
	assert_int_equal(number, 17);
	assert_true(snapshot_number("1234567.seep", &number));
	static const char *const others[] = {"17.seep",      "0000017.seep", "000017.seep.old", "x00017.seep",
					     "000017.seeps", ".000017.seep", "000017",          "heap"};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		assert_false(snapshot_number(others[i], &number));
}

static void proc_lines_are_found_by_their_whole_name(void **state)
{
	(void)state;
	const char *status = "Name:\tx\nVmPeak:\t  100 kB\nVmRSS:\t    7 kB\nVmSwap:\t none\nThreads:\t1";
	uint64_t number;
	assert_true(text_line_number(status, "VmRSS:", &number));
	assert_int_equal(number, 7);
	assert_false(text_line_number(status, "VmSwap:", &number));
	assert_false(text_line_number(status, "RSS:", &number));
	assert_false(text_line_number("", "VmRSS:", &number));
	static const char limits[] = "Limit                     Soft Limit           Hard Limit           Units     \n"
				     "Max data size             unlimited            unlimited            bytes     \n"
				     "Max address space         8589934592           unlimited            bytes     \n";
	assert_true(text_line_number(limits, "Max address space", &number));
	assert_int_equal(number, UINT64_C(8) << 30);
	assert_false(text_line_number(limits, "Max data size", &number));
	assert_false(text_line_number(limits, "address space", &number));
}

static void the_memory_group_is_found_in_both_versions(void **state)
{
	(void)state;
	bool version1;
	char path[64];
	assert_true(limits_group_path("0::/user.slice/a\n", "memory", &version1, path, sizeof path));
	assert_false(version1);
	assert_string_equal(path, "/user.slice/a");
	assert_true(limits_group_path("5:cpu,cpuacct:/c\n4:freezer,memory:/m/x\n0::/u\n", "memory", &version1, path,
				      sizeof path));
	assert_true(version1);
	assert_string_equal(path, "/m/x");
	assert_true(limits_group_path("5:memoryless:/c\n0::/with:colon", "memory", &version1, path, sizeof path));
	assert_false(version1);
	assert_string_equal(path, "/with:colon");
	assert_false(limits_group_path("5:cpu:/c\n", "memory", &version1, path, sizeof path));
	assert_false(limits_group_path("nonsense", "memory", &version1, path, sizeof path));
	assert_false(limits_group_path("0::/far/too/long", "memory", &version1, path, 6));
}

static void our_own_memory_is_read(void **state)
{
	(void)state;
	struct heap heap;
	heap_make(&heap, 1, 0);
	assert_true(memory_read_status(&heap));
	uint64_t known = load_relaxed(&heap.header->memory_known);
	assert_true(known >> SEEP_MEMORY_RSS & 1 && known >> SEEP_MEMORY_VIRTUAL & 1);
	uint64_t rss = load_relaxed(&heap.header->memory[SEEP_MEMORY_RSS]);
	assert_in_range(rss, 100 << 10, load_relaxed(&heap.header->memory[SEEP_MEMORY_VIRTUAL]));
	heap_unmake(&heap);
}

static void a_process_is_alive_until_it_ends(void **state)
{
	(void)state;
	static struct seep_heap_header header;
	int status;
	describe_process(&header);
	assert_true(owner_is_alive(&header));
	header.start_ticks++;
	assert_false(owner_is_alive(&header)); /* somebody else with our pid */
	header.start_ticks--;
	header.boot_id[3] ^= 1;
	assert_false(owner_is_alive(&header)); /* before the last boot */
	header.boot_id[3] ^= 1;
	pid_t child = child_fork();
	if (child == 0)
		pause();
	header.pid = (uint64_t)child;
	assert_true(process_exists(header.pid, 0));
	kill(child, SIGKILL);
	for (int i = 0; i < 6000 && process_exists(header.pid, 0); i++)
		usleep(1000);
	assert_false(process_exists(header.pid, 0)); /* a zombie is dead */
	waitpid(child, &status, 0);
	assert_false(process_exists(header.pid, 0));
	assert_false(process_exists(0, 0));
	assert_false(process_exists(UINT64_MAX, 0));
}

static void in_another_pid_namespace_the_heartbeat_decides(void **state)
{
	(void)state;
	static struct seep_heap_header header;
	describe_process(&header);
	header.pid = 1u << 30; /* no such process here */
	atomic_store(&header.pid_namespace, process_namespace() + 1);
	atomic_store(&header.alive_ns, header.start_ns);
	assert_int_equal(owner_is_alive(&header), !namespace_sees_all()); /* where all is seen it has ended */
	atomic_store(&header.alive_ns, header.start_ns - OWNER_FOREIGN_LIFE_NS);
	assert_false(owner_is_alive(&header));
	atomic_store(&header.pid_namespace, process_namespace());
	atomic_store(&header.alive_ns, header.start_ns);
	assert_false(owner_is_alive(&header));
}

static void the_innermost_number_counts(void **state)
{
	(void)state;
	assert_true(namespace_innermost_is("Name:\tx\nNSpid:\t4242\t17\t1\nNSpgid:\t1\n", 1));
	assert_false(namespace_innermost_is("Name:\tx\nNSpid:\t4242\t17\t1\n", 17));
	assert_false(namespace_innermost_is("Name:\tx\nNSpid:\t1\n", 1)); /* ours: no other namespace */
	assert_false(namespace_innermost_is("Name:\tx\nNSpid:\t1\tx\n", 1));
	assert_false(namespace_innermost_is("Name:\tx\n", 1));
	assert_false(namespace_innermost_is("", 0));
}

/* As where /proc is not mounted: nothing can be opened. */
static void a_process_has_a_name_without_proc(void **state)
{
	(void)state;
	static struct seep_heap_header header;
	char name[16] = "";
	int status = -1;
	prctl(PR_GET_NAME, name);
	pid_t child = child_fork();
	if (child == 0) {
		setrlimit(RLIMIT_NOFILE, &(struct rlimit){0, 0});
		describe_process(&header);
		_exit(strcmp(header.command, name) != 0);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
}

static void a_title_has_blanks_for_nuls_and_no_padding(void **state)
{
	(void)state;
	char arguments[] = "server\0--port\0\x31\0", title[] = "worker: idle\0 \0\0 ", nothing[] = "\0\0";
	assert_int_equal(arguments_tidy(arguments, sizeof arguments - 1), 15);
	assert_string_equal(arguments, "server --port 1");
	assert_int_equal(arguments_tidy(title, sizeof title - 1), 12);
	assert_string_equal(title, "worker: idle");
	assert_int_equal(arguments_tidy(nothing, sizeof nothing - 1), 0);
	assert_int_equal(arguments_tidy(nothing, -13), -13);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_crc_is_zlibs),
	    cmocka_unit_test(texts_are_cut_and_always_ended),
	    cmocka_unit_test(numbers_are_written_in_full),
	    cmocka_unit_test(snapshot_names_have_six_digits_or_more),
	    cmocka_unit_test(proc_lines_are_found_by_their_whole_name),
	    cmocka_unit_test(the_memory_group_is_found_in_both_versions),
	    cmocka_unit_test(our_own_memory_is_read),
	    cmocka_unit_test(a_process_is_alive_until_it_ends),
	    cmocka_unit_test(in_another_pid_namespace_the_heartbeat_decides),
	    cmocka_unit_test(the_innermost_number_counts),
	    cmocka_unit_test(a_process_has_a_name_without_proc),
	    cmocka_unit_test(a_title_has_blanks_for_nuls_and_no_padding),
	};
	return cmocka_run_group_tests_name("keeper_base", tests, NULL, NULL);
}

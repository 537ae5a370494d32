/* SPDX-License-Identifier: Apache-2.0 */
/* A whole profile gets its names, and loses the allocator's frames at the leaf of its stacks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "profile/profile.h"
#include "support/sample_program.h"
#include "support/snapshot_maker.h"

static const char source[] = "#include <cstdio>\n"
			     "#include <cstdlib>\n"
			     "#include <new>\n"
			     "#include <vector>\n"
			     "struct Item { int values[16]; };\n"
			     "static std::vector<Item> items;\n"
			     "static void *caller;\n"
			     "__attribute__((noinline)) void *operator new(std::size_t size) { caller = "
			     "__builtin_return_address(0); return std::malloc(size); }\n"
			     "void operator delete(void *block) noexcept { std::free(block); }\n"
			     "void operator delete(void *block, std::size_t) noexcept { std::free(block); }\n"
			     "__attribute__((noinline)) void add_item() { items.push_back(Item()); }\n"
			     "int main() { add_item(); std::printf(\"%p\\n\", caller); }\n";

static char *program;   /* absolute path */
static uint64_t caller; /* return address of the operator new in push_back */
static char build_id_hex[65];

static int compile(void **state)
{
	uint8_t build_id[32];
	unsigned long long printed = 0;

	if (scratch_enter(state) != 0)
		return -1;
	write_source("source.cpp", source);
	shell("c++ -O2 -g -no-pie source.cpp -o program");
	program = realpath("program", NULL);
	size_t bytes = build_id_of("program", build_id);
	for (size_t i = 0; i < bytes; i++)
		sprintf(build_id_hex + 2 * i, "%02x", build_id[i]);
	FILE *output = popen("./program", "r");
	if (!output || fscanf(output, "%llx", &printed) != 1)
		return -1;
	pclose(output);
	caller = printed;
	return 0;
}

static int clean(void **state)
{
	free(program);
	return scratch_leave(state);
}

static struct profile *symbolized(struct snapshot_maker *maker)
{
	struct buffer file = snapshot_maker_finish(maker);
	struct error error = {""};
	struct profile *profile = profile_open_snapshot(file.data, file.length, "file", &error);

	assert_string_equal(error.text, "");
	profile_symbolize(profile, NULL);
	for (uint32_t i = 0; i < profile->location_count; i++) {
		assert_true(profile->locations[i].line_count >= 1);
		for (uint32_t j = 0; j < profile->locations[i].line_count; j++)
			assert_non_null(profile_lines(profile, &profile->locations[i])[j].function);
	}
	buffer_free(&file);
	snapshot_maker_free(maker);
	return profile;
}

static const struct profile_location *frame_at(const struct profile *profile, uint32_t site, uint32_t depth)
{
	assert_true(site < profile->site_count && depth < profile->sites[site].depth);
	uint32_t node = profile->sites[site].node;
	while (depth-- > 0)
		node = profile->nodes[node].parent;
	return &profile->locations[profile->nodes[node].location];
}

static void allocator_frames_and_inlined_allocators_are_left_out(void **state)
{
	(void)state;
	struct snapshot_maker *maker = snapshot_maker_create(1);
	uint32_t module = snapshot_maker_add_module(maker, program, build_id_hex);
	uint32_t jemalloc = snapshot_maker_add_module(maker, "/nowhere/libjemalloc.so.2", NULL);
	uint64_t operator_new = symbol_value("program", "_Znwm");
	uint64_t main_start = symbol_value("program", "main");
	const struct maker_frame stack[] = {{jemalloc, 0x100},
					    {jemalloc, 0x200},
					    {module, operator_new + 1},
					    {module, caller},
					    {module, main_start + 1}};

	snapshot_maker_add_site(maker, stack, 5);
	struct profile *profile = symbolized(maker);
	assert_int_equal(profile->sites[0].depth, 2);
	const struct profile_location *leaf = frame_at(profile, 0, 0);
	assert_int_equal(leaf->address, caller);
	assert_false(leaf->allocator);
	assert_int_equal(leaf->line_count, 2);
	assert_string_equal(leaf->lines[0].function,
			    "std::_Vector_base<Item, std::allocator<Item> >::_M_allocate(unsigned long)");
	assert_true(leaf->lines[0].inlined);
	assert_true(leaf->lines[0].line > 0);
	assert_non_null(strstr(leaf->lines[1].function, "std::vector<Item, std::allocator<Item> >::_M_realloc_insert"));
	assert_false(leaf->lines[1].inlined);
	const struct profile_location *caller_frame = frame_at(profile, 0, 1);
	assert_string_equal(caller_frame->lines[0].function, "main");
	assert_int_equal(caller_frame->lines[0].line, 12);
	assert_true(profile->modules[module].has_lines);
	assert_non_null(strstr(profile->modules[module].symbols, "DWARF in /tmp/"));
	assert_string_equal(profile->modules[jemalloc].symbols, "/nowhere/libjemalloc.so.2: No such file or directory");
	profile_free(profile);
}

static void allocator_in_the_middle_of_a_stack_stays(void **state)
{
	(void)state;
	struct snapshot_maker *maker = snapshot_maker_create(1);
	uint32_t module = snapshot_maker_add_module(maker, program, build_id_hex);
	uint64_t operator_new = symbol_value("program", "_Znwm");
	uint64_t main_start = symbol_value("program", "main");
	const struct maker_frame stack[] = {
	    {module, main_start + 1}, {module, operator_new + 1}, {module, main_start + 1}};

	snapshot_maker_add_site(maker, stack, 3);
	struct profile *profile = symbolized(maker);
	assert_int_equal(profile->sites[0].depth, 3);
	assert_true(frame_at(profile, 0, 1)->allocator);
	profile_free(profile);
}

static void stack_of_nothing_but_allocator_keeps_its_last_frame(void **state)
{
	(void)state;
	struct snapshot_maker *maker = snapshot_maker_create(1);
	uint32_t module = snapshot_maker_add_module(maker, program, build_id_hex);
	uint32_t jemalloc = snapshot_maker_add_module(maker, "/nowhere/libjemalloc.so.2", NULL);
	const struct maker_frame stack[] = {{jemalloc, 0x100}, {module, symbol_value("program", "_Znwm") + 1}};

	snapshot_maker_add_site(maker, stack, 2);
	snapshot_maker_add_site(maker, NULL, 0);
	struct profile *profile = symbolized(maker);
	assert_int_equal(profile->sites[0].depth, 1);
	assert_string_equal(frame_at(profile, 0, 0)->lines[0].function, "operator new(unsigned long)");
	assert_int_equal(profile->sites[1].depth, 0);
	profile_free(profile);
}

static void a_label_is_made_when_it_is_asked_for(void **state)
{
	(void)state;
	struct snapshot_maker *maker = snapshot_maker_create(1);
	uint32_t module = snapshot_maker_add_module(maker, "/nowhere/lib\tname", NULL);
	char label[PROFILE_LABEL_ROOM];

	snapshot_maker_add_site(maker, (struct maker_frame[]){{module, 0x123456789abcdef}}, 1);
	struct buffer file = snapshot_maker_finish(maker);
	struct error error;
	struct profile *profile = profile_open_snapshot(file.data, file.length, "file", &error);
	profile_symbolize(profile, NULL);
	const struct profile_location *leaf = frame_at(profile, 0, 0);
	assert_true(leaf->labelled && !leaf->lines && leaf->line_count == 1);
	const struct source_line *line = profile_lines(profile, leaf);
	assert_string_equal(line->function, "lib\\x09name+0x123456789abcdef");
	assert_ptr_equal(profile_lines(profile, leaf), line);
	assert_int_equal(profile_label_write(profile, leaf, label), strlen(line->function));
	assert_string_equal(label, line->function);
	profile_free(profile);
	buffer_free(&file);
	snapshot_maker_free(maker);
}

static void symbolizing_twice_gives_the_same(void **state)
{
	(void)state;
	struct snapshot_maker *maker = snapshot_maker_create(1);
	uint32_t module = snapshot_maker_add_module(maker, program, build_id_hex);

	snapshot_maker_add_site(maker, (struct maker_frame[]){{module, caller}}, 1);
	struct profile *profile = symbolized(maker);
	const char *function = frame_at(profile, 0, 0)->lines[0].function;
	profile_symbolize(profile, NULL);
	assert_ptr_equal(frame_at(profile, 0, 0)->lines[0].function, function);
	profile_free(profile);
}

/* Field 22 of our stat. */
static uint64_t start_ticks(void)
{
	unsigned long long ticks = 0;
	FILE *file = fopen("/proc/self/stat", "r");

	assert_int_equal(fscanf(file,
				"%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d "
				"%*d %llu",
				&ticks),
			 1);
	fclose(file);
	return ticks;
}

/* A recording of this very process: its pid, its boot. */
static struct snapshot_maker *own_snapshot(void)
{
	struct snapshot_maker *maker = snapshot_maker_create(1);
	struct seep_process *process = snapshot_maker_process(maker);
	char text[64] = "";
	int descriptor = open("/proc/sys/kernel/random/boot_id", O_RDONLY);

	assert_true(read(descriptor, text, sizeof text - 1) > 0);
	close(descriptor);
	size_t at = 0;
	for (size_t i = 0; i < sizeof process->boot_id; i++) {
		at += text[at] == '-';
		assert_int_equal(sscanf(text + at, "%2hhx", &process->boot_id[i]), 1);
		at += 2;
	}
	process->pid = (uint64_t)getpid();
	process->start_ticks = start_ticks();
	process->start_unix_ns = (uint64_t)(time(NULL) - 10) * 1000000000u;
	snapshot_maker_add_site(maker, (struct maker_frame[]){{0, 0x7f0000001010}, {0, 0x7f0000009999}}, 2);
	return maker;
}

static void code_made_at_run_time_is_named_by_its_map(void **state)
{
	(void)state;
	char path[64];

	snprintf(path, sizeof path, "/tmp/perf-%d.map", (int)getpid());
	write_source(path, "7f0000001000 10 jitted function\n");
	struct profile *profile = symbolized(own_snapshot());
	assert_string_equal(frame_at(profile, 0, 0)->lines[0].function, "jitted function");
	assert_string_equal(frame_at(profile, 0, 1)->lines[0].function, "0x7f0000009999");
	assert_string_equal(profile->modules[0].symbols, path);
	profile_free(profile);
	/* After another boot the number belongs to another process. */
	struct snapshot_maker *maker = own_snapshot();
	snapshot_maker_process(maker)->boot_id[15] ^= 1;
	profile = symbolized(maker);
	assert_string_equal(frame_at(profile, 0, 0)->lines[0].function, "0x7f0000001010");
	assert_non_null(strstr(profile->modules[0].symbols, "recorded on another machine"));
	profile_free(profile);
	/* The recording is of a process that had our number and has ended. The map is ours, and was written later than
	 * in the second in which we began. */
	const struct timespec later = {.tv_sec = time(NULL) + 60};
	assert_int_equal(utimensat(AT_FDCWD, path, (struct timespec[]){later, later}, 0), 0);
	maker = own_snapshot();
	snapshot_maker_process(maker)->start_ticks--;
	profile = symbolized(maker);
	assert_string_equal(frame_at(profile, 0, 0)->lines[0].function, "0x7f0000001010");
	assert_non_null(strstr(profile->modules[0].symbols, "after the process had ended"));
	profile_free(profile);
	unlink(path);
	profile = symbolized(own_snapshot());
	assert_non_null(strstr(profile->modules[0].symbols, "No such file"));
	profile_free(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(allocator_frames_and_inlined_allocators_are_left_out),
	    cmocka_unit_test(allocator_in_the_middle_of_a_stack_stays),
	    cmocka_unit_test(stack_of_nothing_but_allocator_keeps_its_last_frame),
	    cmocka_unit_test(a_label_is_made_when_it_is_asked_for),
	    cmocka_unit_test(symbolizing_twice_gives_the_same),
	    cmocka_unit_test(code_made_at_run_time_is_named_by_its_map),
	};

	return cmocka_run_group_tests(tests, compile, clean);
}

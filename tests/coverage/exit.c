/* SPDX-License-Identifier: Apache-2.0 */
/* Linked into the builds that count coverage, with -Wl,--wrap: the calls by which a process would end without writing
 * its counts. */
#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void __gcov_dump(void);

/* _exit() runs no destructors. */
_Noreturn void __real__exit(int status);
_Noreturn void __wrap__exit(int status);

_Noreturn void __wrap__exit(int status)
{
	__gcov_dump();
	__real__exit(status);
}

/* The keeper as a process is libseep.so as a program: no constructor runs in it. gcov learns of an object's counters by a
 * constructor of priority 100 in each object, and the constructor below is the first after them. */
extern const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden")));

static bool constructed;

__attribute__((constructor(101))) static void constructors_of_gcov_end(void)
{
	constructed = true;
}

static void constructors_of_gcov_run(void)
{
	void (**constructor)(void) = NULL;
	for (const Elf64_Dyn *entry = _DYNAMIC; entry->d_tag != DT_NULL; entry++)
		if (entry->d_tag == DT_INIT_ARRAY)
			constructor = (void (**)(void))((uintptr_t)&__ehdr_start + entry->d_un.d_ptr);
	while (constructor && *constructor != constructors_of_gcov_end)
		(*constructor++)();
}

__attribute__((weak)) void __real_keeper_run_apart(const char *directory); /* only in libseep.so */
void __wrap_keeper_run_apart(const char *directory);

void __wrap_keeper_run_apart(const char *directory)
{
	const bool is_program = !constructed; /* and no unit test, which counts and writes as any program does */
	if (is_program)
		constructors_of_gcov_run();
	__real_keeper_run_apart(directory);
	if (is_program)
		__gcov_dump();
}

/* A program's filter of system calls may forbid the writing, or kill for it. The counts from before the filter are
 * kept. */
__attribute__((weak)) void __real_recording_confine(void);
void __wrap_recording_confine(void);

void __wrap_recording_confine(void)
{
	__real_recording_confine();
	__gcov_dump();
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A function call_NAME(old, wanted) for each row of <seep/entry_points.h>: it calls the entry point of that name so that
 * `wanted` bytes are asked for, and returns the memory. `old` is the block that is resized or released, of which `wanted`
 * is the size. The entry point is found by its name; where nobody exports it, find_NAME() is null. The shim exports all of
 * them, because this program has calls of some (preload/shim/host/exports.h).
 */
#ifndef ENTRY_POINT_CALLS_H
#define ENTRY_POINT_CALLS_H

#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <new>

#include <seep/entry_points.h>

enum class Kind { ALLOCATE, RESIZE, RELEASE, POSIX, TEXT, MEASURE, DESTROY };
enum class Hook { FAST, NESTED, CXX, BY_HAND };

constexpr size_t CALL_ALIGNMENT = 64;
static void *call_heap = &call_heap; /* for mi_heap_*; mimalloc's own once there is one */

/* A string of so many bytes with its end. */
static inline const char *call_text(size_t bytes)
{
	static char letters[1 << 18];
	if (letters[0] == 0)
		memset(letters, 'x', sizeof letters - 1);
	return letters + sizeof letters - bytes;
}

extern "C" {
[[gnu::weak]] void *mallocx(size_t, int), *tc_malloc(size_t), *mi_malloc(size_t);
[[gnu::weak]] void free_sized(void *, size_t);
}
[[gnu::used]] static void never_called()
{
	mallocx(1, 0);
	tc_malloc(1);
	mi_malloc(1);
	free_sized(nullptr, 0);
}

/* The names that the rows use for their parameters. */
#define CALL_PARAMETERS                                                                                                \
	[[maybe_unused]] void *address = old, *heap = call_heap, *stored = nullptr, **result = &stored;                \
	[[maybe_unused]] size_t size = wanted, count = 4, alignment = CALL_ALIGNMENT, offset = 0, extra = 0;           \
	[[maybe_unused]] size_t most = wanted - 1;                                                                     \
	[[maybe_unused]] int flags = 0;                                                                                \
	[[maybe_unused]] const void *tag = &std::nothrow;                                                              \
	[[maybe_unused]] const char *text = wanted < 1 << 18 ? call_text(wanted) : nullptr;

#define CALL_RETURN_ALLOCATE(call) return call;
#define CALL_RETURN_RESIZE(call) return call;
#define CALL_RETURN_TEXT(call) return call;
#define CALL_RETURN_MEASURE(call) return (void *)(call);
#define CALL_RETURN_POSIX(call) return call ? nullptr : stored;
#define CALL_RETURN_RELEASE(call)                                                                                      \
	call;                                                                                                          \
	return nullptr;
#define CALL_RETURN_DESTROY CALL_RETURN_RELEASE
#define CALL_DEFINE(name, kind, returns, parameters, arguments, size_asked, alignment_asked)                           \
	using type_##name = returns parameters;                                                                        \
	static type_##name *find_##name()                                                                              \
	{                                                                                                              \
		static auto *found = (type_##name *)dlsym(RTLD_DEFAULT, #name);                                        \
		return found;                                                                                          \
	}                                                                                                              \
	[[gnu::always_inline]] static inline void *call_##name([[maybe_unused]] void *old, size_t wanted)              \
	{                                                                                                              \
		auto *function = find_##name();                                                                        \
		CALL_PARAMETERS                                                                                        \
		if (Kind::kind != Kind::TEXT && (size_asked) != 0 && (size_t)(size_asked) != wanted)                   \
			size = wanted / count;                                                                         \
		CALL_RETURN_##kind(function arguments)                                                                 \
	}                                                                                                              \
	[[maybe_unused]] static bool is_aligned_##name()                                                               \
	{                                                                                                              \
		void *old = nullptr;                                                                                   \
		size_t wanted = CALL_ALIGNMENT;                                                                        \
		CALL_PARAMETERS                                                                                        \
		return (alignment_asked) > 1;                                                                          \
	}
#define CALL_DEFINE_OF(...) CALL_DEFINE(__VA_ARGS__)
#define CALL(name, kind, hook, takes, traits) CALL_DEFINE_OF(name, kind, SEEP_RETURNS_##kind, SEEP_TAKES_##takes)
namespace
{
SEEP_ENTRY_POINTS(CALL)
}

#endif

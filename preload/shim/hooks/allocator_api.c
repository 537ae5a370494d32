/* SPDX-License-Identifier: Apache-2.0 */
/* What the hooks of allocators' own APIs share: see allocator_api.h. */
#include "shim/hooks/allocator_api.h"

/* A countdown that no program reaches. */
#define NOT_DUE THREAD_STRETCH

void own_names_find(const struct own_name *names, size_t count, void *const *present, _Atomic bool *prepared)
{
	if (thread_state.finding || real_is_resolving())
		return;
	thread_state.finding = true;
	real_prepare();
	if (*present) {
		struct thread_state saved = thread_state;
		thread_state.countdown = NOT_DUE;
		for (size_t i = 0; i < count; i++) {
			void *found = dlsym(RTLD_NEXT, names[i].name);
			if (found)
				memcpy(names[i].pointer, &found, sizeof found);
		}
		real_forget_error();
		thread_state = saved;
	}
	store_release(prepared, true);
	thread_state.finding = false;
}

void *own_plain_allocate(size_t size, size_t alignment, bool zeroed)
{
	void *address = alignment > 16 ? real.memalign(alignment, size) : real.malloc(size);
	if (address && zeroed)
		memset(address, 0, size);
	return address;
}

/* What is known of the old size is its usable size. */
void *own_plain_resize(void *old, size_t size, size_t alignment, bool zeroed, bool frees_old)
{
	bool moves = !old || arena_owns(old) || alignment > 16;
	size_t before = arena_owns(old) ? arena_size(old) : old ? real.malloc_usable_size(old) : 0;
	void *address = moves ? own_plain_allocate(size, alignment, false) : real.realloc(old, size);
	int error = errno;
	if (moves && address && old)
		memcpy(address, old, before < size ? before : size);
	if (old && !arena_owns(old) && (address ? moves : frees_old && size))
		real.free(old);
	if (address && zeroed && size > before)
		memset((char *)address + before, 0, size - before);
	errno = error;
	return address;
}

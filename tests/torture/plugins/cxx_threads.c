/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plugin with C++'s functions by their mangled names, whose constructor and destructor start a thread and wait for
 * it: the thread's first operator new comes while dlopen holds the loader's lock.
 *
 * link: -l:libstdc++.so.6
 */
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>

void *_Znwm(size_t), *_Znam(size_t), *_ZnwmRKSt9nothrow_t(size_t, const void *),
    *_ZnamRKSt9nothrow_t(size_t, const void *);
void *_ZnwmSt11align_val_t(size_t, size_t), *_ZnamSt11align_val_t(size_t, size_t);
void *_ZnwmSt11align_val_tRKSt9nothrow_t(size_t, size_t, const void *);
void *_ZnamSt11align_val_tRKSt9nothrow_t(size_t, size_t, const void *);
void _ZdlPv(void *), _ZdaPv(void *), _ZdlPvm(void *, size_t), _ZdaPvm(void *, size_t);
void _ZdlPvRKSt9nothrow_t(void *, const void *), _ZdaPvRKSt9nothrow_t(void *, const void *);
void _ZdlPvSt11align_val_t(void *, size_t), _ZdaPvSt11align_val_t(void *, size_t);
void _ZdlPvmSt11align_val_t(void *, size_t, size_t), _ZdaPvmSt11align_val_t(void *, size_t, size_t);
void _ZdlPvSt11align_val_tRKSt9nothrow_t(void *, size_t, const void *);
void _ZdaPvSt11align_val_tRKSt9nothrow_t(void *, size_t, const void *);
extern const char _ZSt7nothrow;
typedef void handler(void);
handler *_ZSt15set_new_handlerPFvvE(handler *);
__attribute__((weak)) void *mallocx(size_t, int), *rallocx(void *, size_t, int), *tc_malloc(size_t), *mi_malloc(size_t);
__attribute__((weak)) void dallocx(void *, int), tc_free(void *), mi_free(void *);
__attribute__((weak)) void *tc_realloc(void *, size_t), *mi_realloc(void *, size_t);

static int handled;

static void handle(void)
{
	if (++handled == 3)
		_ZSt15set_new_handlerPFvvE(NULL);
}

static void *every_form(void *unused)
{
	const char *tag = &_ZSt7nothrow;
	for (int i = 0; i < 50; i++) {
		_ZdlPv(_Znwm(100));
		_ZdaPv(_Znam(100));
		_ZdlPvm(_Znwm(1000), 1000);
		_ZdaPvm(_Znam(1000), 1000);
		_ZdlPvRKSt9nothrow_t(_ZnwmRKSt9nothrow_t(70, tag), tag);
		_ZdaPvRKSt9nothrow_t(_ZnamRKSt9nothrow_t(70, tag), tag);
		_ZdlPvSt11align_val_t(_ZnwmSt11align_val_t(64, 64), 64);
		_ZdaPvSt11align_val_t(_ZnamSt11align_val_t(64, 64), 64);
		_ZdlPvmSt11align_val_t(_ZnwmSt11align_val_t(64, 64), 64, 64);
		_ZdaPvmSt11align_val_t(_ZnamSt11align_val_t(64, 64), 64, 64);
		_ZdlPvSt11align_val_tRKSt9nothrow_t(_ZnwmSt11align_val_tRKSt9nothrow_t(64, 64, tag), 64, tag);
		_ZdaPvSt11align_val_tRKSt9nothrow_t(_ZnamSt11align_val_tRKSt9nothrow_t(64, 64, tag), 64, tag);
		if (mallocx && rallocx && dallocx)
			dallocx(rallocx(mallocx(100, 0), 5000, 0), 0);
		if (tc_malloc && tc_realloc && tc_free)
			tc_free(tc_realloc(tc_malloc(100), 5000));
		if (mi_malloc && mi_realloc && mi_free)
			mi_free(mi_realloc(mi_malloc(100), 5000));
		free(realloc(malloc(100), 5000));
	}
	return unused;
}

static void in_a_thread(void)
{
	pthread_t thread;
	if (pthread_create(&thread, NULL, every_form, NULL))
		abort();
	pthread_join(thread, NULL);
}

__attribute__((constructor)) static void load(void)
{
	in_a_thread();
}

__attribute__((destructor)) static void leave(void)
{
	in_a_thread();
}

/* How often the handler is asked before operator new gives up; libstdc++ does it like this. */
int plugin_too_much(void)
{
	volatile size_t size = (size_t)-1 / 2;
	handled = 0;
	_ZSt15set_new_handlerPFvvE(handle);
	void *memory = _ZnwmRKSt9nothrow_t(size, &_ZSt7nothrow);
	_ZSt15set_new_handlerPFvvE(NULL);
	return memory ? -1 : handled;
}

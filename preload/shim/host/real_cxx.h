/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The next definitions of operator new and delete, each form by itself. They
 * are looked up with the allocator, once (real_prepare()); a form that has none
 * then is no name of ours any more: see exports.h.
 */
#ifndef SEEP_HOST_REAL_CXX_H
#define SEEP_HOST_REAL_CXX_H

#define REAL_CXX_NAMES(X)                                                                                              \
	X(_Znwm)                                                                                                       \
	X(_Znam)                                                                                                       \
	X(_ZnwmRKSt9nothrow_t)                                                                                         \
	X(_ZnamRKSt9nothrow_t)                                                                                         \
	X(_ZnwmSt11align_val_t)                                                                                        \
	X(_ZnamSt11align_val_t)                                                                                        \
	X(_ZnwmSt11align_val_tRKSt9nothrow_t)                                                                          \
	X(_ZnamSt11align_val_tRKSt9nothrow_t)                                                                          \
	X(_ZdlPv)                                                                                                      \
	X(_ZdaPv)                                                                                                      \
	X(_ZdlPvm)                                                                                                     \
	X(_ZdaPvm)                                                                                                     \
	X(_ZdlPvRKSt9nothrow_t)                                                                                        \
	X(_ZdaPvRKSt9nothrow_t)                                                                                        \
	X(_ZdlPvSt11align_val_t)                                                                                       \
	X(_ZdaPvSt11align_val_t)                                                                                       \
	X(_ZdlPvmSt11align_val_t)                                                                                      \
	X(_ZdaPvmSt11align_val_t)                                                                                      \
	X(_ZdlPvSt11align_val_tRKSt9nothrow_t)                                                                         \
	X(_ZdaPvSt11align_val_tRKSt9nothrow_t)

#define REAL_CXX_NUMBER(name) REAL_##name,
enum { REAL_CXX_NAMES(REAL_CXX_NUMBER) REAL_CXX_FORMS };

/* NULL: none. Constant once real_prepare() has returned. */
extern __attribute__((visibility("hidden"))) void *real_cxx[REAL_CXX_FORMS];

/* For real_prepare(). */
void real_cxx_find(void);

#endif

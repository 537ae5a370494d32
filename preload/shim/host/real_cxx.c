/* SPDX-License-Identifier: Apache-2.0 */
/* Look-up of operator new and delete: see real_cxx.h. */
#include "shim/host/real_cxx.h"

#include <dlfcn.h>

#include "keeper/base/atomics.h"
#include "shim/host/exports.h"

void *real_cxx[REAL_CXX_FORMS];

#define NAME(name) #name,
static const char *const names[] = {REAL_CXX_NAMES(NAME)};

void real_cxx_find(void)
{
	static _Atomic bool withdrawn;
	const char *missing[REAL_CXX_FORMS] = {0};
	for (int i = 0; i < REAL_CXX_FORMS; i++) {
		void *found = dlsym(RTLD_NEXT, names[i]);
		if (found)
			real_cxx[i] = found;
		else
			missing[i] = names[i];
	}
	bool expected = false; /* of threads that look at once, one takes names back */
	if (atomic_compare_exchange_strong_explicit(&withdrawn, &expected, true, memory_order_relaxed,
						    memory_order_relaxed))
		exports_withdraw(missing, REAL_CXX_FORMS);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that has its own malloc, where no look-up finds ours: its allocations are not seen, which is said. But that malloc
 * may do nothing but count and pass its calls on to the next one, as RTLD_NEXT finds it. That is known as soon as it calls ours.
 */
#include <dlfcn.h>
#include <link.h>

#include "keeper/heap/modules.h"
#include "shim/hooks/hook.h"
#include "shim/hooks/lifecycle.h"
#include "shim/recording/recording.h"
#include "shim/recording/session.h"
#include "shim/recording/setup.h"

seep_atomic32 bypass_is_claimed;

static struct loaded_module claimant; /* whose malloc is not ours */

/* The definition that the program's own symbol look-ups find under a name; NULL where they find a reference: a
 * program that is not position-independent and takes a function's address has the name at an entry of its own, which
 * jumps to the definition. */
static void *find_definition(const char *name, Dl_info *info)
{
	const ElfW(Sym) *symbol = NULL;
	void *address = dlsym(RTLD_DEFAULT, name);
	if (!address || !dladdr1(address, info, (void **)&symbol, RTLD_DL_SYMENT) ||
	    (symbol && symbol->st_shndx == SHN_UNDEF))
		return NULL;
	return address;
}

/* Asks by name: the address of malloc, taken here, would be that allocator's, too. */
void bypass_find(void)
{
	static Dl_info first_info, own_info;
	void *own_malloc = find_definition("malloc", &first_info);
	if ((!own_malloc && !find_definition("calloc", &first_info) && !find_definition("realloc", &first_info)) ||
	    !dladdr((void *)(uintptr_t)bypass_find, &own_info) || first_info.dli_fbase == own_info.dli_fbase)
		return;
	malloc_stand_aside();
	recording_setup.bypassed = first_info.dli_fname;
	recording_setup.status |= SEEP_STATUS_BYPASSED;
	session_say("bypassed, unless it passes calls on", recording_setup.bypassed);
	if (own_malloc && module_find_loaded((uintptr_t)own_malloc, &claimant))
		store_relaxed(&bypass_is_claimed, 1);
}

/* The module has a malloc of its own, so its calls of ours are that one's. */
void bypass_weigh(const void *hook_frame)
{
	uintptr_t caller = ((const uintptr_t *)hook_frame)[1];
	if (caller < claimant.start || caller >= claimant.end)
		return;
	store_relaxed(&bypass_is_claimed, 0);
	recording_is_not_bypassed();
}

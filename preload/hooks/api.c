/* SPDX-License-Identifier: Apache-2.0 */
/* The public API of <seep/seep.h>. */
#include <seep/seep.h>

#include "hooks/hook.h"
#include "record/trigger.h"

EXPORT int seep_snapshot(void);

int seep_snapshot(void)
{
	return trigger_ask(SEEP_TRIGGER_API) ? 0 : -1;
}

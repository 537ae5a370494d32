/* SPDX-License-Identifier: Apache-2.0 */
/* A library that tells gettext where its messages are before anything else has run, as libgpg-error does. */
#include <libintl.h>

const char *translated_from;

__attribute__((constructor)) static void load(void)
{
	translated_from = bindtextdomain("a-library-with-messages", "/nowhere/at/all");
}

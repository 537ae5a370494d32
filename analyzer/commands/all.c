/* SPDX-License-Identifier: Apache-2.0 */
/* All commands, in the order in which the help lists them. */
#include <stddef.h>

#include "options/command.h"

const struct command *const command_all[] = {
    &command_run,    &command_attach, &command_detach, &command_snapshot, &command_report,
    &command_diff,   &command_leaks,  &command_check,  &command_top,      &command_memory,
    &command_flame,  &command_html,   &command_serve,  &command_push,     &command_annotate,
    &command_export, &command_bundle, &command_list,   &command_doctor,   NULL,
};

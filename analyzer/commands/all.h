/* SPDX-License-Identifier: Apache-2.0 */
/* The entry of every subcommand, and the list of them. */
#ifndef SEEP_COMMANDS_ALL_H
#define SEEP_COMMANDS_ALL_H

#include "options/command.h"

extern const struct command command_run;
extern const struct command command_attach;
extern const struct command command_detach;
extern const struct command command_snapshot;
extern const struct command command_report;
extern const struct command command_diff;
extern const struct command command_leaks;
extern const struct command command_memory;
extern const struct command command_check;
extern const struct command command_flame;
extern const struct command command_html;
extern const struct command command_serve;
extern const struct command command_push;
extern const struct command command_annotate;
extern const struct command command_export;
extern const struct command command_bundle;
extern const struct command command_list;
extern const struct command command_top;
extern const struct command command_doctor;

/* All of them, NULL at the end. */
extern const struct command *const command_all[];

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The exit statuses of commands, and the JSON documents that they print. */
#include <stddef.h>

#include "manual/manual.h"

const struct exit_status exit_statuses[] = {
    {COMMAND_FINE, "Everything is fine."},
    {COMMAND_FOUND, "A check found something: `seep check` that a budget is exceeded, `seep leaks --fail` a leak, "
		    "`seep doctor` that a program cannot be recorded."},
    {COMMAND_USAGE, "The command line is wrong. One line says why."},
    {COMMAND_BAD_INPUT,
     "An input is bad or cannot be read, or the output could not be written. One line says what and where."},
    {0, NULL},
};

const struct json_schema json_schemas[] = {
    {"seep.report/1", "seep report --json", "report-1.json"},
    {"seep.memory/1", "seep memory --json", "memory-1.json"},
    {"seep.list/1", "seep list --json", "list-1.json"},
    {"seep.modules/1", "seep report --modules --json", "modules-1.json"},
    {"seep.diff/1", "seep diff --json", "diff-1.json"},
    {"seep.annotate/1", "seep annotate --json", "annotate-1.json"},
    {"seep.leaks/2", "seep leaks --json", "leaks-2.json"},
    {"seep.check/1", "seep check --format=json", "check-1.json"},
    {"seep.budgets/1", "seep check --suggest", "budgets-1.json"},
    {"seep.doctor/1", "seep doctor --json", "doctor-1.json"},
    {0},
};

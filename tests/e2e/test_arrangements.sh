#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 300 s
# Programs in unusual surroundings: with seep run between them, program and surroundings see the same as without it.
. "$(dirname "$0")/lib.sh"

for name in job_control shell_is_the_program terminal_vanishes group_is_orphaned children_are_gathered program_gathers \
	process_one_gathers parent_dies nothing_holds_a_pipe \
	processes_of_the_group program_is_traced storms_of_vfork one_in_the_other stopped_in_the_other new_session_with_the_terminal \
	descriptors group_is_frozen; do
	plain=$(timeout -k 1 90 /usr/bin/python3 -B "$ROOT/tests/e2e/support/arrangements.py" plain $name 2>&1)
	seen=$(timeout -k 1 90 /usr/bin/python3 -B "$ROOT/tests/e2e/support/arrangements.py" "$SEEP" $name 2>&1)
	check_equal "$name: $plain" "$plain" "$seen"
done
exit $cases_failed

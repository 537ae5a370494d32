#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 300 s
# kill -9 at random times: each recording can be read by every command and agrees with what the program wrote down.
# SEEP_KILLS=1000 for the long version.
kills=${SEEP_KILLS:-18}
. "$(dirname "$0")/lib.sh"

# not optimised: each site is called from one place
gcc -std=gnu11 -g -pthread -o counted "$ROOT/tests/e2e/programs/counted.c"
/usr/bin/python3 "$ROOT/tests/e2e/support/kills.py" "$SEEP" "$SHIM" "$WORK/counted" "$kills" || cases_failed=1
exit $cases_failed

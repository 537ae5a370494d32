#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The models of what is lock-free: sound in all interleavings of a short run, refuted when one rule of the protocol is
# taken out. `make model` has longer runs, and takes out every rule.
. "$(dirname "$0")/lib.sh"
bash "$ROOT/tests/model/run.sh" --quick ring >ring.log 2>&1 &
bash "$ROOT/tests/model/run.sh" --quick live
failed=$?
wait $! || failed=1
cat ring.log
exit $failed

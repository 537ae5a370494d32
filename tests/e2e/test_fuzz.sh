#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The fuzz targets build, and survive their seeds and every input that was ever found. `make fuzz` goes on from there.
# time limit: 300 s
. "$(dirname "$0")/lib.sh"
BUILD=$BUILD bash "$ROOT/tests/fuzz/run.sh" --regressions

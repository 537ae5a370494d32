#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 600 s Every row of tests/torture, each on one of two allocators in one of two ways. `make torture` runs
# all four.
PAIRS=${LONG_TESTS:-one} exec bash "$(dirname "$0")/../torture/run.sh"

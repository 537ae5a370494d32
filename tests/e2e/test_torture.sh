#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 600 s
# Every row of tests/torture, on each allocator in one of the two ways. `make torture` has all four.
PAIRS="glibc:run jemalloc:preload" exec bash "$(dirname "$0")/../torture/run.sh"

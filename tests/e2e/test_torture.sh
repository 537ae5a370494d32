#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 600 s
# Every row of tests/torture.
exec bash "$(dirname "$0")/../torture/run.sh"

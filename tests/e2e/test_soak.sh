#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The short selections of what make soak runs.
SOAK_SHORT=1 exec bash "$(dirname "$0")/../soak/run.sh"

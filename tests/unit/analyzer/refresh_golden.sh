#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Writes the golden texts of the analyzer's unit tests anew. Look at `git diff tests/unit/analyzer/golden` before you
# commit.
#	BUILD=build tests/unit/analyzer/refresh_golden.sh
set -eu
cd "$(dirname "$0")/../../.."
BUILD=${BUILD:-build}
make -s BUILD="$BUILD" "$BUILD/tests/analyzer/test_render"
mkdir -p tests/unit/analyzer/golden
SEEP_REFRESH_GOLDEN=1 "$BUILD/tests/analyzer/test_render" >/dev/null
git --no-pager diff --stat -- tests/unit/analyzer/golden

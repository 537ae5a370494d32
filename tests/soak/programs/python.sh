#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 240 s
# Some of python's own tests.
shift
"$@" /usr/bin/python3 -m test test_threading test_subprocess test_ctypes test_mmap test_fork1 test_signal >python.log 2>&1
status=$?
grep -E '^(All |[0-9]+ tests? |    test_|Tests? result|Result)' python.log
exit $status

#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 120 s
# short: yes
# Node: one script that has workers, children, compression, cryptography, streams and http at once (../support/node_work.js).
shift
exec "$@" node "$(dirname "$0")/../support/node_work.js" ${SOAK_SHORT:+short}

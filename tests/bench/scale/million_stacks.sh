#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# million_stacks.sh SEEP PROGRAM [DEPTH]: records 2^DEPTH allocations of as many stacks at rate 1, and fails where the last
# snapshot has fewer sites or samples, or lost any. Some minutes, 3 GB on disk.
set -eu -o pipefail
seep=$1 program=$2 depth=${3:-20}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$seep" run -r 1 -o "$folder/recording" -- "$program" "$depth"
/usr/bin/python3 -B - "$folder/recording" $((1 << depth)) <<'END'
import pathlib
import struct
import sys

SITES, LIVE, LOSSES, RING_FOLDED = 5, 7, 9, 9  # docs/SNAPSHOT_FORMAT.md; of the losses, this one loses nothing
data = max(pathlib.Path(sys.argv[1]).glob("*.seep")).read_bytes()
header_bytes, _, sections = struct.unpack_from("<IQI", data, 12)
counts, lost = {}, {}
for at in range(header_bytes, header_bytes + 32 * sections, 32):
    kind, entry, offset, size, _, compact = struct.unpack_from("<IIQQII", data, at)
    counts[kind] = compact or size // entry
    if kind == LOSSES:
        lost = dict(struct.unpack_from("<QQ", data, offset + i * entry) for i in range(size // entry))
lost.pop(RING_FOLDED, None)
print(f"{counts[SITES]} sites, {counts[LIVE]} samples, lost: {lost or 'none'}")
sys.exit(lost != {} or min(counts[SITES], counts[LIVE]) < int(sys.argv[2]))
END

#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Downloads the Debian source of an installed package into the current directory: the version that is installed or,
# where the archive has moved on, the newest that it has. Needs no line deb-src in the system's lists and no root.
#
#	debian_source.sh SOURCE VERSION
set -eu
source=$1 version=$2
lists=$(mktemp -d)
trap 'rm -rf "$lists"' EXIT
mkdir -p "$lists/parts" "$lists/lists/partial"
. /etc/os-release

# The system's own entries for this release, as sources.
for file in /etc/apt/sources.list.d/*.sources; do
	[ -e "$file" ] && awk -v RS= -v ORS='\n\n' -v suite="$VERSION_CODENAME" '
		$0 ~ "(^|\n)Suites:[ \t]*" suite { gsub(/(^|\n)Types:[^\n]*/, "\nTypes: deb-src"); print }' "$file" >>"$lists/parts/all.sources"
done
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
	[ -e "$file" ] && sed -nE "s/^deb +((\[[^]]*\] +)?[^ ]+ +$VERSION_CODENAME)/deb-src \1/p" "$file" >>"$lists/parts/all.list"
done

options=(-q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$lists/parts" -o Dir::State::lists="$lists/lists"
	-o APT::Sandbox::User=)
apt-get "${options[@]}" update
for each in "$version" $(apt-cache "${options[@]}" showsrc "$source" | sed -n 's/^Version: //p' | sort -Vru); do
	apt-get "${options[@]}" source --download-only "$source=$each" 2>/dev/null && exit 0
done
echo "debian_source: no version of $source is to be had" >&2
exit 1

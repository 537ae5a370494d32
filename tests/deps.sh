#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, from Debian 12. The names pin what matters: sonames of libraries, clang's version.
#
#	tests/deps.sh GROUP...
#
# Groups: build (to compile), run (what libseep.so loads), demo, test, bench, symbols, accuracy, real, soak, ledger, scrape, model, format, page-bench. With
# everything in place it asks no network and changes nothing. Works as root, or with sudo.
#
#	tests/deps.sh --modules FOLDER
#
# Prints where the modules from npm are that FOLDER/package-lock.json names: in the user's cache. Those of analyzer/report
# belong to "build", those of tests/page, tests/ci and tests/clients to "test", those of tests/bench/page to "page-bench".
set -eu

modules_of() { # FOLDER
	echo "${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/seep/$(basename "$1")-$(cksum <"$1/package-lock.json" | tr ' ' -)/node_modules"
}
if [ "$1" = --modules ]; then
	modules_of "$2"
	exit 0
fi

# They are there whole or not at all.
install_modules() { # FOLDER
	local home new
	home=$(dirname "$(modules_of "$1")")
	[ ! -d "$home" ] || return 0
	echo "deps: installing what $1/package-lock.json names" >&2
	mkdir -p "$(dirname "$home")"
	new=$(mktemp -d "$home.XXXXXX")
	cp "$1/package.json" "$1/package-lock.json" "$new"
	npm ci --prefix "$new" --no-audit --no-fund --loglevel=error >&2
	mv -T "$new" "$home" 2>/dev/null || rm -rf "$new" # another was faster
}

packages_of() {
	case $1 in
	build)
		command -v node >/dev/null || echo nodejs
		command -v npm >/dev/null || echo npm # some nodes bring it
		echo gcc make libc6-dev libdw-dev libelf-dev libiberty-dev zlib1g-dev libzstd-dev libisal-dev libmicrohttpd-dev libzydis-dev
		echo libncurses-dev libcurl4-openssl-dev libjansson-dev
		;;
	run) echo libunwind8 libzydis4.0 libncursesw6 libcurl4 libjansson4 ;;
	demo) echo g++ redis-server redis-tools python3-minimal procps ;;
	test)
		echo libcmocka-dev libunwind-dev clang-14 clang clang-tidy-14 libclang-rt-14-dev g++ valgrind musl-tools
		echo redis-server redis-tools nginx-light mosquitto sqlite3 python3 libpython3.11-testsuite perl chromium-headless-shell nodejs xz-utils binutils
		echo libjemalloc2 libtcmalloc-minimal4 libmimalloc2.0 libxml2-utils procps util-linux
		echo golang-go protobuf-compiler golang-github-google-pprof-dev libjemalloc-dev libgoogle-perftools-dev google-perftools curl openssl debuginfod libdebuginfod1
		echo cmake meson python3-pytest
		echo heaptrack zstd strace python3-pyte python3-jsonschema python3-prometheus-client prometheus systemd python3-kubernetes python3-yaml groff-base zsh fish clang-format-14 shellcheck
		;;
	symbols) echo python3 binutils elfutils libjemalloc-dev cpp-12 g++-12 apt dpkg ;;
	accuracy) echo python3 libjemalloc2 libjemalloc-dev heaptrack binutils ;;
	real) echo python3.11 libpython3.11-dev g++ cmake dpkg-dev redis-server nginx-light postgresql-15 util-linux ;;
	bench)
		echo g++ valgrind libjemalloc2 google-perftools libgoogle-perftools4 heaptrack libunwind8
		echo python3 sqlite3 perl redis-server redis-tools
		;;
	soak)
		echo python3 libpython3.11-testsuite perl nodejs redis-server redis-tools libjemalloc2 heaptrack liblsan0 dpkg-dev patch
		echo xz-utils chromium nginx postgresql-15 tcl procps libjemalloc-dev binutils
		;;
	ledger) echo redis-server redis-tools nginx-light postgresql-15 mosquitto nodejs openjdk-17-jdk-headless g++ clang-14 libjemalloc2 libtcmalloc-minimal4 libmimalloc2.0 ;;
	scrape) echo victoria-metrics ;;
	model) echo spin gcc libc6-dev ;;
	format) echo clang-format-14 ;;
	page-bench) ;; # only modules
	*)
		echo "deps.sh: there is no group '$1'" >&2
		exit 2
		;;
	esac
}

# One question for all: a process a package takes longer than all else here.
wanted=$(for group in "$@"; do packages_of "$group"; done)
# shellcheck disable=SC2086 # names
installed=" $(dpkg-query -W -f '${Package}:${db:Status-Status} ' $wanted 2>/dev/null || :)"
missing=
for package in $wanted; do
	case $installed in *" $package:installed "*) ;; *) missing="$missing $package" ;; esac
done

finish() { # GROUP...
	cd "$(dirname "$0")/.."
	case " $* " in *" build "*) install_modules analyzer/report ;; esac
	case " $* " in *" test "*) install_modules tests/page && install_modules tests/ci && install_modules tests/clients ;; esac
	case " $* " in *" page-bench "*) install_modules tests/bench/page ;; esac
	exit 0
}
[ -n "$missing" ] || finish "$@"

if ! grep -qs '^VERSION_ID="12"' /etc/os-release; then
	echo "deps: this is not Debian 12; the packages may have other names here" >&2
fi
as_root=
if [ "$(id -u)" -ne 0 ]; then
	as_root=sudo
	if ! command -v sudo >/dev/null; then
		echo "deps: missing:$missing" >&2
		echo "deps: neither root nor sudo: install them, then try again" >&2
		exit 1
	fi
fi
echo "deps: installing$missing" >&2

# A package that brings a daemon must not start it: Debian asks this script, where there is none.
policy=/usr/sbin/policy-rc.d
policy_is_ours=
if [ ! -e $policy ]; then
	printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
	$as_root chmod 755 $policy
	policy_is_ours=1
fi
trap '[ -z "$policy_is_ours" ] || $as_root rm -f $policy' EXIT

install() {
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
}
log=$(mktemp)
if ! install >"$log" 2>&1; then
	{ $as_root apt-get update -q && install; } >"$log" 2>&1 || {
		tail -n 20 "$log" >&2
		rm -f "$log"
		exit 1
	}
fi
rm -f "$log"
finish "$@"

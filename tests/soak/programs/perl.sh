#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 600 s
# short: yes
# Perl's own test-suite from Debian's source, run by the perl that is installed: t/, lib/, and those modules' that bear on
# memory, threads and processes. A line a test file: how many of its tests passed, which failed, how it ended. Left out: what
# needs a built tree (XS::APItest), and files that take longer than all others.
shift
if [ -n "${SOAK_SHORT:-}" ]; then # without the source: hashes that come and go, children, threads
	exec "$@" perl -e 'use threads; my %h;
		for my $r (1 .. 8) { $h{"$r.$_"} = "x" x ($_ % 300) for 1 .. 5000; delete $h{"$r.$_"} for 1 .. 4000 }
		my $sum = 0; $sum += length for values %h; my @ok = grep { my $p = fork; $p or exit 7; waitpid $p, 0; $? >> 8 == 7 } 1 .. 15;
		my @joined = map { $_->join } map { threads->create(sub { my %own = map { $_ => "y" x $_ } 1 .. 500; length join "", %own }) } 1 .. 4;
		print scalar(keys %h), " $sum ", scalar(@ok), " @joined\n"; exit 5'
fi
here=$(realpath "$(dirname "$0")")
tree=$SOAK_CACHE/perl
export PERL_HASH_SEED=0 PERL_CORE=1 LC_ALL=C.UTF-8

# The parts of a built tree that the tests expect: ./perl, and lib/ with all that was installed beside the tests of
# lib/.
prepare() {
	local parts=$tree.parts version
	version=$(dpkg-query -W -f '${source:Version}' perl)
	rm -rf "$parts" && mkdir -p "$parts" && cd "$parts" || return
	bash "$here/../support/debian_source.sh" perl "$version" && dpkg-source --no-check -x perl_*.dsc tree || return
	cd tree || return
	for installed in /usr/share/perl/5.* /usr/lib/x86_64-linux-gnu/perl/5.* /usr/lib/x86_64-linux-gnu/perl-base; do
		[ -h "$installed" ] || cp -rs --remove-destination "$installed/." lib/ || return
	done
	ln -s /usr/bin/perl perl && ln -s ../perl t/perl
	[ -e lib/Config.pm ] && mv "$parts/tree" "$tree" && rm -rf "$parts"
}

if [ ! -d "$tree" ]; then
	(prepare) >prepare.log 2>&1 || {
		tail -n 5 prepare.log >&2
		exit 1
	}
fi

# These take longer than all the rest of their folder.
long='lib/(Benchmark|perl5db|warnings|charnames|diagnostics|locale|feature|strict)\.t|lib/(Unicode|B|feature)/'
long+='|t/re/(uniprops|fold_grind|anyof|pat_psycho|charset|user_prop_race|regexp_qr_embed_thr|pat_thr)[^/]*|t/op/(cond|lc|sprintf2|pack)\.t|(t/io/(crlf_)?through|t/comp/utf|t/run/runenv_hashseed)\.t'
cd "$tree" && find t/base t/cmd t/comp t/io t/lib t/mro t/op t/opbasic t/re t/run t/uni lib dist/threads dist/threads-shared \
	dist/Thread-Queue dist/Thread-Semaphore dist/Storable dist/IO ext/POSIX ext/PerlIO-scalar ext/Hash-Util \
	cpan/Scalar-List-Utils cpan/Digest-SHA cpan/Socket -name '*.t' | grep -vE "^($long)" |
	xargs -P 2 -I TEST bash "$here/../support/perl_test.sh" "$tree" TEST "$@" | LC_ALL=C sort

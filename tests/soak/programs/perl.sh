#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# short: yes
# Perl: hashes that come and go, and children by fork.
shift
exec "$@" perl -e 'my %h; for my $r (1 .. 20) { $h{"$r.$_"} = "x" x ($_ % 300) for 1 .. 5000; delete $h{"$r.$_"} for 1 .. 4000 }
	my $sum = 0; $sum += length for values %h; my @ok = grep { my $p = fork; $p or exit 7; waitpid $p, 0; $? >> 8 == 7 } 1 .. 50;
	print scalar(keys %h), " $sum ", scalar(@ok), "\n"'

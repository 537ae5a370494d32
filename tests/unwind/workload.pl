# SPDX-License-Identifier: Apache-2.0
# Hashes, regular expressions, sorting, recursion and exceptions, for test_unwind_reference.sh.
use strict;
use warnings;
use Data::Dumper;
no warnings 'recursion';

sub nest { my $depth = shift; return $depth ? [ nest($depth - 1) ] : [] }

for my $round (1 .. $ARGV[0]) {
	my %table;
	push @{ $table{ "k" . ($_ % 977) } }, { n => $_, s => "x" x ($_ % 50) } for 1 .. 20000;
	my $text  = Dumper({ map { $_ => $table{$_} } (sort keys %table)[0 .. 30] });
	my $count = 0;
	$count += $1 while $text =~ /(\d+)/g;
	my @list = sort { $a->{n} <=> $b->{n} } map { @$_ } values %table;
	eval { die { reason => $_ } } for 1 .. 100;
	nest(200);
}

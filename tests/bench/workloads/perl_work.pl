# SPDX-License-Identifier: Apache-2.0
# Hashes, lists, strings and regular expressions: perl_work.pl ROUNDS.
use strict;
use warnings;

my ($rounds) = @ARGV;
my $state = 12345;
sub next_random { $state = ($state * 1103515245 + 12345) & 0x7fffffff; return $state >> 8 }

my %index;
my $found = 0;
for my $round (1 .. $rounds) {
	my @lines = map { join ' ', map { sprintf 'w%x', next_random() % 5000 } 1 .. 12 } 1 .. 400;
	for my $line (@lines) {
		push @{$index{$_}}, [$round, length $line] for split / /, $line;
		$found++ while $line =~ /w(\w)\1/g;
	}
	%index = map { $_ => [@{$index{$_}}[-1 .. -1]] } sort keys %index if $round % 10 == 0;
}
print "$found ", scalar(keys %index), "\n";

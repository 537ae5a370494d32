# SPDX-License-Identifier: Apache-2.0
# seep: `make help` says what there is. Objects go to $(BUILD); nothing is written outside it but by install.
.SHELLFLAGS := -ec
.DEFAULT_GOAL := all

BUILD   ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
ifeq ($(origin CC),default)
CC      := gcc
endif
VERSION := 0.1.0

WARN     := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla
CFLAGS   ?= -O2 -g
BASE     := -std=c11 -D_GNU_SOURCE -DSEEP_VERSION='"$(VERSION)"' $(WARN) -Iinclude -MMD -MP
# The shim (and, started as a program, the keeper): position-independent, nothing visible but the interposed symbols, static TLS, no lazy binding, and frame
# pointers so that the first step out of a hook is cheap.
SHIM     := -fPIC -fvisibility=hidden -ftls-model=initial-exec -fno-plt -fno-stack-protector \
            -fno-builtin-malloc -fno-builtin-calloc -fno-builtin-realloc -fno-builtin-free -Ipreload
SANITIZE ?=

comma            := ,
KEEPER_SOURCES   := $(sort $(wildcard preload/keeper/*/*.c))
CORE_SOURCES     := $(sort $(wildcard $(patsubst %,preload/shim/%/*.[cS],host walker sample record recording keeping)))
HOOK_SOURCES     := $(sort $(wildcard preload/shim/hooks/*.[cS] preload/shim/libc/*.c))
COMMANDS         := $(patsubst &command_%,%,$(filter &command_%,$(subst $(comma), ,$(file <analyzer/commands/all.c))))
MANUAL_SOURCES   := $(sort $(wildcard analyzer/manual/*.c))
# What no unit test and no fuzz target is linked with, commands alone: AddressSanitizer's build leaves it out. A test that comes to need one of
# them does not link before it is taken from here.
COMMANDS_ALONE   := $(wildcard $(patsubst %,analyzer/%/*.c,allocators commands document render/check render/metrics render/source serve \
                    serve/answers serve/scrape summary)) $(filter-out $(patsubst %,analyzer/%.c,page/cells page/selection \
                    page/stacks target/extend target/take_snapshot top/view),$(wildcard $(patsubst %,analyzer/%/*.c,page target top)))
ANALYZER_SOURCES := $(filter-out $(MANUAL_SOURCES) $(if $(FOR_UNITS),$(COMMANDS_ALONE)),$(sort $(wildcard analyzer/*/*.c analyzer/check/*/*.c analyzer/profile/*/*.c analyzer/render/*/*.c analyzer/serve/*/*.c analyzer/top/*/*.c)))
MAIN_SOURCES     := $(wildcard analyzer/main.c)

objects           = $(patsubst %,$(BUILD)/obj/%.o,$(basename $(1)))
KEEPER_OBJECTS   := $(call objects,$(KEEPER_SOURCES))
CORE_OBJECTS     := $(call objects,$(CORE_SOURCES))
HOOK_OBJECTS     := $(call objects,$(HOOK_SOURCES))
ANALYZER_OBJECTS := $(call objects,$(ANALYZER_SOURCES))
MAIN_OBJECTS     := $(call objects,$(MAIN_SOURCES))
MANUAL_OBJECTS   := $(call objects,$(MANUAL_SOURCES))

ANALYZER_LIBS := -ldw -lelf -liberty -lz -lzstd -lisal -lm

.PHONY: all
all: $(BUILD)/libseep.so $(BUILD)/seep $(BUILD)/manual/CLI.md ## build libseep.so, seep and the manual

.PHONY: deps
deps: ## install what the build, the demo and the tests need
	tests/deps.sh build run demo test

.PHONY: demo
demo: ## record a redis-server, load it, show what grew: the whole job
	tests/deps.sh build run demo
	+$(MAKE) --no-print-directory -s all
	BUILD=$(BUILD) tests/e2e/demo.sh

# A directory is made before the first file in it.
.SECONDEXPANSION:
.PRECIOUS: %/.
%/.:
	@mkdir -p $@

$(BUILD)/obj/preload/%.o: preload/%.c | $$(@D)/.
	$(CC) $(BASE) $(CFLAGS) $(SANITIZE) $(SHIM) -c $< -o $@

$(BUILD)/obj/preload/%.o: preload/%.S
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

# See preload/keeper/base/entry.h.
$(HOOK_OBJECTS): SHIM += -mgeneral-regs-only

$(BUILD)/obj/analyzer/%.o: analyzer/%.c | $$(@D)/.
	$(CC) $(BASE) $(CFLAGS) $(SANITIZE) -Ianalyzer -Ipreload -c $< -o $@

# The pages' sources become part of the program by .incbin, which -MMD does not see.
$(BUILD)/obj/analyzer/render/flame/page_sources.o: $(wildcard analyzer/render/flame/*.js analyzer/render/flame/*.css)

# The page that `seep html` writes is bundled by esbuild; tests/deps.sh has put it and what it takes in there.
PAGE_MODULES = $(shell tests/deps.sh --modules analyzer/report)
$(BUILD)/page/page.js: $(wildcard analyzer/report/*.js analyzer/report/*/*.js analyzer/report/*.css analyzer/report/*/*.css) analyzer/report/build.mjs analyzer/report/package-lock.json
	@command -v node >/dev/null || { echo "make: node is missing: tests/deps.sh build installs it" >&2; exit 1; }
	@test -d $(PAGE_MODULES) || { echo "make: the page's modules are missing: tests/deps.sh build installs them" >&2; exit 1; }
	node analyzer/report/build.mjs $(PAGE_MODULES) $(@D)

$(BUILD)/obj/analyzer/page/page_sources.o: $(BUILD)/page/page.js
$(BUILD)/obj/analyzer/page/page_sources.o: BASE += -DPAGE_BUNDLE='"$(BUILD)/page"'

$(BUILD)/libkeeper.a: $(KEEPER_OBJECTS)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/libcore.a: $(CORE_OBJECTS)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/libanalyzer.a: $(ANALYZER_OBJECTS)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/libseep.map: preload/shim/libseep.map include/seep/entry_points.h
	@mkdir -p $(@D)
	$(CC) -E -P -x c -Iinclude $< -o $@

$(BUILD)/libseep.so: $(HOOK_OBJECTS) $(CORE_OBJECTS) $(KEEPER_OBJECTS) $(BUILD)/libseep.map
	$(CC) $(CFLAGS) $(SANITIZE) -shared -Wl,-z,now -Wl,-z,relro -Wl,-z,defs -Wl,--version-script=$(BUILD)/libseep.map \
	    -Wl,-soname,libseep.so -Wl,--build-id -Wl,-e,seep_keeper_entry -o $@ $(filter %.o,$^)

$(BUILD)/seep: $(MAIN_OBJECTS) $(BUILD)/libanalyzer.a $(BUILD)/libkeeper.a
	$(CC) $(CFLAGS) $(SANITIZE) -o $@ $^ $(ANALYZER_LIBS)

# The manual is made by a program from the tables that the commands work by.
$(BUILD)/make_manual: $(MANUAL_OBJECTS) $(BUILD)/libanalyzer.a $(BUILD)/libkeeper.a
	$(CC) $(CFLAGS) $(SANITIZE) -o $@ $^ $(ANALYZER_LIBS)

$(BUILD)/manual/CLI.md: $(BUILD)/make_manual | $$(@D)/.
	$< $(@D)

.PHONY: docs
docs: $(BUILD)/manual/CLI.md ## write docs/CLI.md anew from the commands' own tables
	install -m 644 $< docs/CLI.md

# Unit tests: one binary a file. tests/unit/preload/ sees preload/, tests/unit/analyzer/ sees analyzer/.
UNIT_PRELOAD  := $(sort $(wildcard tests/unit/preload/test_*.c))
UNIT_ANALYZER := $(sort $(wildcard tests/unit/analyzer/test_*.c))
SUPPORT_PRELOAD  := $(sort $(wildcard tests/unit/preload/support/*.c))
SUPPORT_ANALYZER := $(sort $(wildcard tests/unit/analyzer/support/*.c))
UNIT_BINARIES := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(UNIT_PRELOAD) $(UNIT_ANALYZER))

.PHONY: unit unit-preload
unit: $(UNIT_BINARIES)
unit-preload: $(filter $(BUILD)/tests/preload/%,$(UNIT_BINARIES))

# What several tests use is compiled once.
SIDE_preload  := -Ipreload -Itests/unit/preload
SIDE_analyzer := -Ianalyzer -Ipreload -Itests/unit/analyzer

# gold links them in little more than half of the time: there are over a hundred, of several flavours.
LINK_UNIT := -fuse-ld=gold

$(BUILD)/obj/tests/unit/%.o: tests/unit/%.c | $$(@D)/.
	$(CC) $(BASE) $(CFLAGS) $(SANITIZE) $(WARN_UNIT) $(SIDE_$(firstword $(subst /, ,$*))) -c $< -o $@

$(BUILD)/tests/libsupport-%.a: | $$(@D)/.
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/tests/libsupport-preload.a: $(call objects,$(SUPPORT_PRELOAD))
$(BUILD)/tests/libsupport-analyzer.a: $(call objects,$(SUPPORT_ANALYZER))

$(BUILD)/tests/preload/%: $(BUILD)/obj/tests/unit/preload/%.o $(BUILD)/tests/libsupport-preload.a $(BUILD)/libcore.a $(BUILD)/libkeeper.a | $$(@D)/.
	$(CC) $(CFLAGS) $(SANITIZE) $(LINK_UNIT) -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group -lcmocka -lm -lpthread

$(BUILD)/tests/analyzer/%: $(BUILD)/obj/tests/unit/analyzer/%.o $(BUILD)/tests/libsupport-analyzer.a $(BUILD)/libanalyzer.a $(BUILD)/libkeeper.a | $$(@D)/.
	$(CC) $(CFLAGS) $(SANITIZE) $(LINK_UNIT) -o $@ $^ -lcmocka $(ANALYZER_LIBS)

.SECONDARY: $(call objects,$(UNIT_PRELOAD) $(UNIT_ANALYZER))

# The fuzz targets, each with libFuzzer (make fuzz) or with a main() of ours that gives it files.
FUZZ_MAIN    ?= $(BUILD)/obj/tests/fuzz/replay.o
FUZZ_TARGETS := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))

.PHONY: fuzz-targets
fuzz-targets: $(FUZZ_TARGETS) $(BUILD)/fuzz/make_heap

$(BUILD)/obj/tests/fuzz/%.o: tests/fuzz/%.c | $$(@D)/.
	$(CC) $(BASE) $(CFLAGS) $(SANITIZE) -Ianalyzer $(SIDE_preload) -c $< -o $@

$(FUZZ_TARGETS): $(filter %.o,$(FUZZ_MAIN))
$(BUILD)/fuzz/fuzz_module: $(BUILD)/obj/tests/unit/preload/support/heap_maker.o
$(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(BUILD)/libanalyzer.a $(BUILD)/libkeeper.a | $$(@D)/.
	$(CC) $(CFLAGS) $(SANITIZE) $(LINK_UNIT) $(filter -%,$(FUZZ_MAIN)) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(ANALYZER_LIBS)

# The test-suite's own builds go below $(BUILD), so that no flavour disturbs another.
# One process for many files: clang takes longer to start than to read one.
TIDY_FLAGS := $(filter-out -MMD -MP -Werror,$(BASE)) -Ipreload -Ianalyzer -DPAGE_BUNDLE='"$(BUILD)/page"'
.PHONY: tidy tidy-preload tidy-analyzer tidy-tests
tidy: tidy-preload tidy-analyzer tidy-tests ## clang's warnings and clang-tidy's: .clang-tidy
tidy-preload:
	clang-tidy-14 --quiet $(filter %.c,$(KEEPER_SOURCES) $(CORE_SOURCES) $(HOOK_SOURCES)) -- $(TIDY_FLAGS) $(SHIM)
tidy-analyzer:
	clang-tidy-14 --quiet $(ANALYZER_SOURCES) $(MANUAL_SOURCES) $(MAIN_SOURCES) -- $(TIDY_FLAGS)
tidy-tests:
	clang-tidy-14 --quiet $(UNIT_PRELOAD) $(SUPPORT_PRELOAD) $(wildcard tests/fuzz/*.c) -- $(TIDY_FLAGS) $(SIDE_preload)
	clang-tidy-14 --quiet $(UNIT_ANALYZER) $(SUPPORT_ANALYZER) $(wildcard tests/bench/accuracy/*.c) -- $(TIDY_FLAGS) $(SIDE_analyzer)

# gcc's analyzer, on what reads and writes files. pprof_reader.c has a text's number checked where it is read, and the text
# looked up elsewhere: the analyzer does not follow.
ANALYZED := $(filter-out analyzer/foreign/pprof_reader.c,$(wildcard $(patsubst %,analyzer/%/*.c,reader foreign export files encoding symbols) preload/keeper/image/*.c preload/keeper/snapshot/*.c))
ANALYSES := $(ANALYZED:%=%-analysis)
.PHONY: analyze $(ANALYSES)
analyze: $(ANALYSES) ## gcc -fanalyzer on what reads and writes files
$(ANALYSES): %-analysis: %
	gcc $(filter-out -MMD -MP,$(BASE)) -Ianalyzer -Ipreload -Og -fanalyzer -c $< -o /dev/null

# Two checks of UndefinedBehaviorSanitizer are left out that take a fifth of the compiler's time: AddressSanitizer sees what goes
# through NULL, and knows objects better.
ASAN := -fsanitize=address,undefined -fno-sanitize=null,object-size -fno-sanitize-recover=all

# The sanitizers' own code draws false warnings from the compiler, though none in the unit tests; the plain build sees to real ones.
.PHONY: unit-asan fuzz-targets-asan
unit-asan fuzz-targets-asan: %-asan:
	+$(MAKE) -s BUILD=$(BUILD)/asan FOR_UNITS=yes CFLAGS='-Og -g1 -fno-var-tracking -DSEEP_DEBUG' SANITIZE='$(ASAN) -Wno-error' WARN_UNIT=-Werror $*

.PHONY: check check-long check-asan check-tsan check-debug check-flavours
check: ## install what is missing, build, run every test and gate
	tests/deps.sh build run demo test
	BUILD=$(BUILD) tests/run.sh

check-long: ## what check samples, in full: every unit test plain and sanitized, damage, bombs, all torture rows in all ways
	tests/deps.sh build run demo test model
	BUILD=$(BUILD) LONG_TESTS=1 tests/run.sh build unit asan flavours e2e
	tests/model/run.sh --quick

check-asan: ## the unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
	tests/deps.sh build test
	BUILD=$(BUILD) tests/run.sh asan

check-tsan: ## the lock-free parts under ThreadSanitizer
	tests/deps.sh build test
	BUILD=$(BUILD) tests/run.sh tsan

check-debug: ## the shim's tests, its invariants as assertions
	tests/deps.sh build run test
	BUILD=$(BUILD) FLAVOURS=debug TORTURE= tests/run.sh build flavours

check-flavours: ## every torture row on a shim compiled by clang, without optimisation, with -O3 -flto, with -fcf-protection
	tests/deps.sh build run test
	BUILD=$(BUILD) TORTURE= tests/run.sh build flavours

.PHONY: coverage
coverage: ## which lines and branches the tests run, by gcov: docs/COVERAGE.md
	tests/deps.sh build run test
	BUILD=$(BUILD) tests/coverage/run.sh

.PHONY: torture
torture: all ## every torture row on glibc and jemalloc, under seep run and by LD_PRELOAD, TORTURE_ROUNDS=1 times
	tests/deps.sh build run test
	for round in $$(seq $${TORTURE_ROUNDS:-1}); do BUILD=$(BUILD) bash tests/torture/run.sh; done

.PHONY: fuzz
fuzz: ## the readers of untrusted bytes under libFuzzer, FUZZ_SECONDS (600) each
	tests/deps.sh build run test
	BUILD=$(BUILD) bash tests/fuzz/run.sh

.PHONY: soak
soak: all ## real programs with the shim beside runs without, 1,000 kills: SOAK_ONLY=python, SOAK_PEERS=1
	tests/deps.sh build run soak
	BUILD=$(BUILD) tests/soak/run.sh
	[ -n "$${SOAK_ONLY:-}$${SOAK_PEERS:-}" ] || BUILD=$(BUILD) SEEP_KILLS=1000 bash tests/e2e/test_kill.sh

.PHONY: bench-gate
bench-gate: all ## how often seep check is wrong, on equal runs and on what is planted: the tables of docs/CI.md
	@rm -rf $(BUILD)/gate
	python3 tests/bench/gate.py $(BUILD)/seep $(BUILD)/gate $(GATE_RUNS)

.PHONY: bench-attach
bench-attach: all ## what joining costs a program, beside gdb and heaptrack -p, and for how long real ones stand still: the tables of docs/ATTACH.md
	BUILD=$(BUILD) bash tests/bench/attach.sh

$(BUILD)/bench/ledger_bench $(BUILD)/bench/heap_bench: $(BUILD)/bench/%: tests/bench/%.c $(BUILD)/libkeeper.a | $$(@D)/.
	$(CC) $(BASE) -O2 -Ipreload -o $@ $< $(BUILD)/libkeeper.a

.PHONY: bench-ledger
bench-ledger: $(BUILD)/bench/ledger_bench $(BUILD)/bench/heap_bench ## what a ledger costs a keeper, and whether the intervals of glibc's heap hold
	$(BUILD)/bench/ledger_bench
	$(BUILD)/bench/heap_bench

.PHONY: bench-references
bench-references: all ## how long a program stands still for --references, and what the look costs, a GiB: BENCH_GIB="1 2"
	BUILD=$(BUILD) bash tests/bench/references.sh

.PHONY: references-programs
references-programs: all ## real programs under --references: what they free later was referenced
	BUILD=$(BUILD) REFERENCES_PROGRAMS=all bash tests/e2e/test_references_programs.sh

.PHONY: ledger-programs
ledger-programs: all ## seep memory of twelve real programs and four allocators: what is unexplained, and whether all adds up
	tests/deps.sh build run test ledger
	BUILD=$(BUILD) LEDGER_PROGRAMS=all bash tests/e2e/test_ledger_programs.sh

.PHONY: mappings-programs
mappings-programs: all ## what five real programs map past malloc, beside what strace sees in the same run
	tests/deps.sh build run test ledger
	BUILD=$(BUILD) MAPPINGS_PROGRAMS=all bash tests/e2e/test_mappings_programs.sh

.PHONY: check-scrape
check-scrape: all ## /metrics in Prometheus, which `make check` does, too, and in VictoriaMetrics
	tests/deps.sh build run test scrape
	BUILD=$(BUILD) bash tests/e2e/test_metrics.sh

.PHONY: soak-attach
soak-attach: all ## joins and leaves real programs at work, CYCLES (1,000) times each: ATTACH_ONLY=redis
	tests/deps.sh build run soak
	BUILD=$(BUILD) bash tests/soak/attach.sh
	[ -n "$${ATTACH_ONLY:-}" ] || BUILD=$(BUILD) SEEP_KILLS=300 bash tests/e2e/test_attach.sh

.PHONY: model
model: ## the lock-free protocols in all interleavings, with spin
	tests/deps.sh model
	tests/model/run.sh

.PHONY: check-unwinder
check-unwinder: all unit ## a million stacks a program against libunwind, a minute of modules that come and go
	tests/deps.sh test
	BUILD=$(BUILD) SEEP_UNWINDER_STACKS=1000000 SEEP_UNWINDER_SECONDS=60 bash tests/e2e/test_unwinder.sh

# The cost of one captured stack. The chain of functions is there three times: plain, with frame pointers, in a library.
BENCH_C = $(CC) $(BASE) $(CFLAGS) -Ipreload -Itests/bench
$(BUILD)/bench/libchain.so: tests/bench/stack_bench_chain.c | $$(@D)/.
	$(BENCH_C) -fPIC -fomit-frame-pointer -shared -DCHAIN=chain_shared -o $@ $<

$(BUILD)/bench/chain_plain.o $(BUILD)/bench/chain_kept.o: $(BUILD)/bench/chain_%.o: tests/bench/stack_bench_chain.c | $$(@D)/.
	$(BENCH_C) $(if $(filter kept,$*),-fno-omit-frame-pointer,-fomit-frame-pointer) -DCHAIN=chain_$* -c -o $@ $<

$(BUILD)/bench/stack_bench: tests/bench/stack_bench.c $(BUILD)/bench/chain_plain.o $(BUILD)/bench/chain_kept.o \
    $(BUILD)/bench/libchain.so $(BUILD)/libcore.a $(BUILD)/libkeeper.a
	$(BENCH_C) -fno-omit-frame-pointer -o $@ $(filter-out %.a,$^) -Wl,-rpath,'$$ORIGIN' \
	    -Wl,--start-group $(filter %.a,$^) -Wl,--end-group -lm -lpthread

.PHONY: bench-stack
bench-stack: $(BUILD)/bench/stack_bench ## what one captured stack costs, by backend: warm, cold, the very first
	$<

.PHONY: bench
bench: ## what seep costs, beside the peers: BENCH_RUNS=5, BENCH_ONLY="churn;stacks", BENCH_QUICK=1
	+BUILD=$(BUILD) tests/bench/run.sh

.PHONY: bench-symbols
bench-symbols: ## how fast names of large programs are found, beside jeprof: docs/SYMBOLS_SPEED.md
	tests/deps.sh build run symbols
	+$(MAKE) --no-print-directory -s BUILD=$(BUILD) all
	PYTHONDONTWRITEBYTECODE=1 python3 tests/bench/symbols.py $(BUILD)

$(BUILD)/bench/make_snapshots: tests/bench/scale/make_snapshots.c tests/bench/scale/series_sites.c $(BUILD)/libkeeper.a | $$(@D)/.
	$(CC) $(BASE) $(CFLAGS) -Ipreload -o $@ $^ -lm

.PHONY: bench-scale
bench-scale: ## what commands cost at 10,000 to 4 million sites, and in series, beside peers: docs/SCALE.md
	tests/deps.sh build run bench
	+$(MAKE) --no-print-directory -s BUILD=$(BUILD) all $(BUILD)/bench/make_snapshots
	PYTHONDONTWRITEBYTECODE=1 python3 tests/bench/scale/scale.py $(BUILD)

# 64 snapshots of so many sites: BENCH_SITES. Those of 100,000 need 4 GB of space for a while.
BENCH_SITES ?= 1000 100000
$(BUILD)/bench/million_stacks: tests/bench/scale/million_stacks.c | $$(@D)/.
	$(CC) -O1 -g -o $@ $<

.PHONY: check-million
check-million: all $(BUILD)/bench/million_stacks ## a million stacks at rate 1: no site is lost; some minutes, not in `make check`
	bash tests/bench/scale/million_stacks.sh $(BUILD)/seep $(BUILD)/bench/million_stacks

.PHONY: bench-store
bench-store: all ## thirty days of a service: is it within its budget, and how long does an answer for any time take: docs/SERVICES.md
	python3 tests/bench/store.py $(BUILD) $(BENCH_ANSWERS)

$(BUILD)/bench/fleet: tests/bench/fleet/fleet.c $(BUILD)/libanalyzer.a $(BUILD)/libkeeper.a | $$(@D)/.
	$(CC) $(BASE) -O2 -Ianalyzer -Ipreload -o $@ $(filter %.c,$^) $(filter %.a,$^)

.PHONY: bench-fleet
bench-fleet: all $(BUILD)/bench/fleet ## what 10,000 hosts that push ask of a server, also after two hours without it: docs/FLEET.md, FLEET_HOSTS
	tests/deps.sh build run test
	PYTHONDONTWRITEBYTECODE=1 python3 tests/bench/fleet/fleet.py $(BUILD) $(FLEET_HOSTS)

.PHONY: soak-push
soak-push: all ## an hour of redis-server recorded, pushed and scraped, the server killed five times: SOAK_SECONDS, SOAK_RATE
	tests/deps.sh build run test
	PYTHONDONTWRITEBYTECODE=1 python3 tests/soak/push.py $(BUILD) $(or $(SOAK_SECONDS),3600) $(SOAK_RATE)

.PHONY: bench-page
bench-page: ## how fast the page is, beside d3-flame-graph, flame-chart-js and speedscope: BENCH_RUNS=5, BENCH_ONLY=seep
	tests/deps.sh build run test page-bench
	+$(MAKE) --no-print-directory -s BUILD=$(BUILD) all $(BUILD)/bench/make_snapshots
	mkdir -p $(BUILD)/bench/page
	for sites in $(BENCH_SITES); do \
	    mkdir $(BUILD)/bench/page/series; \
	    $(BUILD)/bench/make_snapshots $$sites 64 $(BUILD)/bench/page/series series; \
	    $(BUILD)/seep html $(BUILD)/bench/page/series -o $(BUILD)/bench/page/sites-$$sites.html; \
	    rm -r $(BUILD)/bench/page/series; \
	done
	node tests/bench/page/bench.mjs $(BUILD) $$(tests/deps.sh --modules analyzer/report) $$(tests/deps.sh --modules tests/page) \
	    $$(tests/deps.sh --modules tests/bench/page) $(patsubst %,$(BUILD)/bench/page/sites-%.html,$(BENCH_SITES))

.PHONY: bench-filter
bench-filter: ## layouts of the filter that free() asks, side by side
	tests/deps.sh build run bench
	+BUILD=$(BUILD) tests/bench/filter_layouts.sh

# Programs whose leaks are known, and simulated ones: see tests/bench/accuracy/run.py.
$(BUILD)/accuracy/simulated $(BUILD)/accuracy/shapes $(BUILD)/accuracy/spreads $(BUILD)/accuracy/objects: $(BUILD)/accuracy/%: tests/bench/accuracy/%.c $(BUILD)/tests/libsupport-analyzer.a $(BUILD)/libanalyzer.a $(BUILD)/libkeeper.a | $$(@D)/.
	$(CC) $(BASE) $(CFLAGS) -Ianalyzer -Ipreload -Itests/unit/analyzer -o $@ $(filter %.c,$^) $(filter %.a,$^) $(ANALYZER_LIBS)

$(BUILD)/accuracy/patterns: tests/bench/accuracy/patterns.c | $$(@D)/.
	$(CC) $(BASE) -O1 -g -fno-builtin-malloc -o $@ $< -lpthread

.PHONY: accuracy
accuracy: ## how often seep leaks is right, beside jeprof and heaptrack: docs/ACCURACY.md
	tests/deps.sh build run accuracy
	+$(MAKE) --no-print-directory -s BUILD=$(BUILD) all $(BUILD)/accuracy/simulated $(BUILD)/accuracy/shapes $(BUILD)/accuracy/spreads $(BUILD)/accuracy/objects $(BUILD)/accuracy/patterns
	python3 tests/bench/accuracy/run.py $(BUILD)

.PHONY: real-leaks
real-leaks: ## Debian's programs with a free of upstream's taken out again, and beside themselves: docs/REAL_LEAKS.md
	tests/deps.sh build run real
	+$(MAKE) --no-print-directory -s BUILD=$(BUILD) all
	PYTHONDONTWRITEBYTECODE=1 python3 tests/real/run.py $(BUILD)

# Where the manual's parts go, below PREFIX.
MANUAL_PLACES := $(patsubst %,share/man/man1/%.1,seep $(addprefix seep-,$(COMMANDS))) share/man/man7/libseep.7 \
    share/bash-completion/completions/seep share/zsh/site-functions/_seep share/fish/vendor_completions.d/seep.fish
# Rules, dashboard, units, manifests: what docs/OPERATIONS.md is about.
OPERATIONS := $(wildcard docs/operations/*/*)
DIRECTORIES := $(sort bin lib/seep include/seep $(patsubst %/,%,$(dir $(MANUAL_PLACES))) share/doc/seep/schema \
    $(patsubst docs/%/,share/doc/seep/%,$(dir $(OPERATIONS))))
# Which of them, and of those above, install has made, the inner ones first: uninstall takes them away where they are empty.
MADE := $(PREFIX)/lib/seep/directories

.PHONY: install uninstall
install: all ## install below PREFIX (/usr/local); DESTDIR stages it
	made=$$({ cat $(DESTDIR)$(MADE) 2>/dev/null || true; for place in $(DIRECTORIES); do \
	    place=$(PREFIX)/$$place; while [ -n "$$place" ] && [ ! -d "$(DESTDIR)$$place" ]; do echo "$$place"; place=$${place%/*}; done; \
	done; } | sort -ru); \
	install -d $(addprefix $(DESTDIR)$(PREFIX)/,$(DIRECTORIES)); \
	echo "$$made" >$(DESTDIR)$(MADE); chmod 644 $(DESTDIR)$(MADE)
	install -m 755 $(BUILD)/seep $(DESTDIR)$(PREFIX)/bin/seep
	install -m 755 $(BUILD)/libseep.so $(DESTDIR)$(PREFIX)/lib/seep/libseep.so.new
	mv -f $(DESTDIR)$(PREFIX)/lib/seep/libseep.so.new $(DESTDIR)$(PREFIX)/lib/seep/libseep.so # whole at any time
	install -m 644 include/seep/seep.h $(DESTDIR)$(PREFIX)/include/seep/seep.h
	install -m 644 LICENSE README.md $(wildcard docs/*.md) $(DESTDIR)$(PREFIX)/share/doc/seep
	install -m 644 $(wildcard docs/schema/*.json) $(DESTDIR)$(PREFIX)/share/doc/seep/schema
	for file in $(OPERATIONS); do \
	    place=$(DESTDIR)$(PREFIX)/share/doc/seep/$${file#docs/}; \
	    sed 's,/usr/local,$(PREFIX),g' $$file >$$place; chmod 644 $$place; \
	done
	install -m 644 $(BUILD)/manual/man1/*.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 $(BUILD)/manual/man7/*.7 $(DESTDIR)$(PREFIX)/share/man/man7
	install -m 644 $(BUILD)/manual/completions/bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/seep
	install -m 644 $(BUILD)/manual/completions/zsh $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_seep
	install -m 644 $(BUILD)/manual/completions/fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/seep.fish

uninstall: ## remove what install put there
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/,bin/seep include/seep/seep.h $(MANUAL_PLACES))
	made=$$(cat $(DESTDIR)$(MADE) 2>/dev/null || true); \
	rm -rf $(DESTDIR)$(PREFIX)/lib/seep $(DESTDIR)$(PREFIX)/share/doc/seep; \
	for place in $$made; do [ ! -d $(DESTDIR)$$place ] || rmdir --ignore-fail-on-non-empty $(DESTDIR)$$place; done

.PHONY: screenshots
screenshots: ## make the README's pictures of the page anew, from make demo's recordings
	tests/deps.sh test
	+$(MAKE) --no-print-directory demo
	$(BUILD)/seep html $(BUILD)/demo/redis -o $(BUILD)/demo/redis.html
	node tests/page/screenshots.mjs $$(tests/deps.sh --modules tests/page) $(BUILD)/demo/shop.html $(BUILD)/demo/redis.html docs/images

.PHONY: format
format: ## lay out all sources in C and C++ by .clang-format
	tests/deps.sh format
	git ls-files -z '*.[ch]' '*.cpp' '*.cc' | xargs -0 clang-format-14 -i

.PHONY: help
help: ## print this
	@echo "make [TARGET] [BUILD=build] [PREFIX=/usr/local] [DESTDIR=] [CC=gcc]"
	@sed -n 's/^\([a-z][a-z-]*\):[^#]*## \(.*\)/\1|\2/p' Makefile | awk -F'|' '{ printf "  %-12s %s\n", $$1, $$2 }'

.PHONY: clean
clean: ## remove the build directory
	rm -rf $(BUILD)

-include $(shell find $(BUILD)/obj $(BUILD)/tests -name '*.d' 2>/dev/null)

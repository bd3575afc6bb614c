# The targets that test, lint and install.

JOBS ?= $(shell nproc 2>/dev/null || echo 2)
T ?=
FUZZ_SECONDS ?= 60

tests_c  := $(wildcard tests/unit/*_test.c tests/contract/*_test.c)
fuzz_c   := $(wildcard tests/fuzz/*_fuzz.c)
tools_c  := $(wildcard tests/tools/*.c)
shims_c  := $(wildcard tests/fault/*.c)
peers_c  := $(wildcard tests/bench/grpc/*.c)
bench_c  := $(wildcard tests/bench/*.c)
archives := $(foreach n,$(NEEDS) core,$(BUILD)/lib/lib$(n).a)
# Everything may be used; --as-needed keeps what is.
libs_all := -Wl,--start-group $(archives) -Wl,--end-group $(call linked,$(NEEDS)) $(libs_core) -lpthread -ldl -lm

tests_bin := $(tests_c:tests/%.c=$(BUILD)/test/%)
fuzz_bin  := $(fuzz_c:tests/%_fuzz.c=$(BUILD)/test/%_replay)
tools_bin := $(tools_c:tests/tools/%.c=$(BUILD)/test/bin/%)
shims_bin := $(shims_c:tests/%.c=$(BUILD)/test/%.so)
peers_bin := $(peers_c:tests/bench/grpc/%.c=$(BUILD)/test/bench/grpc_%)
bench_bin := $(bench_c:tests/%.c=$(BUILD)/test/%)

.PHONY: tests check test lint fuzz torture bench bench-tools try install uninstall help

tests: $(PROGRAMS) $(SCRIPTS) $(tests_bin) $(fuzz_bin) $(tools_bin) $(shims_bin) $(bench_bin) $(peers_bin)

$(BUILD)/obj/tests/%.o: CPPFLAGS_ALL += -Itests -DJL_TESTS='"$(CURDIR)/tests"'

$(tests_bin): $(BUILD)/test/%: $(BUILD)/obj/tests/%.o $(archives)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $< $(libs_all) -lcmocka -ljansson

# Answers for the resolver, where libcurl asks it.
$(BUILD)/test/contract/http_test: private LDFLAGS_ALL += -Wl,--export-dynamic-symbol=getaddrinfo

$(fuzz_bin): $(BUILD)/test/%_replay: $(BUILD)/obj/tests/%_fuzz.o $(BUILD)/obj/tests/fuzz/replay.o $(archives)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $(filter %.o,$^) $(libs_all)

$(tools_bin): $(BUILD)/test/bin/%: $(BUILD)/obj/tests/tools/%.o
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $< -lm

$(bench_bin): $(BUILD)/test/%: $(BUILD)/obj/tests/%.o $(archives)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $< $(libs_all)

# The C peers of senior-grpc, for measuring.
$(call objects,$(peers_c)): | $(BUILD)/gen/seniority.pb-c.h
$(peers_bin): $(BUILD)/test/bench/grpc_%: $(BUILD)/obj/tests/bench/grpc/%.o $(archives)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $< $(libs_all)

# A preloaded shim is no part of a program: it is built without sanitizers.
$(shims_bin): $(BUILD)/test/%.so: tests/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(CSTD) -O2 -g $(WARN) -fPIC -shared -o $@ $< -ldl

# `make check T=REGEX` runs the tests whose names it matches (unit/NAME, cli/PROGRAM/CASE, e2e/NAME, …); V=1 names them all.
check test:
	@mkdir -p $(BUILD)/test; $(MAKE) --no-print-directory -k -j$(JOBS) tests >$(BUILD)/test/build.log 2>&1; built=$$?; \
	[ $$built = 0 ] || cat $(BUILD)/test/build.log; \
	BUILD='$(BUILD)' JOBS='$(JOBS)' V='$(V)' tests/run --built=$$built '$(T)'

# The same campaigns with many more rounds; takes hours.
torture:
	JL_SCALE=$(or $(JL_SCALE),50) JL_TIMEOUT=$(or $(JL_TIMEOUT),14400) $(MAKE) --no-print-directory check

# The measurements: tests/bench/README.md. QUICK=1 in under three minutes; ONLY=GROUP,… runs some.
bench:
	@BUILD='$(BUILD)' tests/bench/run $(if $(QUICK),--quick) $(if $(ONLY),--only=$(ONLY))
bench-tools: $(PROGRAMS) $(tools_bin) $(bench_bin) $(peers_bin)

lint:
	@JOBS='$(JOBS)' scripts/dev/lint

# Each fuzz target for FUZZ_SECONDS; what it finds worth keeping can be added to tests/fuzz/corpus/NAME/.
fuzz: $(fuzz_c:tests/fuzz/%_fuzz.c=fuzz-%)
fuzz-%:
	@$(MAKE) --no-print-directory -j$(JOBS) CC=clang SAN=address,undefined BUILD=build/fuzz CFLAGS='-fsanitize=fuzzer-no-link' build/fuzz/fuzz/$*
	@mkdir -p build/fuzz/found/$* tests/fuzz/corpus/$*
	cd build/fuzz && ./fuzz/$* -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 found/$* $(CURDIR)/tests/fuzz/corpus/$*
$(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/%_fuzz.o $(archives)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -fsanitize=fuzzer -o $@ $< $(libs_all)

try:
	scripts/demo

# Where things go; DESTDIR stands before all of them.
bindir := $(DESTDIR)$(PREFIX)/bin
share  := $(DESTDIR)$(PREFIX)/share
man_pages := $(wildcard man/*.[1-9])
# Of scripts/, what is copied for users to adapt.
examples := cron systemd lambda
installed = $(PROGRAMS:%=$(bindir)/%) $(SCRIPTS:%=$(bindir)/%) \
    $(patsubst scripts/lib/%,$(share)/jobline/sh/%,$(wildcard scripts/lib/*.sh)) \
    $(foreach f,$(wildcard $(foreach d,$(examples),scripts/$(d)/*)),$(share)/jobline/$(f:scripts/%=%)) \
    $(foreach m,$(man_pages),$(share)/man/man$(subst .,,$(suffix $(m)))/$(notdir $(m))) \
    $(patsubst completions/bash/%,$(share)/bash-completion/completions/%,$(wildcard completions/bash/*)) \
    $(patsubst completions/zsh/%,$(share)/zsh/site-functions/%,$(wildcard completions/zsh/*)) \
    $(patsubst completions/fish/%,$(share)/fish/vendor_completions.d/%,$(wildcard completions/fish/*)) \
    $(patsubst share/%,$(share)/jobline/%,$(wildcard share/*)) \
    $(patsubst %,$(share)/doc/jobline/%,$(wildcard README.md LICENSE))

install: all
	@install -d $(sort $(dir $(installed)))
	@install -m 755 $(PROGRAMS:%=$(BUILD)/bin/%) $(bindir)
	@$(foreach m,$(man_pages),install -m 644 $(m) $(share)/man/man$(subst .,,$(suffix $(m)))/ &&) :
	@$(foreach c,$(wildcard completions/bash/*),install -m 644 $(c) $(share)/bash-completion/completions/ &&) :
	@$(foreach c,$(wildcard completions/zsh/*),install -m 644 $(c) $(share)/zsh/site-functions/ &&) :
	@$(foreach c,$(wildcard completions/fish/*),install -m 644 $(c) $(share)/fish/vendor_completions.d/ &&) :
	@$(foreach s,$(SCRIPTS),sed 's|^\(lib=.*\)/lib$$|\1/../share/jobline/sh|' scripts/$(s) > $(bindir)/$(s) && chmod 755 $(bindir)/$(s) &&) :
	@install -m 644 scripts/lib/*.sh $(share)/jobline/sh/
	@$(foreach d,$(examples),$(foreach f,$(wildcard scripts/$(d)/*),cp -p $(f) $(share)/jobline/$(d)/ &&)) :
	@install -m 644 $(wildcard share/*) $(share)/jobline/
	@install -m 644 $(wildcard README.md LICENSE) $(share)/doc/jobline/
	@echo 'installed under $(DESTDIR)$(PREFIX): bin, share/man, share/jobline, completions'

uninstall:
	@rm -f $(installed)
	@rmdir $(examples:%=$(share)/jobline/%) $(share)/jobline/sh $(share)/jobline $(share)/doc/jobline 2>/dev/null || :

help:
	@echo 'make             build everything under build/'
	@echo 'make NAME        build one program and only what it needs'
	@echo 'make try         the demonstration: a sample augmented twice (scripts/demo)'
	@echo 'make check       all tests; T=REGEX picks some, SAN=address,undefined with sanitizers, V=1 names them'
	@echo 'make lint        warnings, clang-tidy, shellcheck, mandoc, floors, formatting'
	@echo 'make fuzz        each fuzz target for FUZZ_SECONDS=60'
	@echo 'make torture     the tests with many more rounds (JL_SCALE=50)'
	@echo 'make bench       measures the programs against others (tests/bench/README.md); QUICK=1, ONLY=GROUP,...'
	@echo 'make install     into PREFIX=/usr/local, under DESTDIR if given; make uninstall takes it away'
	@echo 'make clean       removes build/'

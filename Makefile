# jobline: everything is built under build/; `make help` lists the targets.

VERSION := $(shell sed -n 's/^version=\([^ ]*\).*/\1/p' scripts/lib/conduct.sh)
PREFIX ?= /usr/local
DESTDIR ?=
CC ?= cc
PKG_CONFIG ?= pkg-config
SAN ?=
comma := ,
BUILD := build$(if $(SAN),/san-$(subst $(comma),-,$(SAN)))
# Named in one way only, however it was given: its name stands in the flags, and changed flags rebuild.
override BUILD := $(patsubst $(CURDIR)/%,%,$(abspath $(BUILD)))

PROGRAMS := $(patsubst cmd/%.c,%,$(wildcard cmd/*.c))
# The scripts that are programs too: they conduct themselves as all do.
SCRIPTS := $(notdir $(shell grep -l '/conduct\.sh"' scripts/* 2>/dev/null))

# What each program is made of besides the core (which links libc and xxhash): the one place where that is said.
needs_jl-dedupe    := sqlite redis
needs_jl-augment   :=
needs_senior-cache := sqlite redis
needs_senior-grpc  := grpc sqlite redis
needs_senior-model := grpc
needs_hd-fetch     := http sqlite redis
needs_credits      := sqlite redis http
needs_job-store    := sqlite pg
needs_job-embed    := http sqlite redis
needs_job-match    := http sqlite pg

# What a need means: its sources in lib/ (everything else is the core) and its libraries. Those of LATE are not linked
# but loaded when a store asks for them (lib/wire/late.h).
sources_sqlite := $(wildcard lib/wire/sqlite*.c lib/*/*_sqlite.c)
sources_redis  := $(wildcard lib/wire/redis*.c lib/*/*_redis.c)
sources_http   := $(wildcard lib/wire/http*.c lib/embed/http*.c)
sources_pg     := $(wildcard lib/wire/pg*.c lib/*/*_pg.c)
sources_grpc   := $(wildcard lib/wire/rpc*.c lib/senior/model*.c)
libs_sqlite    := $(shell $(PKG_CONFIG) --libs sqlite3 2>/dev/null || echo -lsqlite3)
libs_redis     := $(shell $(PKG_CONFIG) --libs hiredis 2>/dev/null || echo -lhiredis)
libs_http      := $(shell $(PKG_CONFIG) --libs libcurl 2>/dev/null || echo -lcurl)
libs_pg        := $(shell $(PKG_CONFIG) --libs libpq 2>/dev/null || echo -lpq)
# pkg-config lists sixty static dependencies of gRPC; the shared library needs these.
libs_grpc      := -lgrpc -lgpr -lprotobuf-c
cflags_redis   := $(shell $(PKG_CONFIG) --cflags hiredis 2>/dev/null)
cflags_pg      := $(shell $(PKG_CONFIG) --cflags libpq 2>/dev/null)
NEEDS := sqlite redis http pg grpc
LATE  := sqlite redis http pg
linked = $(foreach n,$(filter-out $(LATE),$(1)),$(libs_$(n)))

# The name by which a late library is found at run time, as in the one that the linker finds now.
soname = $(shell readelf -d "$$($(CC) $(LDFLAGS) -shared -nostartfiles -x c /dev/null $(1) -o /dev/null -Wl,--trace | \
    grep -m 1 '/lib[^/]*$(2)[^/]*\.so')" | sed -n 's/.*(SONAME).*\[\(.*\)\]$$/\1/p')
# And Debian's name for its package.
late_flags = -DJL_SONAME='"$(1)"' -DJL_PACKAGE='"$(subst .so.,$(2),$(1))"'

sources_all  := $(wildcard lib/*/*.c)
sources_core := $(filter-out $(foreach n,$(NEEDS),$(sources_$(n))),$(sources_all))
libs_core    := $(shell $(PKG_CONFIG) --libs libxxhash 2>/dev/null || echo -lxxhash)

CSTD := -std=c11 -D_GNU_SOURCE
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla $(WERROR)
OPT ?= -O2
HARDEN := $(if $(SAN),,-D_FORTIFY_SOURCE=2) -fstack-protector-strong -fPIE -fno-strict-aliasing
SANFLAGS := $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer)
CPPFLAGS_ALL := -Ilib -I$(BUILD)/gen -DJL_VERSION='"$(VERSION)"' $(CPPFLAGS)
CFLAGS_ALL := $(CSTD) $(OPT) -g $(WARN) $(HARDEN) $(SANFLAGS) $(CFLAGS)
LDFLAGS_ALL := -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(SANFLAGS) $(LDFLAGS)

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all help clean $(PROGRAMS) $(SCRIPTS)

all: $(PROGRAMS) $(SCRIPTS)
$(PROGRAMS) $(SCRIPTS): %: $(BUILD)/bin/%
$(SCRIPTS:%=$(BUILD)/bin/%): $(BUILD)/bin/%: scripts/%
	@mkdir -p $(@D); ln -sf $(CURDIR)/$< $@

# For those who look after all of them: completions, manual pages.
.PHONY: commands
commands:
	@echo $(PROGRAMS) $(SCRIPTS)

# A change of compiler or flags rebuilds.
FLAGS := $(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(LDFLAGS_ALL)
$(BUILD)/flags: FORCE
	@mkdir -p $(@D); echo '$(subst ','\'',$(FLAGS))' | cmp -s - $@ || echo '$(subst ','\'',$(FLAGS))' > $@
.PHONY: FORCE
FORCE:

# protobuf-c ends a string at its first NUL; bytes are the same on the wire and keep their length.
$(BUILD)/gen/%.pb-c.c $(BUILD)/gen/%.pb-c.h &: proto/%.proto Makefile
	@mkdir -p $(BUILD)/gen
	sed 's/\bstring\b/bytes/' $< > $(BUILD)/gen/$(<F)
	protoc-c --proto_path=$(BUILD)/gen --c_out=$(BUILD)/gen $(BUILD)/gen/$(<F)

# What runs inside a server stands in the tree as a file of its own: lib/ROOM/NAME.lua is the string jl_NAME_lua of
# ROOM/NAME.lua.h. Numbers, for a compiler need not take strings of that length.
scripts_lua := $(wildcard lib/*/*.lua)
headers_lua := $(scripts_lua:lib/%=$(BUILD)/gen/%.h)
$(BUILD)/gen/%.lua.h: lib/%.lua Makefile
	@mkdir -p $(@D)
	{ printf 'static const char jl_%s_lua[] = {' '$(notdir $*)' && od -An -v -td1 $< | sed 's/ *\(-*[0-9][0-9]*\)/\1,/g' && echo '0};'; } > $@

# So do the tables of words: lib/ROOM/NAME.tsv is jl_NAME_tsv of ROOM/NAME.tsv.h.
headers_tsv := $(patsubst lib/%,$(BUILD)/gen/%.h,$(wildcard lib/*/*.tsv))
$(BUILD)/gen/%.tsv.h: lib/%.tsv Makefile
	@mkdir -p $(@D)
	{ printf 'static const char jl_%s_tsv[] = {' '$(notdir $*)' && od -An -v -td1 $< | sed 's/ *\(-*[0-9][0-9]*\)/\1,/g' && echo '0};'; } > $@

objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
$(call objects,$(sources_redis)): | $(headers_lua)
$(call objects,lib/match/vocabulary.c): $(headers_tsv)
# For those who read sources without building.
.PHONY: generated
generated: $(headers_lua) $(headers_tsv) $(BUILD)/gen/seniority.pb-c.h
objects_grpc_gen := $(BUILD)/obj/gen/seniority.pb-c.o
$(call objects,$(sources_grpc)): | $(BUILD)/gen/seniority.pb-c.h

$(BUILD)/obj/lib/wire/sqlite.o: CPPFLAGS_ALL += $(call late_flags,$(call soname,$(libs_sqlite),sqlite3),-)
$(BUILD)/obj/lib/wire/redis_link.o: CPPFLAGS_ALL += $(call late_flags,$(call soname,$(libs_redis),hiredis),)
$(BUILD)/obj/lib/wire/http.o: CPPFLAGS_ALL += $(call late_flags,$(call soname,$(libs_http),curl),)
$(BUILD)/obj/lib/wire/pg_link.o: CPPFLAGS_ALL += $(call late_flags,$(call soname,$(libs_pg),pq),) $(cflags_pg) \
    -DJL_PQ_VERSION='"$(shell $(PKG_CONFIG) --modversion libpq 2>/dev/null)"'

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(if $(filter lib/wire/redis% %_redis.c,$<),$(cflags_redis)) -MMD -MP -c -o $@ $<

# Generated code is not ours to keep free of warnings.
$(BUILD)/obj/gen/%.o: $(BUILD)/gen/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -w -MMD -MP -c -o $@ $<

define archive
$(BUILD)/lib/lib$(1).a: $(call objects,$(sources_$(1))) $(objects_$(1)_gen)
	@mkdir -p $$(@D); rm -f $$@
	$(AR) rcs $$@ $$^
endef
$(foreach n,core $(NEEDS),$(eval $(call archive,$(n))))

define program
$(BUILD)/bin/$(1): $(BUILD)/obj/cmd/$(1).o $(foreach n,$(needs_$(1)) core,$(BUILD)/lib/lib$(n).a)
	@mkdir -p $$(@D)
	$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $$@ $$< -Wl,--start-group $(foreach n,$(needs_$(1)) core,$(BUILD)/lib/lib$(n).a) -Wl,--end-group $(call linked,$(needs_$(1))) $(libs_core) -lpthread -ldl
endef
$(foreach p,$(PROGRAMS),$(eval $(call program,$(p))))

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

clean:
	rm -rf build

include tests/tests.mk

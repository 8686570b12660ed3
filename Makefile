# fastworker - build, test, install. `make help` lists what there is.

VERSION := 0.1.0
PREFIX  ?= /usr/local
DESTDIR ?=
CC      ?= cc
# What only Linux can do is in src/node/linux.c; `make PLATFORM=portable` builds without it, in a folder of its own.
PLATFORM ?= linux
BUILD   ?= $(if $(filter-out linux,$(PLATFORM)),build-$(PLATFORM),build)
BINARY  ?= $(if $(filter-out linux,$(PLATFORM)),$(BUILD)/fastworker,fastworker)

# Objects by layer, lowest first; tests/layers checks that no file includes one above it.
base_OBJS := mem err buf bytes str uuid rng clock map heap log json json_check json_read json_out \
	opt opt_value opt_words ini paths digest loop signals fraction
core_OBJS := group needs variant kit state task ends event names queue pace credit worker held lease cache restore model query filter
proto_OBJS := logrec address keys keyring context items messages msg document wire sock holder zap link resolve
store_OBJS := schema store rows load others
client_OBJS := client watch submit fetch log feed
node_OBJS := task_limits module_parse module_task modules module_check module_copy module_reload notice hangup limits offer runner_msg inside_msg inside inside_client args scratch $(PLATFORM) tree logfile logread keeper run run_read run_end resident resident_script run_output run_input run_log builtin runner spawn slot slot_read slot_watch \
	jobs jobs_all jobs_said handin logs lanes worker peers series select records row_worker rows steer watches uploads announcement herd cancels drains said feeds tails holds reads local persist program requests idle ports control_plane
cmd_OBJS := out table session cmd help ending show arguments processes launch private subworker start feeding place run asking submit template inputs bar item mapping harvest map wait progress record differ cancel drain logs linewise pour lists list config \
	complete_words complete hidden words
tui_OBJS := console acts header panel listing listing_panel lists cells rows feed detail pager confirm prompt run \
	keys draw term rescue
shell_OBJS := shell run lines editor history tab notices script
LAYERS := base core proto store client node cmd tui shell

OBJS := $(foreach l,$(filter-out tui shell,$(LAYERS)),$(addprefix $(BUILD)/src/$(l)/,$(addsuffix .o,$($(l)_OBJS)))) \
	$(addprefix $(BUILD)/tui/,$(addsuffix .o,$(tui_OBJS))) \
	$(addprefix $(BUILD)/shell/,$(addsuffix .o,$(shell_OBJS)))

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wvla \
	-Wundef -Wpointer-arith -Wformat=2 -Wno-unused-parameter
HARDEN := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE -fno-common
OPT ?= -O2 -g
CPPFLAGS += -D_GNU_SOURCE -DFW_VERSION='"$(VERSION)"' -Isrc -I.
CFLAGS := -std=c11 $(OPT) $(WARN) $(HARDEN) $(EXTRA_CFLAGS)
LDFLAGS += -pie -Wl,-z,relro -Wl,-z,now $(EXTRA_LDFLAGS)
LDLIBS := -lzmq -lncursesw -lreadline -lsqlite3

# Short lines; V=1 shows the commands.
ifeq ($(V),)
SAY = @echo "  $(1)";
endif

all: $(BINARY) ## build ./fastworker; V=1 shows the commands

$(BINARY): $(BUILD)/src/main.o $(OBJS)
	$(call SAY,LD $@)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(call SAY,CC $<)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# One program per file in tests/unit, linked with everything but main.
UNIT := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/*_test.c))
$(BUILD)/unit/%: $(BUILD)/tests/unit/%.o $(OBJS)
	@mkdir -p $(@D)
	$(call SAY,LD $@)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# One program per file in tests/fuzz; clang only.
FUZZERS := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/*_fuzz.c))
$(BUILD)/fuzz/%: $(BUILD)/tests/fuzz/%.o $(OBJS)
	@mkdir -p $(@D)
	$(call SAY,LD $@)$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)

# Load on a running control plane; bench/run uses it.
$(BUILD)/bench/echo: $(BUILD)/bench/echo.o $(OBJS)
	$(call SAY,LD $@)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# What the proofs of durability use: a recorder that is loaded into the control plane, and what rebuilds its files.
FAULTS := $(BUILD)/faults/recorder.so $(BUILD)/faults/powercut
$(BUILD)/faults/recorder.so: tests/faults/recorder.c tests/faults/disklog.h
	@mkdir -p $(@D)
	$(call SAY,CC $@)$(CC) -D_GNU_SOURCE $(CFLAGS) -fPIC -shared -o $@ $< -ldl
$(BUILD)/faults/powercut: $(BUILD)/tests/faults/powercut.o $(OBJS)
	@mkdir -p $(@D)
	$(call SAY,LD $@)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# A cluster in one process, played from a seed.
SIM := $(BUILD)/sim/sim
$(SIM): $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/sim/*.c)) $(OBJS)
	@mkdir -p $(@D)
	$(call SAY,LD $@)$(CC) $(LDFLAGS) -Wl,--wrap=task_state_next -o $@ $^ $(LDLIBS)

unit: $(UNIT) $(FAULTS) $(SIM) $(BUILD)/bench/echo
fuzzers: $(FUZZERS)

# The same sources built in other ways, each in a folder of its own.
SANITIZE := address,undefined
SANITIZED := OPT='-O1 -g -fno-omit-frame-pointer' HARDEN='-fPIE -fno-common'
VARIANT_asan  := BUILD=build-asan BINARY=build-asan/fastworker $(SANITIZED) \
	EXTRA_CFLAGS='-fsanitize=$(SANITIZE) -fno-sanitize-recover=all' EXTRA_LDFLAGS='-fsanitize=$(SANITIZE)'
VARIANT_clang := BUILD=build-clang BINARY=build-clang/fastworker CC=clang OPT=-O1 EXTRA_CFLAGS=-Werror
VARIANT_fuzz  := BUILD=build-fuzz BINARY=build-fuzz/fastworker CC=clang $(SANITIZED) \
	EXTRA_CFLAGS='-fsanitize=fuzzer-no-link,$(SANITIZE) -fno-sanitize-recover=all' EXTRA_LDFLAGS='-fsanitize=$(SANITIZE)'
VARIANT_check := BUILD=build-check BINARY=build-check/fastworker $(if $(CI),EXTRA_CFLAGS=-Werror)
build-asan build-clang build-check:
	$(MAKE) $(VARIANT_$(patsubst build-%,%,$@)) all unit
build-portable:
	$(MAKE) PLATFORM=portable all $(addprefix build-portable/unit/,slot_test ends_test)
build-fuzz:
	$(MAKE) $(VARIANT_fuzz) fuzzers

deps: ## install what the build needs and is missing
	@packaging/deps build
deps-test: ## install what the tests need, too
	@packaging/deps build test

demo: deps ## build, and see it work: a control plane, a worker, some real tasks
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@examples/demo.sh

check: deps-test ## format, lint, layers, unit, end to end, sanitizers, fuzzers; `make check ONLY="unit e2e"`
	@tests/run $(ONLY)

asan: deps-test ## the suite on a build with ASan and UBSan
	@tests/run asan-unit asan-e2e

fuzz: deps-test ## fuzz each parser for TIME seconds (60)
	@FUZZ_SECONDS=$(or $(TIME),60) tests/run fuzz

soak: ## `make demo` and `make check` in a fresh minimal Debian (root; minutes)
	@tests/fresh-root

# Clients of rivals in C; gearmand's needs its library.
build-bench/gearmand: BENCH_LIBS := -lgearman
build-bench/beanstalkd build-bench/gearmand: build-bench/%: bench/rivals/%.c bench/rivals/load.h
	@mkdir -p $(@D)
	$(call SAY,CC $<)$(CC) $(CPPFLAGS) -std=c11 -O2 $(WARN) -o $@ $< $(BENCH_LIBS)

bench: deps ## rates, latency, memory, beside the rivals that are installed; docs/benchmarks.md
	@$(MAKE) --no-print-directory -j$$(nproc) all $(BUILD)/bench/echo build-bench/beanstalkd
	@! pkg-config --exists gearmand || $(MAKE) --no-print-directory build-bench/gearmand
	@bench/run

bench-deps: deps ## install the rivals: apt packages, and Celery and FastWorker in build-bench/venv
	@bench/deps

format: ## clang-format on everything
	clang-format -i $$(git ls-files -co --exclude-standard '*.c' '*.h')

protocol: all ## rewrite the tables of src/proto/PROTOCOL.md from the list of messages
	tests/protocol

SHARE = $(DESTDIR)$(PREFIX)/share
COMPLETE = $(SHARE)/bash-completion/completions
DOCS = $(SHARE)/doc/fastworker
install: all ## below PREFIX (/usr/local), DESTDIR before it
	install -d $(DESTDIR)$(PREFIX)/bin $(COMPLETE) $(DOCS)/examples/bin
	install -m 755 $(BINARY) $(DESTDIR)$(PREFIX)/bin/fastworker
	ln -sf fastworker $(DESTDIR)$(PREFIX)/bin/fw
	install -m 644 completions/fastworker.bash $(COMPLETE)/fastworker
	ln -sf fastworker $(COMPLETE)/fw
	install -m 644 LICENSE $(wildcard README.md src/proto/PROTOCOL.md) $(DOCS)
	install -m 644 examples/tasks.sh $(DOCS)/examples
	install -m 755 $(wildcard examples/bin/*) $(DOCS)/examples/bin

uninstall: ## what install put there
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/bin/,fastworker fw) $(COMPLETE)/fastworker $(COMPLETE)/fw
	rm -rf $(DOCS)

clean: ## all that was built
	rm -rf build build-asan build-bench build-clang build-fuzz build-check build-portable $(BINARY)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
.PHONY: all unit fuzzers build-asan build-clang build-check build-fuzz build-portable deps deps-test demo check asan fuzz soak \
	bench bench-deps format protocol install uninstall clean help
.SECONDARY:

# fastworker - build, test, install. `make help` lists what there is.

VERSION := 0.1.0
PREFIX  ?= /usr/local
DESTDIR ?=
CC      ?= cc
BUILD   ?= build
BINARY  ?= fastworker

# Objects by layer, lowest first; tests/layers checks that no file includes one above it.
base_OBJS := mem err buf bytes str uuid rng clock map heap log json opt ini paths loop
core_OBJS := state task queue worker model events query
proto_OBJS := address keys keyring context msg wire sock zap link resolve
client_OBJS := client submit blob watch
node_OBJS := module modules runner runner_msg builtin spawn worker slot control_plane \
	peers requests watchers uploads announce local selftest
cmd_OBJS := cmd list settings out
tui_OBJS := console
shell_OBJS := shell
LAYERS := base core proto client node cmd tui shell

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
LDLIBS := -lzmq -lncursesw -lreadline

all: $(BINARY)

$(BINARY): $(BUILD)/src/main.o $(OBJS)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# One program per file in tests/unit, linked with everything but main.
UNIT := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/*_test.c))
$(BUILD)/unit/%: $(BUILD)/tests/unit/%.o $(OBJS)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
.PHONY: all
.SECONDARY:

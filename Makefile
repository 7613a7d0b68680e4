# SPDX-License-Identifier: GPL-2.0-or-later
# cnm: container networks for any OCI runtime. `make help` lists the targets.

VERSION := 0.1.0
SOVERSION := 0
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
CNI_BIN_DIR ?= /opt/cni/bin
DESTDIR ?=
BUILD ?= build
ifeq ($(origin CC),default)
CC := gcc
endif
JOBS ?= $(shell nproc)
V ?=
Q := $(if $(V),,@)

# What runs the executable, what builds it, and what tests it (Debian's names).
DEPS_RUN := libmnl0 libnftnl11 libjson-c5 libnftables1 libcurl4
DEPS_BUILD := build-essential pkg-config libmnl-dev libnftnl-dev libjson-c-dev libcap-dev libnftables-dev libcurl4-openssl-dev
DEPS_TEST := libcriterion-dev nftables iproute2 iputils-ping busybox-static runc crun jq strace util-linux procps \
	netcat-openbsd conntrack docker.io python3 openssl ovn-docker ovn-central ovn-host openvswitch-switch python3-flask iptables containernetworking-plugins valgrind podman containerd libldns-dev ldnsutils dnsmasq-base dnsperf aardvark-dns clang clang-format clang-tidy cppcheck libclang-rt-14-dev

# Who else `make bench` measures.
DEPS_BENCH := containernetworking-plugins netavark docker.io runc python3 iptables strace valgrind jq busybox-static iproute2 util-linux

# What the virtual machine of check-vm needs; its kernel is downloaded as a package and unpacked, not installed.
DEPS_VM := qemu-system-x86 binutils tcpdump netbase

PKGS := libmnl libnftnl json-c
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -ldl
# A third of an attach's instructions went into finding the symbols of these. `make STATIC=` links the executable to the shared ones.
STATIC ?= nftnl json-c
comma := ,
EXE_LIBS = $(if $(STATIC),-Wl$(comma)-Bstatic $(STATIC:%=-l%) -Wl$(comma)-Bdynamic -Wl$(comma)--exclude-libs$(comma)ALL) $(PKG_LIBS)
WARNINGS := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 \
	-Wpointer-arith -Wcast-qual -Wvla -Wundef -Wwrite-strings -Wno-unused-parameter
CFLAGS ?= -O2 -g
SANITIZE ?=
# cnm/cnm.sym, not -fvisibility, decides what libcnm.so exports: one list, in one place.
ALL_CFLAGS = -std=gnu11 $(WARNINGS) -I. -D_GNU_SOURCE -DCNM_VERSION='"$(VERSION)"' \
	-fPIC -fstack-protector-strong $(PKG_CFLAGS) $(CFLAGS) $(SANITIZE)
TEST_CFLAGS = -DCNM_TEST_SOURCE='"$(CURDIR)"'
ALL_LDFLAGS = -Wl,-z,relro,-z,now,--as-needed $(LDFLAGS) $(SANITIZE)

LIB_SRC := $(sort $(wildcard cnm/base/*.c cnm/sys/*.c cnm/*.c drivers/*.c spec/*.c))
HOOK_SRC := $(sort $(wildcard hook/*.c))
TEST_SRC := $(sort $(shell find tests -name '*.c' ! -path 'tests/bench/*' ! -path 'tests/fuzz/*' ! -path 'tests/sweep/*' ! -path 'tests/tools/*' 2>/dev/null))
C_FILES := $(sort $(shell find hook cnm drivers spec tests examples -name '*.[ch]' 2>/dev/null))
SHELL_FILES := $(sort $(shell find tests examples -name '*.sh' 2>/dev/null)) .ci/run

LIB_OBJ := $(LIB_SRC:%.c=$(BUILD)/obj/%.o)
HOOK_OBJ := $(HOOK_SRC:%.c=$(BUILD)/obj/%.o)
TEST_OBJ := $(TEST_SRC:%.c=$(BUILD)/obj/%.o)
TESTS := $(BUILD)/tests/cnm-tests
PROBE := $(BUILD)/tests/probe
PEAK := $(BUILD)/tests/peak
CALLGRIND_OPENAT2 := $(BUILD)/tests/callgrind_openat2.so
PROBE_OBJ := $(patsubst %.c,$(BUILD)/obj/%.o,$(sort $(wildcard tests/tools/probe*.c)))

SWEEP := $(BUILD)/sweep/sweep
SWEEP_MALLOC := $(BUILD)/sweep/fail_malloc.so
SWEEP_CNM := $(BUILD)/sweep/cnm
SWEEP_OBJ := $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out tests/sweep/fail_malloc.c,$(sort $(wildcard tests/sweep/*.c))))
FUZZ_OBJ := $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out tests/fuzz/engine.c tests/fuzz/replay.c,$(sort $(wildcard tests/fuzz/*.c))))
FUZZ_REPLAY := $(BUILD)/fuzz/replay
FUZZ_SECONDS ?= 60

# make sweep VERBS=cni-add,cni-del KINDS=kill,error,malloc EVERY=10: some of it.
VERBS ?=
KINDS ?= kill,error,malloc
EVERY ?= 1

# make check FILTER='e2e/*' E2E='cni strace_execve': some of the tests; E2E names end-to-end scripts.
FILTER ?=
E2E ?=
# Twice the processors: an end-to-end test mostly waits.
TEST_JOBS ?= $(shell echo $$((2 * $$(nproc))))

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.PRECIOUS: $(BUILD)/obj/%.o
.PHONY: all help deps tests run-tests check check-vm run-vm quickstart lint asan ubsan sweep soak fuzz mutation bench bench-deps bench-docs bench-dns install uninstall install-cni-dropin uninstall-cni-dropin clean

all: $(BUILD)/cnm $(BUILD)/libcnm.a $(BUILD)/libcnm.so ## build the executable and the library

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-20s %s\n", $$1, $$2 }' Makefile

# A target that needs packages builds in a second make: the flags of pkg-config are read when make starts.
SUBMAKE = $(MAKE) --no-print-directory -j$(JOBS)

deps: ## install the packages that build, run and tests need (Debian); does nothing when all are there
	@installed=$$(dpkg-query -W -f '$${Package} $${db:Status-Status}\n' $(DEPS_RUN) $(DEPS_BUILD) $(DEPS_TEST) $(DEPS_VM) 2>/dev/null); \
	missing=$$(for p in $(DEPS_RUN) $(DEPS_BUILD) $(DEPS_TEST) $(DEPS_VM); do \
		case "$$installed" in *"$$p installed"*) ;; *) printf ' %s' "$$p" ;; esac; done); \
	if [ -n "$$missing" ]; then \
		echo "  APT  $$missing"; \
		command -v apt-get >/dev/null || { echo "deps: no apt-get here; needed:$$missing" >&2; exit 1; }; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; \
	fi

quickstart: deps ## network, two containers under runc, ping, masquerading, removal: all shown step by step
	$(Q)$(SUBMAKE) all
	@CNM='$(abspath $(BUILD))/cnm' sh examples/quickstart.sh

check: deps ## build and run all tests (as root); ends with their count
	$(Q)$(SUBMAKE) all tests
	$(Q)$(if $(FILTER)$(E2E),,$(MAKE) --no-print-directory run-vm FILTER='e2e/*' E2E='$(VM_E2E_SHORT)')
	$(Q)$(MAKE) --no-print-directory run-tests

# A second kernel, Debian's, in a virtual machine: it has ipvlan and VLANs, which the one here may lack. All of it is emulated, ten times as slow
# as here: `make check` runs what only that kernel can tell.
VM_E2E_SHORT := ipvlan vlan
# What makes sense there: no compiler and no daemon is in it.
VM_E2E := ipvlan ipvlan_rules vlan vlan_parent cni_parent cni_ipvlan_same ports runc_bridge
check-vm: deps ## run tests under Debian's own kernel, in a virtual machine (FILTER, E2E choose)
	$(Q)$(SUBMAKE) all tests
	$(Q)$(MAKE) --no-print-directory run-vm FILTER='$(or $(FILTER),@(conformance|e2e)/*)' E2E='$(or $(E2E),$(VM_E2E))' VM_SECONDS=$(or $(VM_SECONDS),3600)

# A machine that has not ended by then is stopped, which is a failure.
VM_SECONDS ?=
run-vm:
	@mkdir -p $(BUILD)/vm
	@sh tests/vm/kernel.sh $(abspath $(BUILD))/vm
	@BUILD='$(BUILD)' sh tests/vm/image.sh $(abspath $(BUILD))/vm
	@FILTER='$(FILTER)' E2E='$(E2E)' VM_SECONDS='$(or $(VM_SECONDS),900)' sh tests/vm/run.sh $(abspath $(BUILD))/vm

tests: $(TESTS) $(PROBE) $(PEAK) $(CALLGRIND_OPENAT2) $(SWEEP) $(SWEEP_MALLOC) $(SWEEP_CNM) $(FUZZ_REPLAY) ## build the test program, and what its scripts send packets with

run-tests: ## run the tests as they were built
	@E2E='$(E2E)' $(TESTS) --jobs $(TEST_JOBS) $(if $(FILTER),--filter '$(FILTER)')

# make mutation MUTATE='transit ruleset_bridge.nft': some of the chains; docs/firewall-proofs.md.
MUTATE ?=
mutation: deps ## the firewall without each of its rules in turn: which test notices (half an hour)
	$(Q)$(SUBMAKE) all tests
	@BUILD='$(BUILD)' sh tests/tools/mutate-ruleset.sh -j $(TEST_JOBS) $(MUTATE)

# cppcheck's memleak does not see __attribute__((cleanup)); LeakSanitizer does (make asan).
lint: deps ## formatting, gcc and clang without warnings, clang-tidy, cppcheck, direction of includes
	@echo "  FORMAT"
	$(Q)clang-format --dry-run -Werror $(C_FILES)
	@echo "  SHELL"
	$(Q)for f in $(SHELL_FILES); do sh -n "$$f" || exit 1; done
	@echo "  INCLUDES"
	$(Q)sh tests/tools/check-includes.sh
	$(Q)sh tests/tools/check-length.sh
	$(Q)$(SUBMAKE) BUILD=$(BUILD)/gcc CC=gcc all tests bench-build
	$(Q)$(SUBMAKE) BUILD=$(BUILD)/clang CC=clang all tests bench-build
	@echo "  CPPCHECK"
	$(Q)cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability --inline-suppr \
		--suppress=missingIncludeSystem --suppress=unknownMacro --suppress=memleak -j $(JOBS) -I. -D_GNU_SOURCE \
		-DCNM_VERSION='""' $(LIB_SRC) $(HOOK_SRC)
	@echo "  TIDY"
	$(Q)printf '%s\n' $(LIB_SRC) $(HOOK_SRC) | xargs -P $(JOBS) -n 4 sh -c \
		'clang-tidy --quiet "$$@" -- -std=gnu11 -I. -D_GNU_SOURCE -DCNM_VERSION=\"\" $(PKG_CFLAGS) 2>$(BUILD)/tidy.$$$$ \
		|| { grep -v "warnings generated" $(BUILD)/tidy.$$$$; exit 255; }; rm -f $(BUILD)/tidy.$$$$' sh

# Criterion ends well although a leak was printed: the report goes to a file, and a file is a failure.
asan: deps ## the tests under AddressSanitizer and LeakSanitizer
	$(Q)rm -rf $(BUILD)/asan/reports && mkdir -p $(BUILD)/asan/reports
	$(Q)$(SUBMAKE) BUILD=$(BUILD)/asan CFLAGS='-O1 -g -fno-omit-frame-pointer' SANITIZE=-fsanitize=address all tests
	$(Q)ASAN_OPTIONS=log_path=$(abspath $(BUILD))/asan/reports/asan:detect_stack_use_after_return=1 \
		LSAN_OPTIONS=suppressions=$(CURDIR)/tests/support/lsan.supp:print_suppressions=0 CNM_SANITIZER=asan \
		$(MAKE) --no-print-directory BUILD=$(BUILD)/asan run-tests
	@if [ -n "$$(ls $(BUILD)/asan/reports)" ]; then cat $(BUILD)/asan/reports/*; exit 1; fi

ubsan: deps ## the tests under UndefinedBehaviorSanitizer
	$(Q)$(SUBMAKE) BUILD=$(BUILD)/ubsan CFLAGS='-O1 -g' SANITIZE='-fsanitize=undefined -fno-sanitize-recover=all' all tests
	$(Q)UBSAN_OPTIONS=print_stacktrace=1 CNM_SANITIZER=ubsan $(MAKE) --no-print-directory BUILD=$(BUILD)/ubsan run-tests

sweep: deps ## every verb, killed before and after every system call, and failed at each; what is left is counted
	$(Q)$(SUBMAKE) all $(SWEEP) $(SWEEP_MALLOC) $(SWEEP_CNM)
	@$(SWEEP) -j $(JOBS) -k $(KINDS) -e $(EVERY) $(if $(VERBS),-v $(VERBS)) $(abspath $(BUILD)/cnm $(SWEEP_MALLOC) $(SWEEP_CNM))

soak: deps ## CYCLES (20000) ADD and DEL; what a leak would let grow is counted before and after
	$(Q)$(SUBMAKE) all
	@CNM=$(abspath $(BUILD))/cnm CYCLES='$(CYCLES)' sh tests/tools/soak.sh

fuzz: deps ## each parser of input under libFuzzer, FUZZ_SECONDS each; prints executions and findings
	$(Q)$(SUBMAKE) BUILD=$(BUILD)/fuzz CC=clang CFLAGS='-O1 -g -fno-omit-frame-pointer' \
		SANITIZE='-fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined' $(BUILD)/fuzz/fuzz/fuzz $(BUILD)/fuzz/fuzz/replay
	@sh tests/fuzz/run.sh $(BUILD)/fuzz/fuzz tests/fuzz/corpus $(FUZZ_SECONDS)

# BENCH_OUT is where bench.json, the plots and performance.md go. `make bench-docs` puts the last run into docs/.
BENCH_OUT ?= $(BUILD)/bench
bench: deps bench-deps ## cnm beside a bare program and its peers; growth; runc's start: tables, JSON, plots (tests/bench/bench.py)
	$(Q)$(SUBMAKE) all bench-build
	@CNM='$(abspath $(BUILD))/cnm' BENCH_DIR='$(abspath $(BUILD))/bench' BENCH_OUT='$(abspath $(BENCH_OUT))' sh tests/bench/run.sh

bench-deps: ## install the peers that `make bench` measures (Debian)
	@$(MAKE) --no-print-directory deps DEPS_RUN='$(DEPS_BENCH)' DEPS_BUILD= DEPS_TEST= DEPS_VM=

bench-docs: ## put the last run of `make bench` into docs/performance.md
	@sh tests/bench/docs.sh '$(BENCH_OUT)'

bench-dns: deps ## the name service beside dnsmasq and aardvark-dns, with dnsperf
	$(Q)$(SUBMAKE) all
	@CNM='$(abspath $(BUILD))/cnm' sh tests/bench/dns.sh

.PHONY: bench-build
bench-build: $(addprefix $(BUILD)/bench/,bare_attach runner fill ports connections) $(CALLGRIND_OPENAT2)

install: all $(BUILD)/libcnm.pc ## install executable, library, headers and CNI plugin (DESTDIR, PREFIX, CNI_BIN_DIR)
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(INCLUDEDIR)/cnm/base $(DESTDIR)$(CNI_BIN_DIR)
	install -m 755 $(BUILD)/cnm $(DESTDIR)$(BINDIR)/cnm
	install -m 755 $(BUILD)/cnm $(DESTDIR)$(CNI_BIN_DIR)/cnm
	install -m 644 $(BUILD)/libcnm.so $(DESTDIR)$(LIBDIR)/libcnm.so.$(VERSION)
	ln -sf libcnm.so.$(VERSION) $(DESTDIR)$(LIBDIR)/libcnm.so.$(SOVERSION)
	ln -sf libcnm.so.$(SOVERSION) $(DESTDIR)$(LIBDIR)/libcnm.so
	install -m 644 $(BUILD)/libcnm.a $(DESTDIR)$(LIBDIR)/libcnm.a
	install -m 644 $(BUILD)/libcnm.pc $(DESTDIR)$(LIBDIR)/pkgconfig/libcnm.pc
	install -m 644 cnm/cnm.h $(DESTDIR)$(INCLUDEDIR)/cnm/cnm.h
	install -m 644 cnm/base/error.h $(DESTDIR)$(INCLUDEDIR)/cnm/base/error.h
	@if [ -z '$(DESTDIR)' ] && [ "$$(id -u)" = 0 ]; then ldconfig; fi

# Names of the reference plugins under which the installed plugin answers too. A link of ours leads to `cnm` beside it, and to nothing else; what is
# not such a link is somebody else's: it is not overwritten, and not removed. All names are looked at before one is linked.
CNI_DROPIN := bridge host-local portmap firewall tuning loopback bandwidth macvlan ipvlan vlan

install-cni-dropin: ## let the installed CNI plugin stand in for the reference plugins, by links in CNI_BIN_DIR
	@cd '$(DESTDIR)$(CNI_BIN_DIR)' && test -x cnm || \
		{ echo "install-cni-dropin: $(DESTDIR)$(CNI_BIN_DIR)/cnm is not there: make install comes first" >&2; exit 1; }
	@cd '$(DESTDIR)$(CNI_BIN_DIR)' && for name in $(CNI_DROPIN); do \
		if [ "$$(readlink $$name)" != cnm ] && { [ -e $$name ] || [ -L $$name ]; }; then \
			echo "install-cni-dropin: $(DESTDIR)$(CNI_BIN_DIR)/$$name is not ours: move it away first; nothing was linked" >&2; \
			exit 1; \
		fi; \
	done
	$(Q)cd '$(DESTDIR)$(CNI_BIN_DIR)' && for name in $(CNI_DROPIN); do ln -sfn cnm $$name || exit 1; done

uninstall-cni-dropin: ## remove the links of install-cni-dropin
	$(Q)if cd '$(DESTDIR)$(CNI_BIN_DIR)' 2>/dev/null; then for name in $(CNI_DROPIN); do \
		[ "$$(readlink $$name)" != cnm ] || rm -f $$name; done; fi

uninstall: uninstall-cni-dropin ## remove what install put
	rm -f $(DESTDIR)$(BINDIR)/cnm $(DESTDIR)$(CNI_BIN_DIR)/cnm $(DESTDIR)$(LIBDIR)/libcnm.so.$(VERSION) \
		$(DESTDIR)$(LIBDIR)/libcnm.so.$(SOVERSION) $(DESTDIR)$(LIBDIR)/libcnm.so $(DESTDIR)$(LIBDIR)/libcnm.a \
		$(DESTDIR)$(LIBDIR)/pkgconfig/libcnm.pc $(DESTDIR)$(INCLUDEDIR)/cnm/cnm.h \
		$(DESTDIR)$(INCLUDEDIR)/cnm/base/error.h
	-rmdir $(DESTDIR)$(INCLUDEDIR)/cnm/base $(DESTDIR)$(INCLUDEDIR)/cnm

clean: ## remove what was built
	rm -rf $(BUILD)

# An object follows the flags too: a build with other ones is another build.
$(BUILD)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(ALL_CFLAGS) $(if $(filter tests/%,$<),$(TEST_CFLAGS)) -MMD -MP -c -o $@ $<

# The rulesets are text that people read; the object that carries them follows them.
$(BUILD)/obj/drivers/ruleset_table.o: drivers/ruleset.nft drivers/ruleset_bridge.nft

$(BUILD)/libcnm.a: $(LIB_OBJ)
	@echo "  AR    $@"
	$(Q)rm -f $@ && ar rcs $@ $^

$(BUILD)/libcnm.so: $(LIB_OBJ) cnm/cnm.sym
	@echo "  LD    $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -shared -Wl,-soname,libcnm.so.$(SOVERSION) -Wl,--version-script,cnm/cnm.sym \
		-Wl,-Bsymbolic-functions -o $@ $(LIB_OBJ) $(PKG_LIBS)

# Made anew each time: PREFIX is another one perhaps.
.PHONY: $(BUILD)/libcnm.pc
$(BUILD)/libcnm.pc: cnm.pc.in
	$(Q)sed -e 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@INCLUDEDIR@|$(INCLUDEDIR)|; s|@VERSION@|$(VERSION)|' \
		-e 's|@LIBS_PRIVATE@|$(PKG_LIBS)|' cnm.pc.in >$@

$(BUILD)/cnm: $(HOOK_OBJ) $(BUILD)/libcnm.a
	@echo "  LD    $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(HOOK_OBJ) $(BUILD)/libcnm.a $(EXE_LIBS)

$(TESTS): $(TEST_OBJ) $(BUILD)/obj/tests/fuzz/dns.o $(filter-out %/main.o,$(HOOK_OBJ)) $(BUILD)/libcnm.a
	@mkdir -p $(@D)
	@echo "  LD    $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) -lcriterion -lcap -lldns

$(PROBE): $(PROBE_OBJ)
	@mkdir -p $(@D)
	@echo "  LD    $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ -lresolv

$(PEAK): $(BUILD)/obj/tests/tools/peak.o
	@mkdir -p $(@D)
	@echo "  LD    $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $<

$(CALLGRIND_OPENAT2): $(BUILD)/obj/tests/tools/callgrind_openat2.o
	@mkdir -p $(@D)
	@echo "  LD    $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -shared -o $@ $< -ldl

$(SWEEP): $(SWEEP_OBJ)
	@mkdir -p $(@D)
	@echo "  LD    $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ -lmnl -lnftables

$(SWEEP_MALLOC): $(BUILD)/obj/tests/sweep/fail_malloc.o
	@mkdir -p $(@D)
	@echo "  LD    $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -shared -o $@ $<

# With the shared libraries: which of them asks for memory is told by where its code lies.
$(SWEEP_CNM): $(HOOK_OBJ) $(BUILD)/libcnm.a
	@mkdir -p $(@D)
	@echo "  LD    $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(FUZZ_REPLAY): $(BUILD)/obj/tests/fuzz/replay.o $(FUZZ_OBJ) $(BUILD)/libcnm.a
	@mkdir -p $(@D)
	@echo "  LD    $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) -lldns

$(BUILD)/fuzz/fuzz: $(BUILD)/obj/tests/fuzz/engine.o $(FUZZ_OBJ) $(BUILD)/libcnm.a
	@mkdir -p $(@D)
	@echo "  LD    $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(PKG_LIBS) -lldns

$(BUILD)/bench/runner: $(BUILD)/obj/tests/bench/runner_job.o
$(BUILD)/bench/fill: $(BUILD)/libcnm.a

$(BUILD)/bench/%: $(BUILD)/obj/tests/bench/%.o
	@mkdir -p $(@D)
	@echo "  LD    $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

-include $(LIB_OBJ:.o=.d) $(HOOK_OBJ:.o=.d) $(TEST_OBJ:.o=.d) $(PROBE_OBJ:.o=.d) $(SWEEP_OBJ:.o=.d) $(FUZZ_OBJ:.o=.d) $(wildcard $(BUILD)/obj/tests/bench/*.d)

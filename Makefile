# SPDX-License-Identifier: Apache-2.0
# The front door. `make help` lists what it does.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help packages packages-test packages-check packages-cluster build install uninstall run cluster test soak mutants fuzz tsan tidy format bench bench-parts clean

# Where `make run` listens (port, host:port or a listener as in server.properties) and keeps data.
LISTEN ?= 127.0.0.1:9092
DATA ?= ./data
# Where the three brokers of `make cluster` listen (PORT, the next two; ZooKeeper on the one after),
# and where they keep data.
PORT ?= 9092
CLUSTER_DATA ?= ./data-cluster
# How long `make fuzz` runs each fuzz target.
FUZZ_SECONDS ?= 60
# How long `make soak` runs the fault campaigns, and from which seed (nothing: one that is drawn).
SOAK_SECONDS ?= 3600
SEED ?=
# Where `make install` puts the program; DESTDIR stands before it where a package is made.
PREFIX ?= /usr/local
DESTDIR ?=
# What `make bench` measures (bench/README.md); nothing: all of it.
FIGURES ?=

help:  ## This list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 16

packages:
	@tools/install_packages tools/packages.txt

packages-check: packages
	@tools/install_packages tools/packages-check.txt

packages-test: packages
	@tools/install_packages tools/packages-test.txt

build: packages  ## Build the server: build/release/odradek, bin/ and config/ beside it
	@tools/configure release
	@ninja -C build/release product
	@echo "built build/release/odradek (Kafka's command names in build/release/bin)"

install: build  ## Install program, links, completions and manual page (PREFIX=/usr/local, DESTDIR=)
	@tools/install install build/release "$(DESTDIR)" "$(PREFIX)"

uninstall:  ## Remove what `make install` put there, but for a configuration that was changed
	@tools/install uninstall build/release "$(DESTDIR)" "$(PREFIX)"

run: build  ## Start a single node on 127.0.0.1:9092, data in ./data (LISTEN=, DATA=)
	@tools/run_node build/release/odradek "$(LISTEN)" "$(DATA)"

packages-cluster: packages
	@tools/install_packages tools/packages-cluster.txt

cluster: build packages-cluster  ## Start ZooKeeper and three brokers on this machine, 9092 to 9094 (PORT=, CLUSTER_DATA=)
	@tools/run_cluster build/release/odradek "$(CLUSTER_DATA)" "$(PORT)"

test: packages-test  ## Build and run all tests, with sanitizers where it matters
	@python3 tools/run_tests.py

soak: build packages-test  ## The fault campaigns for as long as asked (SOAK_SECONDS=3600, SEED=)
	@tests/clients/install.sh
	@ninja -C build/release --quiet failing_calls sim_test log_test replica_test
	@tests/faults/soak.py --seconds $(SOAK_SECONDS) $(if $(SEED),--seed $(SEED))

mutants: packages-test  ## Wrong lines on purpose: the fault tests must turn red
	@tests/clients/install.sh
	@tests/faults/mutants.py

tsan: packages  ## The unit tests under ThreadSanitizer
	@python3 tools/run_tests.py --preset tsan

fuzz: packages-check  ## Run every fuzz target under libFuzzer (FUZZ_SECONDS=60 each)
	@python3 tools/run_fuzzers.py --seconds $(FUZZ_SECONDS)

tidy: packages-check  ## Check the whole tree with clang-format and clang-tidy
	@python3 tools/run_tidy.py

format: packages-check  ## Format all C++ files
	@git ls-files '*.cc' '*.h' | xargs clang-format-19 -i

bench: build packages-test  ## Measure the figures, beside Apache Kafka's (FIGURES="cpu idle")
	@ninja -C build/release --quiet connection_load process_cost
	@bench/figures.py $(FIGURES)

bench-parts: packages  ## Build and run the micro-benchmarks
	@tools/configure release
	@ninja -C build/release --quiet benchmarks
	@for bench in $$(find build/release -maxdepth 1 -name '*_bench' -type f | sort); do \
	  echo "== $${bench##*/}"; $$bench || exit 1; done

clean:  ## Remove everything that was built (not ./data)
	@rm -rf build

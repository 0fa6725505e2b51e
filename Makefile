# The front door. `make demo` and `make test` work on a fresh Debian 12 machine.
SHELL := /bin/bash
PRESET ?= release
BUILD := build/$(PRESET)
VENV := build/venv
# A user's compiler may warn of what ours do not: warnings are errors in the developers' presets and with WERROR=ON.
WARNINGS := $(if $(WERROR),-DCMAKE_COMPILE_WARNING_AS_ERROR=$(WERROR))
PYTHON := $(CURDIR)/$(VENV)/bin/python

.PHONY: help deps build demo test test-all test-engines bench fault-bench lint lint-all asan tsan fuzz clean reference model fixtures wheel

help:
	@echo "make demo      build, fetch a real model and llama.cpp, compare them position by position"
	@echo "make test      build and run every test"
	@echo "make build     the program alone: $(BUILD)/crossval"
	@echo "make test-all  the full matrix of formats, architectures and tokenizers (long)"
	@echo "make test-engines  mlx, OpenVINO, tinygrad, transformers, candle and llama-server beside native (fetches them)"
	@echo "make wheel     build/wheel/dist/crossval-….whl: the program and its Python package, for pip install"
	@echo "make bench     benchmarks, paired with llama.cpp"
	@echo "make fault-bench  is explain right? writes docs/fault-bench.md (an hour, the first time)"
	@echo "make lint      clang-format, clang-tidy, layers, shellcheck, pyflakes"
	@echo "make asan tsan unit tests under sanitizers"
	@echo "make fuzz      every fuzz target for FUZZ_SECONDS (default 10) seconds"
	@echo "make clean     remove build/ (the cache of model and reference stays)"

deps:
	@scripts/deps.sh build test

build: deps
	@cmake --preset $(PRESET) $(WARNINGS) >/dev/null
	@cmake --build $(BUILD) --target crossval

reference: deps
	@scripts/reference.sh worker >/dev/null
	@scripts/reference.sh jinja >/dev/null

# ERAS: releases of deps/reference.txt whose llama.h is another era's
ERAS := 0.3.1 0.1.5
fixtures: reference model
	@scripts/reference.sh archs >/dev/null
	@scripts/reference.sh worker --profile production >/dev/null
	@for release in $(ERAS); do \
	  scripts/reference.sh worker --src "$$(scripts/reference.sh source --release $$release)" >/dev/null || exit 1; \
	done

model: deps
	@scripts/reference.sh model >/dev/null

demo: build
	@scripts/demo.sh $(BUILD)/crossval

$(VENV)/.installed: deps/pypi.txt | deps
	@/usr/bin/python3 -m venv $(VENV)
	@$(PYTHON) -m pip install -q --no-deps --require-hashes -r deps/pypi.txt
	@touch $@

# Three at a time on two cores: some tests wait for a clock.
test: build fixtures $(VENV)/.installed
	@cmake --build $(BUILD)
	@ctest --test-dir $(BUILD) --output-on-failure -j 3 $(CTEST_FLAGS)

# Engines that nobody here wrote, 97 MB to fetch, and the compiler that tinygrad runs. Without them `make test` names
# e2e.engines as skipped.
build/engines/.installed: deps/engines.txt | deps
	@scripts/deps.sh engines
	@/usr/bin/python3 -m venv build/engines
	@build/engines/bin/python -m pip install -q --no-deps --require-hashes -r deps/engines.txt
	@touch $@

# transformers for hf:DIR, 560 MB to fetch. Without them `make test` names e2e.transformers as skipped.
build/transformers/.installed: deps/transformers.txt scripts/torch_stubs.py | deps
	@/usr/bin/python3 -m venv build/transformers
	@build/transformers/bin/python -m pip install -q --no-deps --require-hashes -r deps/transformers.txt
	@scripts/torch_stubs.py build/transformers
	@touch $@

# What llama-cpp-python's server stands on, 17 MB to fetch.
build/servers/.installed: deps/servers.txt | deps
	@/usr/bin/python3 -m venv build/servers
	@build/servers/bin/python -m pip install -q --no-deps --require-hashes -r deps/servers.txt
	@touch $@

# Ray for crossval.ray, 80 MB to fetch. Without it `make test` names e2e.ray as skipped.
build/ray/.installed: deps/ray.txt | deps
	@/usr/bin/python3 -m venv build/ray
	@build/ray/bin/python -m pip install -q --no-deps --require-hashes -r deps/ray.txt
	@touch $@

# pyarrow and DuckDB for crossval.parquet, 80 MB to fetch. Without them `make test` names e2e.parquet as skipped.
build/parquet/.installed: deps/parquet.txt | deps
	@/usr/bin/python3 -m venv build/parquet
	@build/parquet/bin/python -m pip install -q --no-deps --require-hashes -r deps/parquet.txt
	@touch $@

# candle needs a Rust toolchain (minutes, once); without one e2e.candle is named as skipped.
test-engines: build fixtures $(VENV)/.installed build/engines/.installed build/transformers/.installed build/servers/.installed build/ray/.installed build/parquet/.installed
	@scripts/candle.sh >/dev/null || [ $$? -eq 4 ]
	@scripts/llama_tools.sh >/dev/null
	@ctest --test-dir $(BUILD) --output-on-failure -R '^e2e.(engines|candle|llama_imatrix|llama_perplexity|llama_server|llama_cpp_python|parquet|ray|transformers|written_files)$$' $(CTEST_FLAGS)

# What builds the wheel, 0.3 MB to fetch. Without a wheel `make test` names e2e.wheel as skipped.
build/wheel/.installed: deps/wheel.txt | deps
	@/usr/bin/python3 -m venv build/wheel/venv
	@build/wheel/venv/bin/python -m pip install -q --no-deps --require-hashes -r deps/wheel.txt
	@touch $@

# By the compiler of `make build`, not Python's own: the same objects.
wheel: build/wheel/.installed
	@rm -rf build/wheel/dist
	@CC=$${CC:-cc} CXX=$${CXX:-c++} build/wheel/venv/bin/python -m pip wheel -q --no-deps --no-build-isolation -w build/wheel/dist \
	  $(if $(WERROR),--config-settings=cmake.define.CMAKE_COMPILE_WARNING_AS_ERROR=$(WERROR)) .
	@ls build/wheel/dist/*.whl

test-all: build fixtures wheel $(VENV)/.installed
	@scripts/deps.sh bare
	@cmake --build $(BUILD)
	@CROSSVAL_TEST_ALL=1 ctest --test-dir $(BUILD) --output-on-failure -j 2 $(CTEST_FLAGS)

bench: reference model
	@scripts/deps.sh build bench
	@scripts/bench.sh

fault-bench: build fixtures $(VENV)/.installed
	@CROSSVAL=$(CURDIR)/$(BUILD)/crossval $(PYTHON) scripts/fault_bench.py --write docs/fault-bench.md

lint:
	@scripts/deps.sh build test lint
	@scripts/lint.sh

lint-all:
	@scripts/deps.sh build test lint bench
	@LINT_ALL=1 scripts/lint.sh

# Tests that count over millions of made weights: minutes each under ASan, and no code that others do not run.
COUNTING := '(TakeAllJointValues|^JointValues)'
asan: deps
	@scripts/deps.sh lint
	@cmake --preset $@ >/dev/null
	@cmake --build build/$@
	@ctest --test-dir build/$@ --output-on-failure -j 2 -L unit -E $(COUNTING) $(CTEST_FLAGS)

# What has threads: the pool, what runs on it, both engines in lockstep.
tsan: deps
	@cmake --preset $@ >/dev/null
	@cmake --build build/$@ --target threads_tests
	@ctest --test-dir build/$@ --output-on-failure -j 2 -L threads $(CTEST_FLAGS)

fuzz: deps
	@scripts/deps.sh lint
	@scripts/fuzz.sh $(or $(FUZZ_SECONDS),10)

clean:
	@rm -rf build

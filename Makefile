# The front door. `make run` and `make test` set everything up themselves.
#
#   make run      build, then settle the built-in study: about a minute on two cores
#   make test     build and run the whole test suite
#   make check    the suite under sanitizers, clang-tidy, formatting, includes
#   make docs-test  every command of README.md and docs/*.md, and what it prints
#   make fuzz     every parser against a minute of hostile input (FUZZ_SECONDS=60)
#   make pytorch  weights to PyTorch and back (needs PyTorch: PYTHON=/usr/bin/python3)
#   make aa       an order against itself in 200 real studies: how often a verdict is wrong
#   make calibrate  error rates and power of the rules by simulation, in five minutes
#   make bench    measure the training step beside the core's peaks
#   make bench-peers  the same beside PyTorch, in alternation (PYTHON=/usr/bin/python3)
#   make install  install the program (PREFIX=/usr/local)
#   make format   reformat the sources

PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60
PYTHON ?= /usr/bin/python3
SOURCES = $(shell git ls-files 'src/*.h' 'src/*.cpp' 'tests/*.h' 'tests/*.cpp' \
  'fuzz/*.h' 'fuzz/*.cpp' 'bench/*.cpp')

.PHONY: run test check docs-test fuzz pytorch aa calibrate bench bench-peers install format format-check includes-check sanitize tidy program setup

run: program
	./build/release/whichfirst compare

test: setup
	@cmake --preset release >build/configure.log || { cat build/configure.log; exit 1; }
	cmake --build --preset release
	ctest --test-dir build/release --output-on-failure --parallel 2

check: format-check includes-check sanitize tidy

docs-test: program
	scripts/docs_test.py build/release/whichfirst

bench: program
	./build/release/whichfirst bench

bench-peers: program
	./build/release/whichfirst bench --peers --python $(PYTHON)

aa: setup
	@cmake --preset release >build/configure.log || { cat build/configure.log; exit 1; }
	cmake --build --preset release --target aa-studies
	./build/release/bench/aa-studies $(shell nproc)

calibrate: setup
	@cmake --preset release >build/configure.log || { cat build/configure.log; exit 1; }
	cmake --build --preset release --target stats-calibration
	./build/release/bench/stats-calibration

install: program
	cmake --install build/release --prefix $(PREFIX)

program: setup
	@cmake --preset release >build/configure.log || { cat build/configure.log; exit 1; }
	cmake --build --preset release --target whichfirst

setup:
	@scripts/setup
	@mkdir -p build

sanitize:
	scripts/setup check
	cmake --preset sanitize
	cmake --build --preset sanitize
	ctest --test-dir build/sanitize --output-on-failure --parallel 2

tidy:
	scripts/setup check
	cmake --preset tidy
	git ls-files 'src/*.cpp' | xargs --max-procs=2 -n 4 clang-tidy-14 --quiet -p build/tidy

fuzz:
	scripts/setup check
	@mkdir -p build
	@cmake --preset fuzz >build/configure-fuzz.log || { cat build/configure-fuzz.log; exit 1; }
	cmake --build --preset fuzz
	scripts/fuzz $(FUZZ_SECONDS)

pytorch: program
	$(PYTHON) scripts/pytorch_check.py build/release/whichfirst

format:
	scripts/setup check
	clang-format-14 -i $(SOURCES)

format-check:
	scripts/setup check
	clang-format-14 --dry-run --Werror $(SOURCES)

includes-check:
	scripts/check_includes

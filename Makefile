# Accrete. `make help` lists the targets.

PREFIX ?= /usr/local
DESTDIR ?=
INPUTS ?= 100000
SWIFT_BUILD = swift build -c release

.DEFAULT_GOAL := help
.PHONY: help demo test suites oclgrind fuzz lint format install dist size clean

help: ## this list
	@sed -nE 's/^([a-z]+):.*## (.*)/\1|\2/p' $(MAKEFILE_LIST) | awk -F '|' '{ printf "  make %-8s  %s\n", $$1, $$2 }'

demo: ## from nothing to a grown model: fetch, build, four compounding rounds (15 minutes on two cores)
	Scripts/setup.sh --demo
	Scripts/demo.sh

# One configuration for everything, so that nothing compiles twice. A bare `swift test -c release` would build the whole
# package again with -enable-testing, which the tests do not need: they use declarations marked `package`.
test: ## build, run every test, read damaged files with every reader, and check every kernel under Oclgrind
	Scripts/setup.sh
	rm -f .build/release.yaml # with the plan of an earlier `--product` build SwiftPM would also build protobuf's compiler
	$(SWIFT_BUILD) --build-tests
	$(MAKE) --no-print-directory --jobs=2 suites oclgrind

# `make test` starts both at once: the suites leave a third of two cores idle, and Oclgrind uses one core.
suites: ## every test, then damaged files with every reader; needs a build
	swift test -c release --skip-build
	.build/release/fuzz

oclgrind: ## every kernel under Oclgrind; needs a build
	Scripts/oclgrind.sh

fuzz: ## INPUTS=100000: read that many damaged files with every reader
	$(SWIFT_BUILD) --product fuzz
	.build/release/fuzz --inputs $(INPUTS)

lint: ## check formatting and house style
	Scripts/lint.sh

format: ## format all Swift files in place
	swift format --in-place --recursive Package.swift Sources Tests

install: ## PREFIX=/usr/local DESTDIR=: the program, its kernels, recipes and docs
	$(SWIFT_BUILD) --product accrete
	install -d '$(DESTDIR)$(PREFIX)/bin' '$(DESTDIR)$(PREFIX)/share/accrete'
	install -m 755 .build/release/accrete '$(DESTDIR)$(PREFIX)/bin/accrete'
	rm -rf '$(DESTDIR)$(PREFIX)/share/accrete/kernels'
	cp -r kernels recipes docs '$(DESTDIR)$(PREFIX)/share/accrete/'

dist: ## an archive for machines without Swift, in dist/
	Scripts/dist.sh

size: ## files, median, 90th percentile and longest, for each folder
	@Scripts/size.sh

clean: ## remove build products; runs/, models/ and data/ stay
	rm -rf .build .build-dist dist

# Every target makes and uses .venv; nothing has to be installed by hand.
PYTHON ?= python3
BIN := .venv/bin
PEERS := chromium cups cups-client cups-filters cups-ipp-utils dcmtk e2fsprogs fonts-dejavu-core gcc ghostscript libc6-dev libfaketime mount \
	mupdf-tools openssl poppler-utils postgresql qpdf systemd

# Tests start hundreds of processes; none of them is to compile the package again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test quick check peers bench gallery clean

demo: .venv/installed  ## start the printer, print real images to it, leave the films in demo/films
	$(BIN)/python samples/demo.py demo

test: check peers  ## all checks and tests; missing peers fail in CI and are skipped elsewhere
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

quick: .venv/installed  ## the tests that need no other program
	$(BIN)/pytest -n 2 -m "not peer and not slow"

check: .venv/installed  ## lint, format, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/installed peers  ## ratios, beside DCMTK's print server, a memcpy and an empty queue
	$(BIN)/python benchmarks/acceptance.py
	$(BIN)/python benchmarks/backlog.py
	$(BIN)/python benchmarks/bench_printer.py
	$(BIN)/python benchmarks/lightbox.py
	$(BIN)/python benchmarks/pages.py
	$(BIN)/python benchmarks/throughput.py
	$(BIN)/python benchmarks/wire.py

gallery: .venv/installed  ## the golden films anew, and the pictures in docs made of them: look before you keep them
	$(BIN)/python tests/golden/update.py
	$(BIN)/python samples/make_gallery.py

# The programs to test against, where they can be installed: as root on Debian.
peers:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && ! dpkg -s $(PEERS) >/dev/null 2>&1; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $(PEERS); \
	fi

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

clean:
	rm -rf .venv demo dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis

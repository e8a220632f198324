# Tests of the web page in a real browser; included by the main Makefile.
PAGE_VENV ?= .toolchain/page-venv
PAGE_PYTHON = $(PAGE_VENV)/bin/python

$(PAGE_VENV)/installed: tests/page/requirements.txt
	python3 -m venv $(PAGE_VENV)
	$(PAGE_PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes --requirement tests/page/requirements.txt
	touch $@

.PHONY: test-page page-pictures
test-page: build $(PAGE_VENV)/installed ## Test the web page in Chromium (fetched from Debian, without root, where the machine has none)
	$(PAGE_PYTHON) -m unittest discover --start-directory tests/page --top-level-directory . $(TESTS)

page-pictures: build $(PAGE_VENV)/installed ## Take the documents' pictures of the web page anew
	$(PAGE_PYTHON) -m tests.page.pictures

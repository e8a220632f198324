# Tests of the web page in a real browser; included by the main Makefile.
PAGE_PYTHON := $(VENV)/tests/page/bin/python

.PHONY: test-page page-pictures
test-page: build $(VENV)/tests/page/installed .toolchain/cos-server/.installed ## Test the web page in Chromium (fetched from Debian, without root, where the machine has none)
	@$(MAKE) --no-print-directory cutout || [ -z "$$CI" ]
	PYTHONPATH="$(CURDIR)/.toolchain/cos-server" $(PAGE_PYTHON) -m unittest discover --start-directory tests/page --top-level-directory . $(TESTS)

page-pictures: build $(VENV)/tests/page/installed ## Take the documents' pictures of the web page anew
	$(PAGE_PYTHON) -m tests.page.pictures

# Calls of the service made up from its own description; included by the main Makefile.
API_VENV := .toolchain/api-venv

$(API_VENV)/installed: tests/api/requirements.txt
	python3 -m venv $(API_VENV)
	$(API_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

.PHONY: test-api
test-api: build $(API_VENV)/installed ## Test `vision serve` with calls made up from its OpenAPI description
	VISION=$(VISION) SCHEMATHESIS=$(API_VENV)/bin/schemathesis tests/api/run

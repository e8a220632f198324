# Calls of the service made up from its own description; included by the main Makefile.
.PHONY: test-api
test-api: build $(VENV)/tests/api/installed ## Test `vision serve` with calls made up from its OpenAPI description
	VISION=$(VISION) SCHEMATHESIS=$(VENV)/tests/api/bin/schemathesis tests/api/run

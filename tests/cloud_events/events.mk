# Events made up by the SDK of CloudEvents; included by the main Makefile.
.PHONY: test-cloud-events
test-cloud-events: build $(VENV)/tests/cloud_events/installed ## Test `vision serve` with events that CloudEvents' Python SDK makes up and reads
	VISION=$(VISION) $(VENV)/tests/cloud_events/bin/python -m unittest discover -q -s tests/cloud_events -t .

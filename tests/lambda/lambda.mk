# AWS Lambda's own emulator, out of its tool's wheel; included by the main Makefile.
.toolchain/lambda-emulator/.installed: tests/lambda/requirements.txt tests/lambda/fetch.py
	@python3 -m tests.lambda.fetch "$(@D)"
	@touch $@

.PHONY: test-lambda
test-lambda: test-package .toolchain/lambda-emulator/.installed .toolchain/cos-server/.installed ## Test `vision lambda` in AWS Lambda's own emulator
	PYTHONPATH="$(CURDIR)/.toolchain/cos-server" python3 -m unittest discover -s tests/lambda -t . $(TESTS)

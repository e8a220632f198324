# Pictures in S3's buckets, and uploads into them; included by the main Makefile.
S3S_FS_VERSION := 0.14.1
S3S_FS := .toolchain/s3s-fs-$(S3S_FS_VERSION)/bin/s3s-fs

# A server that holds to the policies of uploads, which moto does not. Not optimised: it takes longer to build than to use.
$(S3S_FS):
	cargo install s3s-fs --version $(S3S_FS_VERSION) --locked --debug --features binary --quiet --root $(dir $(@D))

.PHONY: test-s3
test-s3: build test-guests .toolchain/cos-server/.installed $(S3S_FS) ## Test `vision lambda` and `vision serve` with buckets of moto and s3s
	PYTHONPATH="$(CURDIR)/.toolchain/cos-server" VISION=$(VISION) S3S_FS=$(S3S_FS) python3 -m unittest -q $(S3_TESTS)

S3_TESTS ?= tests.s3.test_batch tests.s3.test_events tests.s3.test_labels tests.s3.test_pictures tests.s3.test_records tests.s3.test_uploads

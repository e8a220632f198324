# Packages for Tencent SCF; included by the main Makefile. Paths are relative to the repository root.
.PHONY: package test-package
package: build ## Make dist/layer.zip and dist/scf.zip for Tencent SCF, and dist/sbom.cdx.json of what is in them
	@python3 -m package

# What the tests of `vision scf` need: a root with nothing but the packages and a shell, and a storage server.
test-package: package .toolchain/cos-server/.installed .toolchain/sbom-validator/.installed
	@python3 -m package.platform target/platform
	python3 -m unittest discover -q -s package/tests -t .

.toolchain/cos-server/.installed: tests/cos/requirements.txt
	@python3 -c 'from pathlib import Path; from toolchain import pypi; pypi.install(Path("$(@D)"), Path("$<"))'
	@touch $@

# CycloneDX's own validator, for dist/sbom.cdx.json.
.toolchain/sbom-validator/.installed: tests/sbom/requirements.txt
	@python3 -c 'from pathlib import Path; from toolchain import pypi; pypi.install(Path("$(@D)"), Path("$<"))'
	@touch $@

# Manifests for Kubernetes, Knative and OpenFaaS; included by the main Makefile.
.PHONY: openfaas test-deploy-kubernetes
# The functions that faas-cli puts into images; whoever builds those vouches for the functions' native code.
openfaas: build picture-functions ## Put the functions where deploy/openfaas/stack.yaml builds them
	@for function in recognize cutout thumbnail; do \
		[ -f "dist/$$function.wasm" ] || { echo "openfaas: dist/$$function.wasm is not built"; continue; }; \
		cp "dist/$$function.wasm" "deploy/openfaas/$$function/function.wasm" && \
		(cd "deploy/openfaas/$$function" && sha256sum function.wasm > known-modules) || exit 1; \
	done

test-deploy-kubernetes: build $(VENV)/deploy/kubernetes/installed ## Test the manifests for Kubernetes, Knative and OpenFaaS against the schemas of their kinds
	VISION=$(VISION) $(VENV)/deploy/kubernetes/bin/python -m unittest discover -q -s deploy/kubernetes/tests -t .
	VISION=$(VISION) $(VENV)/deploy/kubernetes/bin/python -m unittest discover -q -s deploy/openfaas/tests -t .

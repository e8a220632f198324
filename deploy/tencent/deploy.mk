# Targets of deploying; included by the main Makefile. Paths are relative to the repository root.
VIA ?= tool
WITH_NODE = node=$$(python3 -m toolchain node) || exit 2; export PATH="$$node:$$PATH";
DEPLOY = $(WITH_NODE) node deploy/tencent/main.js
DEPLOY_PACKAGES = deploy/tencent/node_modules/.package-lock.json

.PHONY: deploy deploy-web deploy-url deploy-web-url deploy-site-url deploy-check remove remove-web test-deploy
deploy: deploy-check ## Build, package and deploy to Tencent Cloud: docs/deploy.md (VIA=api: without the Serverless tool)
	@$(MAKE) --no-print-directory package
	@$(DEPLOY) deploy --via $(VIA)

deploy-web: deploy-check ## The same as a web function, beside the other
	@$(MAKE) --no-print-directory package
	@$(DEPLOY) deploy --web --via $(VIA)

deploy-url: deploy-check ## Print the address of the deployed function
	@$(DEPLOY) url

deploy-web-url: deploy-check ## Print the address of the web function
	@$(DEPLOY) url --web

deploy-site-url: deploy-check ## Print the address of the deployed page
	@$(DEPLOY) site

deploy-check: $(DEPLOY_PACKAGES) ## Check .env, without asking the cloud
	@$(DEPLOY) check

remove: deploy-check ## Remove function, layer and bucket from Tencent Cloud
	@$(DEPLOY) remove --via $(VIA)

remove-web: deploy-check ## Remove the web function
	@$(DEPLOY) remove --web --via $(VIA)

test-deploy: $(DEPLOY_PACKAGES) ## Test deploying, offline: the Serverless tool against a local engine, recorded API calls
	@$(WITH_NODE) cd deploy/tencent && node --test --test-reporter=spec tests/*.test.js

# The packages run no code of theirs when they are installed.
$(DEPLOY_PACKAGES): deploy/tencent/package.json deploy/tencent/package-lock.json deploy/tencent/.npmrc
	@$(WITH_NODE) cd deploy/tencent && npm ci --ignore-scripts --no-progress --loglevel=error || \
	    { echo "deploy: npm could not fetch the packages of deploy/tencent/package-lock.json" >&2; exit 1; }
	@touch $@

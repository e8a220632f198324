# Targets of deploying to AWS; included by the main Makefile. Paths are relative to the repository root.
STACK ?= wasm-vision
PARAMETERS ?=
AWS_VENV = $(VENV)/deploy/aws
AWS_TEST_VENV = $(VENV)/deploy/aws/tests
DEPLOY_AWS = $(AWS_VENV)/bin/python -m deploy.aws --stack "$(STACK)" --parameters "$(PARAMETERS)"

.PHONY: deploy-aws deploy-aws-check aws-outputs remove-aws test-deploy-aws
deploy-aws: deploy-aws-check package ## Build, package and deploy to AWS: docs/aws.md (DRY_RUN=1, STACK=name, PARAMETERS="Name=value …")
	@$(DEPLOY_AWS) $(if $(DRY_RUN),--dry-run) deploy

deploy-aws-check: $(AWS_VENV)/installed ## Check the parameters and the template, without asking the cloud
	@$(DEPLOY_AWS) check

aws-outputs: $(AWS_VENV)/installed ## Print the addresses of what is deployed to AWS
	@$(DEPLOY_AWS) outputs

remove-aws: $(AWS_VENV)/installed ## Remove all of it from AWS, with the pictures; asks first (YES=1: does not)
	@$(DEPLOY_AWS) $(if $(YES),--yes) remove

# The deploy program itself against moto: https://docs.getmoto.org
test-deploy-aws: deploy-aws-check site $(AWS_TEST_VENV)/installed ## Test deploying to AWS, offline: cfn-lint on what SAM makes, the stack in an emulator
	$(AWS_TEST_VENV)/bin/python -m unittest discover -s deploy/aws/tests -t . $(TESTS)

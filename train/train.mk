# Targets of the groceries model; included by the main Makefile. Paths are relative to the repository root.
TRAIN_WORK ?= train/work
TRAIN_PYTHON := $(VENV)/train/bin/python

# Large tensors are freed and taken again at every step: let the allocator keep them, in huge pages (a sixth faster).
TRAIN_ALLOCATOR = GLIBC_TUNABLES=glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=8589934592:glibc.malloc.trim_threshold=17179869184

NAME ?= mine
TRAIN_OWN = $(TRAIN_ALLOCATOR) PYTHONPATH=train $(TRAIN_PYTHON) -m trainer --work "$(TRAIN_WORK)" own "$(PHOTOS)" \
	--name "$(NAME)" $(if $(LABELS),--labels "$(LABELS)") $(if $(OTHERS),--others "$(OTHERS)") --vision $(VISION)

.PHONY: train train-check model-imagenet samples photos-beans
ifneq ($(PHOTOS),)
train: $(VENV)/train/installed build ## Train on your photos: PHOTOS=folder NAME=mine; without PHOTOS the groceries model (DATASET=… BACKBONE=…, else fetched)
	@$(TRAIN_OWN)
else
train: $(VENV)/train/installed
	$(TRAIN_ALLOCATOR) PYTHONPATH=train $(TRAIN_PYTHON) -m trainer --work $(TRAIN_WORK) train
	PYTHONPATH=train $(TRAIN_PYTHON) -m trainer --work $(TRAIN_WORK) report models/groceries
endif

photos-beans: $(VENV)/train/installed ## Fetch the photos of the beans model, from a pinned address, into train/work/sources/beans
	PYTHONPATH=train $(TRAIN_PYTHON) -m trainer --work "$(TRAIN_WORK)" photos beans

train-check: $(VENV)/train/installed ## Test the training code
	PYTHONPATH=train $(TRAIN_PYTHON) -m unittest discover -s train/tests -t train

model-imagenet: ## Fetch the imagenet model's weights (from MODEL_MIRROR if set), checked by sha256
	python3 models/fetch.py imagenet

samples: ## Render the sample pictures of tests/samples anew (needs povray) and tests/tomato.json
	tests/samples/render.sh

# The pipeline as a graph of files. Every stage's target is its manifest, which is written last.
# What makes a stage run again: other settings of its own, or new outputs of a stage before it.

RUN ?= tiny
SET ?=
SET_DATA ?=
SUBMIT ?=
WAIT ?=
ERROR ?=
IMAGE ?=
GPUS ?= 1
ladder := zero_shot few_shot nearest retrieval full last_layers lora qlora int8_lora
stages := first_stage one_stage two_stages
METHODS ?= $(if $(first),$(stages),$(ladder))
PYTHON ?= python3
VENV ?= .venv
IMAGE_VENV ?= .venv-image

ifneq ($(shell $(PYTHON) -c 'import sys; print(sys.version_info >= (3, 11))'),True)
$(error Python >= 3.11 is needed and $(PYTHON) is none; name one, for example: make PYTHON=python3.12)
endif
ifeq ($(wildcard configs/run/$(RUN).toml),)
$(error configs/run/$(RUN).toml: no such run; there are: $(basename $(notdir $(wildcard configs/run/*.toml))))
endif

py := $(VENV)/bin/python
install := -m pip install --disable-pip-version-check --no-compile
# what pip does on one core, on all of them; some files are for another Python
compile = $(1)/bin/python -m compileall -qq -j 0 $(1)/lib || true
launch := $(py)$(if $(filter-out 1,$(GPUS)), -m torch.distributed.run --standalone --nproc-per-node $(GPUS) --)
run := runs/$(RUN)
submission := submissions/$(RUN)
# the keys of the run's config that decide which files the graph is made of
read_config = $(shell $(PYTHON) -c 'import pathlib, tomllib; c = tomllib.loads(pathlib.Path("configs/run/$(RUN).toml").read_text()); print($(1))')
data := data/triples/$(call read_config,c["data"])
first := $(call read_config,"runs/" + c["init_from"] + "/manifests/train.json" if "init_from" in c else "")
adapters := $(call read_config," ".join("runs/" + name + "/manifests/train.json" for name in c.get("generation", {}).get("adapters", ())))
base := $(call read_config,c["base"]["model"] + "/manifest.json" if "from_scratch" in c.get("base", ()) else "")
rungs := $(addprefix runs/compare/$(RUN)/,$(METHODS))

rehearsing = $(py) scripts/rehearse.py --run $(run) $(if $(IMAGE),--python $(IMAGE_VENV)/bin/python)

.DELETE_ON_ERROR:
.NOTPARALLEL: # a stage uses all cores, and its seconds are measured
.PHONY: help data base train constant vector choose recover score compare merge submit rehearse image upload doctor test lint clean configure
.DEFAULT_GOAL := help

help: ## print these lines
	@sed -n 's/^\([a-z]*\):.*## /\1|/p' Makefile | awk -F'|' '{printf "make %-10s %s\n", $$1, $$2}'
	@echo 'Each takes RUN=<name of configs/run/*.toml> (now $(RUN)) and SET="lora.rank=8 ..."'

data: $(data)/manifest.json ## stage 1: generate (original, rewritten, prompt) triples, split without leaks
base: $(base) ## stage 2a: the embedded tiny base model, from scratch (only runs that ask for it)
train: $(run)/manifests/train.json ## stage 2b: fine-tune the base, with QLoRA unless `method` says otherwise
constant: $(run)/manifests/constant.json ## stage 3a: the best constant prompt, searched
vector: $(run)/manifests/vector.json ## stage 3b: what predicts a prompt's vector from a pair of texts, and the bank of prompts
choose: $(run)/manifests/choose.json ## stage 3c: fit on validation rows how an answer is chosen among hypotheses
recover: $(run)/manifests/recover.json ## stage 3d: recover the prompts of the test split
score: $(run)/manifests/score.json ## stage 4: sharpened cosine similarity by split, report.html
merge: $(run)/manifests/merge.json ## 16-bit base and adapter in one model folder, scored against the two apart
compare: $(rungs:=/manifests/score.json) ## the same run with each of METHODS, from prompting to QLoRA; or one stage against two
	$(py) scripts/compare.py --run $(run) --rungs $(METHODS)
submit: $(submission)/rehearsal.json ## stage 5: offline Kaggle bundle and notebook, rehearsed with the network off
	@$(py) scripts/summary.py --run $(run)

# --- set-up -----------------------------------------------------------------------------------------------------------

$(VENV)/installed: requirements.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(py) $(install) -r requirements.txt
	$(py) $(install) --quiet --no-deps --no-build-isolation --editable .
	$(call compile,$(VENV))
	@touch $@

$(VENV)/installed-dev: requirements-dev.txt $(VENV)/installed
	$(py) $(install) -r requirements-dev.txt
	$(call compile,$(VENV))
	@touch $@

# what stands for Kaggle's image; torch is this project's own, linked with what it needs for a GPU: a gigabyte less
$(IMAGE_VENV)/installed: requirements-image.txt $(VENV)/installed
	$(py) -m venv $(IMAGE_VENV)
	for name in torch torch-* torchgen functorch nvidia* triton*; do \
		for own in $(abspath $(VENV))/lib/python*/site-packages/$$name; do \
			if [ -e "$$own" ]; then ln -sfn "$$own" $(IMAGE_VENV)/lib/python*/site-packages/; fi; done; done
	$(IMAGE_VENV)/bin/python $(install) -r requirements-image.txt
	$(call compile,$(IMAGE_VENV))
	@touch $@

image: $(IMAGE_VENV)/installed ## a second environment with the versions of Kaggle's image, for `make rehearse IMAGE=1`

configure: $(VENV)/installed
	@$(py) scripts/configure.py --run $(RUN) --set $(SET) --set-data $(SET_DATA) $(if $(filter compare,$(MAKECMDGOALS)),--rungs $(METHODS))

# written by `configure`, and only when what they hold has changed
$(data)/config.json: configure ;
$(run)/settings/%.json: configure ;
$(foreach folder,$(rungs),$(eval $(folder)/settings/%.json: configure ;))

# --- stages -----------------------------------------------------------------------------------------------------------

$(data)/manifest.json: $(data)/config.json
	$(py) scripts/data.py --data $(notdir $(data))

$(base): $(run)/settings/base.json $(data)/manifest.json
	$(py) scripts/base.py --run $(run)

# of a run that continues another's adapter, or is answered by others' too: they are trained if they were not yet,
# with the settings of their own files
$(sort $(first) $(adapters)): | configure $(base)
	$(MAKE) train RUN=$(word 2,$(subst /, ,$@)) SET= SET_DATA=

$(addsuffix /manifests/train.json,$(run) $(rungs)): %/manifests/train.json: %/settings/train.json $(data)/manifest.json $(base) $(first)
	$(launch) scripts/train.py --run $*

$(run)/manifests/constant.json: $(run)/settings/constant.json $(data)/manifest.json
	$(py) scripts/constant.py --run $(run)

$(run)/manifests/vector.json: $(run)/settings/vector.json $(run)/manifests/constant.json $(data)/manifest.json
	$(py) scripts/vector.py --run $(run)

$(run)/manifests/choose.json: $(run)/settings/choose.json $(addprefix $(run)/manifests/,train.json constant.json vector.json) $(adapters)
	$(py) scripts/choose.py --run $(run)

$(run)/manifests/recover.json: $(run)/manifests/choose.json

$(rungs:=/manifests/constant.json): %/manifests/constant.json: $(run)/manifests/constant.json
	@mkdir -p $(@D) && cp $(run)/constant.json $*/constant.json && cp $< $@

$(addsuffix /manifests/recover.json,$(run) $(rungs)): %/manifests/recover.json: %/settings/recover.json %/manifests/train.json %/manifests/constant.json
	$(py) scripts/recover.py --run $*

$(addsuffix /manifests/score.json,$(run) $(rungs)): %/manifests/score.json: %/settings/score.json %/manifests/recover.json
	$(py) scripts/score_run.py --run $*

$(run)/manifests/merge.json: $(run)/settings/merge.json $(run)/manifests/train.json $(run)/manifests/constant.json
	$(py) scripts/merge.py --run $(run)

$(submission)/manifest.json: $(run)/settings/submit.json $(run)/manifests/score.json submissions/notebook.py
	$(py) scripts/submit.py --run $(run)

$(submission)/rehearsal.json: $(submission)/manifest.json $(if $(IMAGE),| $(IMAGE_VENV)/installed)
	$(rehearsing)

rehearse: $(submission)/manifest.json $(if $(IMAGE),image) ## run the offline notebook again as Kaggle would; IMAGE=1 with its versions
	$(rehearsing)

# only what was made and rehearsed is uploaded: nothing is made anew here
upload: $(VENV)/installed ## upload the rehearsed bundle, run its notebook on Kaggle; SUBMIT=1 submits it, WAIT=1 awaits the score
	$(py) scripts/upload.py --run $(run) $(if $(SUBMIT),--submit) $(if $(WAIT),--wait-for-score)

# it may find fault with what `configure` would stop at, so it reads the config by itself
doctor: $(VENV)/installed ## what a run lacks, here or on Kaggle; ERROR="Notebook Timeout": why Kaggle may have said so
	@$(py) scripts/doctor.py --run $(run) --set $(SET) $(if $(ERROR),--error "$(ERROR)")

# --- checks -----------------------------------------------------------------------------------------------------------

lint: $(VENV)/installed-dev
	$(py) -m ruff check .
	$(py) -m ruff format --check .

test: lint ## lint, the fast tests, then the slow ones
	OMP_NUM_THREADS=1 $(py) -m pytest -n auto -m "not slow and not gpu"
	OMP_NUM_THREADS=1 $(py) -m pytest -n auto --dist loadfile --no-loadscope-reorder -m "slow and not gpu"

clean: ## remove what the stages made (not .venv, not data/raw)
	rm -rf data/triples data/models runs $(wildcard submissions/*/)

# Sets up, runs and tests sslkit. All of it stays in this folder: the Python parts, GoNB and the Jupyter kernel are in
# .venv. Needs Go, a C compiler and Python 3 with venv. `make` alone lists what there is.

SHELL  = /bin/sh
PYTHON = python3
VENV   = .venv
# For an activated Conda environment made from environment.yml: make VENV=$CONDA_PREFIX ...

DATA =# your own images, for `make run` and `make notebooks`
# For `make run`: what it is to do otherwise. The notebooks read these, in kit.ChoicesOf, as SSLKIT_SIZE and so on.
SIZE     =# side of the pictures in pixels
ENCODER  =# a network by its name in timm, such as resnet50
METHOD   =# by its name in package ssl, such as BYOL
STEPS    =# of the training
BACKBONE =# a file of weights, or a repository on the Hugging Face hub: it is measured as it is, and nothing is trained
REVISION =# its commit there
NAME = real
FLAGS =# of the benchmark
NB   = notebooks/$(if $(BACKBONE),backbone,quickstart).ipynb
OUT  = notebooks/out
QUICK =# 1: `make notebooks` with little training, to see that all works
FORCE =# 1: `make notebooks` also executes what is up to date

# The tests run on GoMLX's Go backend, which has run a tiny graph before XLA has compiled it. make test BACKEND=xla:cpu runs
# the same tests on XLA, which takes many times as long.
BACKEND   = go
TESTFLAGS =

env     = $(if $(filter /%,$(VENV)),$(VENV),$(CURDIR)/$(VENV))
python  = "$(env)/bin/python"
kernel  = $(VENV)/share/jupyter/kernels/gonb/kernel.json
quiet   = $(VENV)/etc/jupyter/labconfig/default_setting_overrides.d/sslkit.json
# Jupyter would keep its state in the home folder, and take kernels from there.
jupyter = JUPYTER_CONFIG_DIR="$(env)/var/jupyter/config" JUPYTER_DATA_DIR="$(env)/var/jupyter/data" \
	JUPYTER_RUNTIME_DIR="$(env)/var/jupyter/runtime" IPYTHONDIR="$(env)/var/ipython" JUPYTER_PATH= \
	PYTHONDONTWRITEBYTECODE=1 SSLKIT_RUNS="$${SSLKIT_RUNS:-$(CURDIR)/runs}"

# What is in an environment is made for one checkout: its kernel and its goimports offer that checkout's packages to cells, and
# the programs of a .venv know their own path. So an environment remembers its checkout, and `make setup` compares.
# - In a checkout that was moved or copied, its own environment is made anew.
# - An environment from elsewhere (Conda's) may be another checkout's. To set it up for this one would make the other's
#   notebooks import this one's packages without a word, so it is refused while the other is there.
owner     := $(shell cat "$(env)/.checkout" 2>/dev/null)
elsewhere := $(if $(filter /%,$(VENV)),$(if $(findstring $(CURDIR)/,$(VENV)),,yes))
ifneq ($(owner),)
ifneq ($(owner),$(CURDIR))
moved = made-anew
endif
endif

.PHONY: help setup run notebooks pages site index test lab benchmark figures cell-latency cell-leaks clean check-tools check-owner made-anew warm

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24

setup: $(kernel) $(quiet) warm ## install the Python parts, GoNB and its kernel into .venv
	@backend=$$(VIRTUAL_ENV="$(env)" go run ./notebooks/setup) || exit 1; echo "Ready: $$backend"

own_images = data='$(DATA)'; if [ -n "$$data" ]; then \
		[ -e "$$data" ] || { echo "DATA=$$data: no such file or folder" >&2; exit 1; }; \
		SSLKIT_DATA=$$($(python) -c 'import os, sys; print(os.path.abspath(sys.argv[1]))' "$$data"); export SSLKIT_DATA; \
	fi

# Nothing that was given is passed over in silence: not every notebook reads these, and `make notebooks` makes what is kept.
given = $(strip $(foreach name,SIZE ENCODER METHOD STEPS BACKBONE REVISION,$(if $($(name)),$(name))))
# Cells run in the folder of the notebook, so the path of a file is made whole.
choices = $(if $(given),grep -q kit.ChoicesOf "$(NB)" || { echo "$(NB) does not read $(given)" >&2; exit 1; };) \
	$(foreach name,$(given),export SSLKIT_$(name)='$($(name))';) \
	if [ -e "$$SSLKIT_BACKBONE" ]; then \
		SSLKIT_BACKBONE=$$($(python) -c 'import os, sys; print(os.path.abspath(sys.argv[1]))' "$$SSLKIT_BACKBONE"); \
	fi

# NB counts where it was given.
chosen = $(if $(filter file,$(origin NB)),$(wildcard notebooks/*.ipynb),"$(NB)")

run: setup ## execute the quickstart and make its page; DATA=path uses your images, SIZE ENCODER METHOD STEPS BACKBONE change it
	@$(own_images); $(choices); export $(jupyter); \
	$(python) notebooks/setup/publish.py $(NB) $(OUT) --headlines "$$SSLKIT_RUNS/$(basename $(notdir $(NB)))/headlines.json"

# With QUICK=1, runs and pages go to the environment, so that none of yours are replaced.
notebooks: setup ## execute the notebooks in which something changed; NB=path: one, QUICK=1: small, FORCE=1: all
	@$(if $(given),echo "$(given): only make run takes it" >&2; exit 1;) \
	out="$(OUT)"; fresh=; if [ -n '$(QUICK)' ]; then \
		out="$(env)/var/notebooks"; fresh=--fresh; \
		export SSLKIT_QUICK=1 SSLKIT_RUNS="$$out/runs"; unset SSLKIT_DATA; \
	else $(own_images); fi; \
	export $(jupyter); \
	$(python) notebooks/setup/freeze.py $(chosen) "$$out" $$fresh $(if $(FORCE),--force)

pages: $(VENV)/.parts ## make the pages of all notebooks as they are, executing nothing; NB=path: of one
	@export $(jupyter); \
	for notebook in $(chosen); do \
		$(python) notebooks/setup/publish.py "$$notebook" "$(OUT)" --only-page || exit 1; \
	done

site: $(VENV)/.parts | check-tools ## make a static site of the notebooks as they are, executing nothing
	@export $(jupyter); rm -rf "$(OUT)/site"; $(python) notebooks/setup/makesite.py $(chosen) "$(OUT)/site"

index: $(VENV)/.parts ## write the tables of notebooks/README.md anew from the notebooks
	@PYTHONDONTWRITEBYTECODE=1 $(python) notebooks/setup/tables.py notebooks/*.ipynb notebooks/README.md

test: setup ## vet, format, the types of all notebooks, the quickstart made small, and all Go tests
	@echo "go vet"
	@go vet ./...
	@echo "gofmt"
	@bad=$$(go list -f '{{.Dir}}' ./... | tr '\n' '\0' | xargs -0 gofmt -l) || exit 1; \
		[ -z "$$bad" ] || { echo "not formatted by gofmt:" >&2; echo "$$bad" >&2; exit 1; }
	@echo "notebooks: types"
	@VIRTUAL_ENV="$(env)" go run ./notebooks/setup/cells notebooks/*.ipynb
	@echo "quickstart, made small"
	@rm -rf "$(env)/var/test"; mkdir -p "$(env)/var/test"; \
		export SSLKIT_QUICK=1 SSLKIT_RUNS="$(env)/var/test/runs"; unset SSLKIT_DATA; export $(jupyter); \
		$(python) notebooks/setup/publish.py notebooks/quickstart.ipynb "$(env)/var/test" \
			--headlines "$$SSLKIT_RUNS/quickstart/headlines.json"
	@echo "go test -race, on what starts goroutines"
	@export GOMLX_BACKEND="$(BACKEND)"; race() { go test -race -ldflags=-w -gcflags=all=-d=checkptr=0 -short -timeout 20m $(TESTFLAGS) "$$@"; }; \
		race -run 'Loader|Download|ImageFolder|FrameFolder|Cache|Captions' ./data && race -run 'Forces|Affinities|FunctionOfInput|Nearest' ./plots && \
		race -run 'Cores|Cosine|KCenter|PerceptualFinds' ./kit/curate && race -run 'KNN|Retrieval|LabelCurveDoesNot' ./kit/eval && \
		race -run 'BootstrapDoesNot' ./kit/metric
	@echo "go test"
	@# The longest begin first, so that all cores are busy to the end. Without the tables of a debugger (-w) a test binary links
	@# in half the time.
	@GOMLX_BACKEND="$(BACKEND)" go test -ldflags=-w -timeout 20m $(TESTFLAGS) ./kit/ssl ./kit ./benchmarks/methods ./...

lab: setup $(VENV)/.gopls ## open JupyterLab on 127.0.0.1, at the page to start from; it prints its address with the token
	@export $(jupyter) PATH="$(env)/bin:$$PATH"; \
		[ "$$(id -u)" != 0 ] || root=--allow-root; \
		exec "$(env)/bin/jupyter" lab $$root --ip=127.0.0.1 --no-browser --ServerApp.root_dir="$(CURDIR)" \
			--MultiKernelManager.default_kernel_name=gonb --LabApp.default_url=/lab/tree/notebooks/README.md --LabApp.news_url=None \
			--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate

benchmark: setup ## answer one question of benchmarks/: NAME=real FLAGS=-quick
	@go run ./benchmarks/$(NAME) $(FLAGS)

figures: ## write the figures of README.md, benchmarks/README.md and the notebooks anew from benchmarks/results
	@go run ./benchmarks/figures $(FLAGS)

cell-latency: setup ## time warm notebook cells
	@export $(jupyter); cd notebooks && $(python) setup/latency.py

cell-leaks: setup ## run 200 notebook cells in one kernel and show that it does not grow
	@export $(jupyter); cd notebooks && $(python) setup/leaks.py

clean: ## remove .venv and what notebooks gave (not runs/, not downloads)
	rm -rf .venv notebooks/out

check-tools:
	@command -v go >/dev/null || { echo "Go is missing: install it from https://go.dev/dl (go.mod says which version)" >&2; exit 1; }
	@set -- $$(go env CC); command -v "$$1" >/dev/null && [ "$$(go env CGO_ENABLED)" = 1 ] || \
		{ echo "a C compiler is missing, which XLA's bindings need: on Debian and Ubuntu, apt install gcc libc6-dev (and CGO_ENABLED must not be 0)" >&2; exit 1; }

check-owner: | check-tools
	@[ -z "$(elsewhere)" ] || [ -z "$(moved)" ] || [ ! -e "$(owner)/go.mod" ] || { \
		echo "$(VENV) belongs to the checkout $(owner): its notebooks would import this checkout's packages from now on." >&2; \
		echo "Use another environment for this one (\`make setup\` without VENV makes .venv)," >&2; \
		echo "or remove $(VENV)/.checkout to take that one away from the other." >&2; exit 1; }

# In another place than the environment was made for, all that is in it comes after this. Of one from elsewhere only what is
# the checkout's goes: its Python is not ours.
made = $(VENV)/.checkout $(VENV)/.parts $(VENV)/.modules $(VENV)/bin/gonb $(kernel) $(quiet) $(VENV)/.gopls
made-anew: | check-owner
	@echo "The checkout was moved: making $(VENV) anew."
	@rm -rf $(if $(elsewhere),$(made),"$(env)")

$(if $(elsewhere),,$(VENV)/bin/python) $(made): $(moved)

$(VENV)/bin/python: | check-owner
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is missing: on Debian and Ubuntu, apt install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "$(PYTHON) is too old: 3.10 or later is needed" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "$(PYTHON) has no venv: on Debian and Ubuntu, apt install python3-venv" >&2; exit 1; }
	@echo "Python environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/.checkout: | $(VENV)/bin/python
	@echo "$(CURDIR)" > $@

# environment.yml is the one list: its pip section is what pip reads.
$(VENV)/.parts: environment.yml | $(VENV)/.checkout
	@echo "Python parts of environment.yml (a minute)"
	@sed -n '/^ *- pip:/,$$s/^ \{6\}- //p' environment.yml > $@.txt
	@$(python) -m pip install --quiet --disable-pip-version-check -r $@.txt
	@mv $@.txt $@

$(VENV)/.modules: go.mod go.sum | $(VENV)/.checkout
	@echo "Go modules"
	@go mod download
	@touch $@

$(VENV)/bin/gonb: $(VENV)/.modules $(wildcard notebooks/setup/goimports/*.go notebooks/setup/cellimports/*.go)
	@echo "GoNB and goimports"
	@go build -o "$(env)/bin/" github.com/janpfeifer/gonb ./notebooks/setup/goimports
	@touch $@

$(kernel): $(VENV)/.parts $(VENV)/bin/gonb notebooks/setup/kernel.py
	@echo "Jupyter kernel"
	@mkdir -p "$(env)/var/ipython"
	@$(python) notebooks/setup/kernel.py .

# JupyterLab asks each new user whether it may fetch news, also where `make lab` leaves it nothing to fetch (news_url=None):
# the page looks at this setting alone. Markdown opens as a rendered page, so that the one `make lab` begins with can be read.
$(quiet): notebooks/setup/lab.json | $(VENV)/.checkout
	@mkdir -p $(@D)
	@cp notebooks/setup/lab.json $@

# What the packages compile to goes to Go's cache: else the first cell would wait for it. Commands are left out, since linking
# them takes longer than all else, and is not kept.
warm: $(VENV)/.modules
	@$(python) notebooks/setup/packages.py "$(env)/var/packages"
	@go list -f '{{if ne .Name "main"}}{{.ImportPath}}{{end}}' ./... | xargs go build || echo "not all packages compile: what uses them will not either" >&2

# Completion in cells. Not in go.mod, since gopls needs a version of x/tools that has no release.
$(VENV)/.gopls: | $(VENV)/.checkout
	@GOBIN="$(env)/bin" GOFLAGS= go install golang.org/x/tools/gopls@v0.22.0 2>$@.log || \
		echo "gopls could not be installed ($@.log): cells work, completion is off"
	@touch $@

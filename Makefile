# make demo, make test: all a newcomer needs. Everything is installed into .venv; nothing else is touched.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test check bench bench-peer bench-identity fuzz peers facts docs clean

demo: $(VENV)/.runs
	@$(BIN)/fhirgate demo --once

test: $(STAMP) peers
	@$(BIN)/ruff format --check -q . && $(BIN)/ruff check -q .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -n auto --dist loadgroup

# The quick half of `make test`: no foreign servers.
check: $(STAMP)
	@$(BIN)/ruff format --check -q . && $(BIN)/ruff check -q . && $(BIN)/mypy && $(BIN)/lint-imports
	@$(BIN)/python -m pytest -n auto --dist loadgroup -m "not peer"

bench: $(STAMP)
	@$(BIN)/python tests/bench/run.py

# CPU time a request against HAPI, in one run; wants Java.
bench-peer: $(STAMP)
	@$(BIN)/python tests/bench/bench_peer.py

# How well records are joined: 20,000 of them; RECORDS=1000000 takes 25 minutes and 8 GB.
RECORDS ?= 20000
bench-identity: $(STAMP)
	@$(BIN)/python tests/bench/bench_identity.py --records $(RECORDS)

# The foreign FHIR servers the tests ask: fetched and built once, outside the clone. Missing Java or Node only skips.
peers: $(STAMP)
	@$(BIN)/python tests/peers/peers.py build

# The same property tests with many more examples, and new ones each time; and each race a thousand times.
fuzz: $(STAMP)
	@RACE_ROUNDS=1000 $(BIN)/python -m pytest tests/conformance/test_races.py
	@HYPOTHESIS_PROFILE=fuzz $(BIN)/python -m pytest -n auto --dist loadgroup -m "not peer"

# R4's facts anew, from HL7's definitions: make facts DEFINITIONS=hapi-fhir-validation-resources-r4-8.8.0.jar
facts: $(STAMP)
	@$(BIN)/python -m gateway.fhir.build_facts $(DEFINITIONS) gateway/fhir/r4.json

# Pages and tables made from the code; and which problems no test raises.
docs: $(STAMP)
	@$(BIN)/python tests/docs/generate.py
	@$(BIN)/python tests/unit/mapping/test_reference.py
	@$(BIN)/python tests/docs/raised.py

$(VENV)/bin/pip:
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.runs: $(VENV)/bin/pip pyproject.toml
	@$(BIN)/pip install -q --disable-pip-version-check -e .
	@touch $@

$(STAMP): $(VENV)/bin/pip pyproject.toml
	@$(BIN)/pip install -q --disable-pip-version-check -e ".[dev]"
	@touch $@ $(VENV)/.runs

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis

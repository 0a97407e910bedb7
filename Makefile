# make run    everything on this machine, at http://127.0.0.1:8000 (PORT=8001 make run for another)
# make test   every test, as many at once as there are cores (JOBS=0: one after the other);
#             make test ARGS="tests/methods -x"  some of them
# make check  style, types, layers, migrations

VENV ?= .venv
JOBS ?= auto
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.PHONY: run test check format clean

run: $(VENV)/.runs
	@$(BIN)/python manage.py start

test: $(VENV)/.checks
	PYTHONHASHSEED=0 $(BIN)/python -m pytest -n $(JOBS) --maxprocesses 4 --dist loadfile $(ARGS)

check: $(VENV)/.checks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))') \
		PARALLAX_MODE=server ALLOWED_HOSTS=parallax.example \
		$(BIN)/python manage.py check --deploy --fail-level WARNING

format: $(VENV)/.checks
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Parallax needs Python 3.11 or newer."; exit 1; }
	$(PYTHON) -m venv $(VENV)

# torch alone and first: asked for by another package, pip might choose a newer and larger build.
$(VENV)/.runs: requirements.txt | $(BIN)/python
	@echo "Installing what Parallax needs; the first time takes some minutes."
	@$(PIP) install "$$(grep '^torch==' requirements.txt)"
	@$(PIP) install --requirement requirements.txt
	@touch $@

$(VENV)/.checks: requirements-dev.txt requirements-server.txt $(VENV)/.runs
	@$(PIP) install --requirement requirements-dev.txt
	@touch $@

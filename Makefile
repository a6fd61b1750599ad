# Everything runs in .venv, made here from Python 3.11 or newer; no root, no Node, no Docker.
# The first call of a target installs what it needs, later ones only look at a stamp.

.DEFAULT_GOAL := help
unexport PYTHONDONTWRITEBYTECODE  # with it every start would compile all modules again
.PHONY: help setup setup-dev demo serve test lint check format bench lock clean

PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 2
HOST ?= 127.0.0.1
PORT ?= 8000

help:  ## 列出所有命令
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## */\t/' | expand -t 12

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "需要 Python 3.11 或更新版本；装好后再运行，或用 make PYTHON=/路径/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/runtime.stamp: requirements.lock pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock $(VENV)/runtime.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	@touch $@

setup: $(VENV)/runtime.stamp  ## 安装运行所需
setup-dev: $(VENV)/dev.stamp  ## 另装开发与测试所需

demo: setup  ## 起服务，看一个虚构的县 90 天的来件、台账和工作台
	$(BIN)/triage demo

serve: setup  ## 起服务（HOST、PORT 可改）
	$(BIN)/triage serve --host $(HOST) --port $(PORT)

# The files are taken in their order: sorted by their number of tests, as xdist does by itself, those
# with few but long ones would come last and leave a processor idle.
test: setup-dev  ## 全部测试
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

lint: setup-dev  ## 格式、静态检查、类型、引用规则
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test  ## 提交前运行：lint 与全部测试

format: setup-dev  ## 改好格式
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup-dev  ## 与同类方法比速度和准确率
	$(BIN)/python -m bench

lock: setup-dev  ## 重新锁定依赖版本
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile pyproject.toml --extra postgres $(LOCK_FLAGS) -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra dev -c requirements.lock $(LOCK_FLAGS) -o requirements-dev.lock

LOCK_FLAGS := --universal --python-version 3.11 --upgrade --quiet --no-header --no-annotate

clean:  ## 删去环境与缓存（不动数据）
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

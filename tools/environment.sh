#!/bin/sh
# Makes .venv in the current folder with exactly what constraints.txt pins, and this checkout on its path.
# It refuses anything without a hash and never touches a Python outside of .venv.
set -eu

python_min='3.11'

is_new_enough() {
  "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
  for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11 python; do
    if [ -n "$candidate" ] && is_new_enough "$candidate"; then
      command -v "$candidate"
      return 0
    fi
  done
  return 1
}

# Whether .venv was made for this very folder (its scripts hold the path), works, and has the module $1.
usable() {
  [ "$(cat .venv/.ready 2>/dev/null)" = "$(pwd -P)" ] && is_new_enough .venv/bin/python &&
    .venv/bin/python -c "import ${1:-sys}" 2>/dev/null
}

say() { printf '%s\n' "$*" >&2; }

with_uv() {
  command -v uv >/dev/null 2>&1 || return 1
  usable || uv venv --quiet --clear --python "${python:-$python_min}" .venv || return 1
  uv pip install --quiet --python .venv/bin/python --require-hashes -r constraints.txt &&
    uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation -e .
}

with_pip() {
  if [ -z "$python" ]; then
    say "tiketi needs Python $python_min or newer, and none was found."
    say "Install one (Debian and Ubuntu: apt install python3 python3-venv; macOS: brew install python),"
    say "or name it: make PYTHON=/path/to/python3 ..."
    return 1
  fi
  if ! usable pip && ! "$python" -m venv --clear .venv; then
    say "$python cannot make a virtual environment."
    say "On Debian and Ubuntu: apt install python3-venv. Or name another one: make PYTHON=/path/to/python3 ..."
    return 1
  fi
  .venv/bin/python -m pip install --quiet --disable-pip-version-check \
    --require-hashes -r constraints.txt &&
    .venv/bin/python -m pip install --quiet --disable-pip-version-check \
      --no-deps --no-build-isolation -e .
}

# A constraint file of the caller's own would argue with the hashes.
unset PIP_CONSTRAINT PIP_REQUIRE_VIRTUALENV PYTHONHOME PYTHONPATH UV_CONSTRAINT VIRTUAL_ENV

python=$(find_python) || python=''
say "Setting up .venv (a minute or two the first time) ..."
with_uv || with_pip

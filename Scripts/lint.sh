#!/usr/bin/env bash
# Checks the style that a machine can check: formatting, words that Sources must not hold, shell, Python and C syntax, the
# recipes' generated data, and the file tree in README.md.
set -euo pipefail
cd "$(dirname "$0")/.."

failures=0
check() { # check WHAT COMMAND…: goes on after a failure, so that one call shows every failure
  local what="$1"
  shift
  if "$@"; then
    printf 'lint: %s: good\n' "$what"
  else
    printf 'lint: %s: FAILED\n' "$what" >&2
    failures=$((failures + 1))
  fi
}

# Fails where Sources hold a call that stops the process or silences an error, or a note of unfinished work.
no_traps() {
  ! grep -rnE --include='*.swift' '\bfatalError\b|\btry!|\bas!|\bTODO\b|\bFIXME\b' Sources
}
shell_syntax() {
  local script
  for script in Scripts/*.sh .ci/run; do bash -n "$script" || return 1; done
}
python_syntax() {
  python3 - Scripts/*.py Scripts/*/*.py << 'PYTHON'
import ast, sys
for path in sys.argv[1:]:
    ast.parse(open(path, encoding="utf-8").read(), path)
PYTHON
}

c_syntax() {
  "${CC:-cc}" -fsyntax-only -Wall -Wextra -Werror Scripts/campaign/fault.c
}

check "swift format" swift format lint --strict --recursive Package.swift Sources Tests
check "no fatalError, try!, as!, TODO in Sources" no_traps
check "shell scripts" shell_syntax
check "Python scripts" python_syntax
check "the shim of Scripts/campaign" c_syntax
check "recipes/tiny is what Scripts/make_tiny_data.py writes" python3 -B Scripts/make_tiny_data.py --check
check "recipes/reverse is what Scripts/make_reversal_data.py writes" python3 -B Scripts/make_reversal_data.py --check
check "rooms point one way" python3 -B Scripts/check_layers.py
check "the tree in README.md" python3 -B Scripts/check_tree.py
[ "$failures" -eq 0 ]

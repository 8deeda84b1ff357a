#!/usr/bin/env bash
# Runs every kernel on small shapes under Oclgrind, which simulates an OpenCL device and sees data races, accesses out of
# bounds and misuse of the API. Oclgrind exits with 0 on findings, so its log decides: any line in it is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

accrete="${ACCRETE:-.build/release/accrete}"
fail() { printf 'oclgrind: %s\n' "$*" >&2; exit 1; }
command -v oclgrind >/dev/null || fail "not installed: run Scripts/setup.sh"
[ -x "$accrete" ] || fail "no $accrete: run swift build -c release"

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
log="$work/oclgrind.log"

# Findings are read from stderr, between doctor's own lines: with --log Oclgrind's file would be lost here.
# Test mode gives each tensor its own buffer, filled with NaN: within one large arena an overrun would stay unseen.
status=0
ACCRETE_TEST_MODE=1 oclgrind --data-races --check-api \
  "$accrete" doctor --small --device oclgrind --json > "$work/doctor.json" 2> "$work/doctor.err" || status=$?

grep -vE '^(device: |ok   |FAIL |[[:space:]]*$)' "$work/doctor.err" > "$log" || true

if [ -s "$log" ]; then
  cat "$log" >&2
  kinds='data race|invalid (read|write)|uninitialized|divergen|error|warning|unaligned|overlap'
  findings="$(grep -c -i -E "$kinds" "$log" || true)"
  fail "found something: $findings findings in $(grep -c '' "$log") lines of log, above"
fi
if [ "$status" -ne 0 ]; then
  cat "$work/doctor.err" "$work/doctor.json" >&2
  fail "doctor --small --device oclgrind ended with status $status"
fi

python3 - "$work/doctor.json" << 'PYTHON'
import json, sys

kernels = json.load(open(sys.argv[1]))["kernels"]
failed = [kernel["name"] for kernel in kernels if not kernel["passed"]]
if failed or not kernels:
    sys.exit(f"oclgrind: {len(kernels)} kernels checked, not passed: {', '.join(failed) or 'none ran'}")
print(f"oclgrind: {len(kernels)} kernels checked, no data race, no access out of bounds, no misuse of the API")
PYTHON

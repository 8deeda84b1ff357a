#!/usr/bin/env bash
# Prints the sizes of each folder's files: count, then median, 90th percentile and maximum of lines.
set -euo pipefail
cd "$(dirname "$0")/.."

printf '%-32s %6s %7s %5s %5s %7s\n' folder files median p90 max total
for folder in kernels Sources/* Sources/*/*/ Tests/* Scripts; do
  [ -d "$folder" ] || continue
  find "${folder%/}" -type f \( -name '*.swift' -o -name '*.cl' -o -name '*.h' -o -name '*.sh' -o -name '*.py' \) -print0 |
    xargs -0 -r -n 1 wc -l | sort -n |
    awk -v folder="${folder%/}" '
      { lines[NR] = $1; total += $1 }
      END {
        if (NR == 0) exit
        ninth = int(NR * 0.9 + 0.9999)
        printf "%-32s %6d %7d %5d %5d %7d\n", folder, NR, lines[int((NR + 1) / 2)], lines[ninth], lines[NR], total
      }'
done

limit=400
long="$(find kernels Sources Tests Scripts -type f \( -name '*.swift' -o -name '*.cl' -o -name '*.sh' -o -name '*.py' \) \
  -exec grep -c '' /dev/null {} + 2>/dev/null | awk -F : -v limit="$limit" '$2 > limit { print "  " $1 ": " $2 }' || true)"
if [ -n "$long" ]; then
  printf 'longer than %d lines, split them:\n%s\n' "$limit" "$long"
fi

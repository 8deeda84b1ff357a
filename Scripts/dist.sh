#!/usr/bin/env bash
# Builds dist/accrete-<version>-linux-<arch>.tar.xz: a program that runs where Swift is not installed. Swift's own
# libraries are linked in and CLBlast lies in lib/; the OpenCL loader and driver are the machine's. Then tests that it starts.
set -euo pipefail
cd "$(dirname "$0")/.."
for tool in strip xz ldd; do
  command -v "$tool" > /dev/null || { printf 'dist: no %s: apt-get install binutils xz-utils libc-bin\n' "$tool" >&2; exit 69; }
done

# shellcheck disable=SC2016 # $ORIGIN is the loader's, not the shell's
build=(swift build -c release --static-swift-stdlib --scratch-path .build-dist --product accrete
  -Xlinker -rpath -Xlinker '$ORIGIN/../lib')
"${build[@]}"
binary="$("${build[@]}" --show-bin-path)/accrete"
version="$("$binary" --version | tail -n 1)"
name="accrete-$version-linux-$(uname -m)"

stage="dist/$name"
rm -rf "$stage" "$stage.tar.xz"
mkdir -p "$stage/bin" "$stage/lib" "$stage/share/accrete"
strip -o "$stage/bin/accrete" "$binary"
cp -r kernels recipes docs "$stage/share/accrete/"
cp README.md LICENSE CHANGELOG.md "$stage/"

clblast="$(ldd "$binary" | awk '/libclblast/ { print $3 }')"
if [ -n "$clblast" ]; then
  cp -L "$clblast" "$stage/lib/"
  cp /usr/share/doc/libclblast1/copyright "$stage/lib/CLBlast.copyright" 2>/dev/null ||
    printf 'dist: no copyright file of libclblast1 on this machine; add one before you pass the archive on\n' >&2
else
  printf 'dist: %s does not link libclblast, lib/ stays empty\n' "$binary"
fi

tar -C dist --sort=name --owner=0 --group=0 --numeric-owner -cJf "$stage.tar.xz" "$name"
rm -rf "$stage"

# The archive is unpacked elsewhere and started with an empty environment: it may need nothing of this folder.
trial="$(mktemp -d)"
trap 'rm -rf "$trial"' EXIT
tar -C "$trial" -xJf "$stage.tar.xz"
cd "$trial"
env -i "$name/bin/accrete" --version > /dev/null
env -i HOME="$trial" POCL_CACHE_DIR="$trial/pocl" "$name/bin/accrete" devices --json > /dev/null
if ldd "$name/bin/accrete" | grep -E 'not found|libswift|libFoundation'; then
  printf 'dist: the program asks for a library that the archive does not hold, above\n' >&2
  exit 1
fi
cd - > /dev/null
printf 'dist: %s, %s, starts\n' "$stage.tar.xz" "$(du -h "$stage.tar.xz" | cut -f 1)"

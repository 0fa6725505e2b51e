#!/usr/bin/env bash
# Builds engines/candle with the crates that deps/candle.lock pins by version and hash. That file is cargo's own lock file
# without the lines that say where crates come from: cargo is asked for these.
# usage: scripts/candle.sh    The last line of stdout is the path of the program.
# exit status: 0 · 1 cannot be built · 4 there is no cargo
set -euo pipefail
cd "$(dirname "$0")/.."
command -v cargo >/dev/null || { echo "candle: cargo is not installed" >&2; exit 4; }
cargo metadata --help >/dev/null 2>&1 || { echo "candle: cargo does not run" >&2; exit 4; }
build=build/engines/candle
mkdir -p "$build/src"
cp engines/candle/Cargo.toml "$build/"
cp engines/candle/src/main.rs "$build/src/"
cd "$build"
rm -f Cargo.lock
cargo generate-lockfile --quiet
source=$(grep -m1 '^source = ' Cargo.lock)
# Every crate with a checksum came from there.
awk -v source="$source" '/^checksum = / { print source } { print }' ../../../deps/candle.lock > Cargo.lock
cargo build --release --locked --quiet -j "${JOBS:-2}" >&2
echo "$PWD/target/release/crossval-candle"

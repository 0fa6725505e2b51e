#!/usr/bin/env bash
# Builds every fuzz target with libFuzzer, ASan and UBSan and runs each for some seconds.
# usage: scripts/fuzz.sh SECONDS [TARGET…]
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=$1
shift
cmake --preset asan >/dev/null
cmake --build build/asan --target fuzzers
targets=("$@")
if (( ${#targets[@]} == 0 )); then
  for source in fuzz/*.cc; do
    name=$(basename "$source" .cc)
    [[ $name == replay_main ]] || targets+=("$name")
  done
fi
(( ${#targets[@]} > 0 )) || { echo "fuzz: no targets" >&2; exit 1; }
for target in "${targets[@]}"; do
  echo "fuzz: $target for $seconds s" >&2
  found=build/asan/found/$target
  mkdir -p "$found"
  build/asan/fuzz_"$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -verbosity=0 \
    -print_final_stats=1 -artifact_prefix="$found/" "$found" "fuzz/corpus/$target"
done

#!/usr/bin/env bash
# Native beside canonical llama.cpp, by weight type: 512 positions of prefill with all logits, and 32
# decode steps, with one thread and with two. Prints one table; above 1, native is faster.
# SmolLM2's width is no multiple of 256, so the K types are also measured on made-up models.
#
# usage: scripts/bench.sh [TYPE…]     (BENCH_SECONDS, default 5: of each figure, at least one pair of runs)
set -euo pipefail
cd "$(dirname "$0")/.."

types=("$@")
(( $# > 0 )) || types=(F32 F16 BF16 Q8_0 Q4_0 Q4_1 Q5_0 Q5_1 Q4_K Q5_K Q6_K)

libs=$(scripts/reference.sh libs)
cmake --preset bench -DCROSSVAL_REFERENCE_SRC="$libs" -DCROSSVAL_REFERENCE_BUILD="$libs" >/dev/null
cmake --build build/bench --target engines_bench crossval >&2

models=()
for type in "${types[@]}"; do
  models+=("SmolLM2 $type=$(scripts/reference.sh quantized "$type")")
  [[ $type == *_K ]] || continue
  build/bench/crossval synth --types "$type" --layers 8 --embd 1024 --heads 16 --kv-heads 4 --ff 3072 \
    -o "build/bench/synth-$type.gguf"
  models+=("synth $type=build/bench/synth-$type.gguf")
done

build/bench/engines_bench "${models[@]}" --benchmark_min_time="${BENCH_SECONDS:-5}" \
  --benchmark_out=build/bench/engines.json --benchmark_out_format=json >&2
python3 scripts/bench_table.py build/bench/engines.json

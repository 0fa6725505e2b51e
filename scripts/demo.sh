#!/usr/bin/env bash
# Compares our engine with llama.cpp on a real model, then again with one planted mistake.
# usage: scripts/demo.sh PATH_TO_CROSSVAL
set -euo pipefail
cd "$(dirname "$0")/.."
crossval=$1

model=$(scripts/reference.sh model)
scripts/reference.sh worker >/dev/null
scripts/reference.sh jinja >/dev/null  # nothing here needs it; crossval run --chat does

show() {
  printf '\n$ crossval' >&2
  printf ' %q' "${@:2}" >&2
  printf '\n\n' >&2
  local code=0
  "$@" || code=$?
  return $code
}

echo "1. Our engine beside llama.cpp: every logit of every position, bit for bit." >&2
code=0
show "$crossval" per-token -m "$model" -f tests/data/prompts/prose-02-letter.txt \
  --max-tokens 8 --require bits || code=$?
if (( code != 0 )); then
  echo "demo: expected exit status 0 (identical), got $code" >&2
  exit 1
fi

echo >&2
echo "2. The same with one mistake planted in our engine (RoPE pairs the wrong elements), explained." >&2
code=0
show "$crossval" per-token -m "$model" -f tests/data/prompts/prose-02-letter.txt \
  --max-tokens 0 --require bits --candidate native:fault=rope-pairing --explain || code=$?
if (( code != 1 )); then
  echo "demo: expected exit status 1 (diverged), got $code" >&2
  exit 1
fi
echo >&2
echo "demo: identical without the mistake (exit 0), caught with it (exit 1)." >&2

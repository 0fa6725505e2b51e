#!/usr/bin/env bash
# Everything that is checked without running the program. Exit 1 when anything is found.
# usage: scripts/lint.sh    LINT_BASE=COMMIT limits clang-tidy to the files changed since that commit.
set -euo pipefail
cd "$(dirname "$0")/.."
failed=0
note() { echo "lint: $*" >&2; }

mapfile -t sources < <(git ls-files '*.cc' '*.h')
(( ${#sources[@]} > 0 )) || { note "no sources found"; exit 1; }
note "clang-format over ${#sources[@]} files"
clang-format-19 --dry-run --Werror "${sources[@]}" || failed=1

note "layers"
scripts/check_layers.py || failed=1

mapfile -t shell < <(git ls-files '*.sh' '.ci/run')
note "shellcheck over ${#shell[@]} files"
shellcheck "${shell[@]}" || failed=1

build=build/tidy
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCROSSVAL_TESTS=OFF -DCROSSVAL_TOGETHER=OFF \
      -DCMAKE_C_COMPILER=clang-19 -DCMAKE_CXX_COMPILER=clang++-19 >/dev/null
if [[ -n ${LINT_BASE:-} ]]; then
  mapfile -t tidy < <(git diff --name-only --diff-filter=d "$LINT_BASE" -- 'src/*.cc')
else
  mapfile -t tidy < <(git ls-files 'src/*.cc')
fi
note "clang-tidy over ${#tidy[@]} files"
if (( ${#tidy[@]} > 0 )); then
  cmake --build "$build" --target crossval_commit >/dev/null  # a generated header
  scripts/tidy.py "$build" "${tidy[@]}" || failed=1
fi
exit $failed

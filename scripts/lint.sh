#!/usr/bin/env bash
# Everything that is checked without running the program. Exit 1 when anything is found.
# usage: scripts/lint.sh    LINT_BASE=COMMIT limits clang-tidy to the files changed since that commit, LINT_ALL=1 takes
# every test.
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

# A test takes another file's fixtures by importing them.
mapfile -t python < <(git ls-files '*.py' ':!tests/lint')
note "pyflakes over ${#python[@]} files"
found=$(pyflakes3 "${python[@]}" 2>&1 | grep -vE "imported but unused|redefinition of unused" || true)
[[ -z $found ]] || { echo "$found" >&2; failed=1; }

# All of src/; of tests and fuzz targets a slice that the commit chooses (tests/e2e/slices.py), or all. The benchmarks
# always: nothing else in CI compiles them.
build=build/tidy
configure=(-DCMAKE_BUILD_TYPE=Debug -DCROSSVAL_TOGETHER=OFF)
others=('tests/*_test.cc' 'fuzz/*.cc')
benches=()
libs=$(scripts/reference.sh libs --no-build 2>/dev/null || true)  # llama.cpp's, where they have been built
if [[ -n $libs && -d /usr/include/benchmark ]]; then
  configure+=(-DCROSSVAL_BENCH=ON "-DCROSSVAL_REFERENCE_SRC=$libs" "-DCROSSVAL_REFERENCE_BUILD=$libs")
  mapfile -t benches < <(git ls-files 'bench/*.cc')
else
  configure+=(-DCROSSVAL_BENCH=OFF)
fi
cmake -S . -B "$build" -G Ninja "${configure[@]}" -DCMAKE_C_COMPILER=clang-19 -DCMAKE_CXX_COMPILER=clang++-19 >/dev/null
if [[ -n ${LINT_BASE:-} ]]; then
  mapfile -t tidy < <(git diff --name-only --diff-filter=d "$LINT_BASE" -- 'src/*.cc' "${others[@]}")
else
  mapfile -t tidy < <(git ls-files 'src/*.cc')
  mapfile -t more < <(git ls-files "${others[@]}")
  if [[ -z ${LINT_ALL:-} ]]; then
    mapfile -t more < <(PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=tests/e2e python3 -c '
import sys
from slices import slice_of
print(*slice_of(sys.argv[1:], 12), sep="\n")' "${more[@]}")
  fi
  tidy+=("${more[@]}")
fi
tidy+=("${benches[@]}")
note "clang-tidy over ${#tidy[@]} files"
if (( ${#tidy[@]} > 0 )); then
  cmake --build "$build" --target crossval_commit >/dev/null  # a generated header
  scripts/tidy.py "$build" "${tidy[@]}" || failed=1
fi

# The programs that link llama.cpp are projects of their own: looked at where the reference has been built.
engine() {
  local folder=$1 sources
  shift
  cmake --no-warn-unused-cli -S "engines/$folder" -B "$build/$folder" -G Ninja -DCMAKE_EXPORT_COMPILE_COMMANDS=ON \
        -DCMAKE_C_COMPILER=clang-19 -DCMAKE_CXX_COMPILER=clang++-19 "$@" >/dev/null || return 1
  mapfile -t sources < <(git ls-files "engines/$folder/*.cc")
  scripts/tidy.py "$build/$folder" "${sources[@]}"
}
if [[ -n $libs ]]; then
  note "clang-tidy over engines/"
  engine llama "-DLLAMA_CPP_BUILD=$libs" || failed=1
  engine decode "-DLLAMA_CPP_BUILD=$libs" || failed=1
  engine quantize "-DLLAMA_CPP_BUILD=$libs" || failed=1
  engine jinja "-DLLAMA_CPP_SOURCE=$(scripts/reference.sh source)" || failed=1
else
  note "engines/ left out: the reference is not built (make reference)"
fi

note "a dropped Result is found"
found=$(clang-tidy-19 --quiet tests/lint/dropped_result.cc -- -std=c++20 -Isrc 2>/dev/null || true)
if [[ $found != *bugprone-unused-return-value* ]]; then
  note "clang-tidy does not see it in tests/lint/dropped_result.cc"
  failed=1
fi

note "a name that nothing has is found"
found=$(pyflakes3 tests/lint/undefined_name.py 2>&1 || true)
if [[ $found != *"undefined name 'shown'"* ]]; then
  note "pyflakes does not see it in tests/lint/undefined_name.py"
  failed=1
fi
exit $failed

#!/usr/bin/env bash
# Builds programs of the pinned llama.cpp, in the arithmetic of the profile canonical, for tests of `http:` and of the
# files that they write: llama-server, llama-perplexity, llama-results, llama-imatrix; with their libraries, and
# llama-cpp-python's package, whose server loads these. Kept in the cache like what scripts/reference.sh makes, in a folder of their own: the
# tests that need them are few, and they take a quarter of an hour to build.
# usage: scripts/llama_tools.sh [--no-build]    The last line of stdout is the folder of the programs; python/ in it. The line
#     before it is llama-imatrix, which is made apart from them, or empty.
# exit status: 0 · 1 cannot be fetched or built · 4 not there and --no-build given · 64 usage
# shellcheck disable=SC2030,SC2031,SC2034,SC2154,SC2317  # variables and functions are shared with the sourced parts
set -euo pipefail
shopt -s inherit_errexit
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${CROSSVAL_CACHE:-${XDG_CACHE_HOME:-${HOME:?is not set; set it or CROSSVAL_CACHE}/.cache}/crossval}/llama-tools
for part in cache build fetch libs; do
  # shellcheck source-path=SCRIPTDIR source=/dev/null
  source "$root/scripts/reference/$part.sh"
done

{  # read whole before it runs
may_build=yes profile='' src='' release='' invocation=''
case ${1:-} in
  '') ;;
  --no-build) may_build=no ;;
  *) sed -n '/^# usage/,/^# exit/s/^# \?//p' "${BASH_SOURCE[0]}" >&2; exit 64 ;;
esac

# The whole source distribution: source_tree leaves out the folder tools/ui, which the server's build reads.
build_tools() {
  local out=$1 programs=(llama-server llama-perplexity llama-results)
  download "$staging/download" --no-binary
  mkdir "$staging/tree"
  tar -xzf "$staging"/download/*.tar.gz -C "$staging/tree" --strip-components=3 --no-same-owner --wildcards '*/vendor/llama.cpp'
  mkdir "$out/python"
  tar -xzf "$staging"/download/*.tar.gz -C "$out/python" --strip-components=1 --no-same-owner --wildcards '*/llama_cpp/*'
  say "building ${programs[*]} (a quarter of an hour, once)"
  configure_and_build llama-tools "$staging/tree" "${programs[*]}" "${flags[@]}"
  cp -P "${programs[@]/#/$built/bin/}" "$built"/bin/*.so* "$out/"
}

# One source file, beside the libraries in FOLDER.
build_imatrix() {
  local out=$1 folder=$2 tree
  tree=$(unset staging; tools=$cache; local cache=${tools%/llama-tools}; source_tree)
  say "building llama-imatrix"
  logged llama-imatrix "${CXX:-c++}" -O2 -std=c++17 -I"$tree/common" -I"$tree/include" -I"$tree/ggml/include" \
    -I"$tree/vendor" "$tree/tools/imatrix/imatrix.cpp" -o "$out/llama-imatrix" -L"$folder" -lllama-common -lllama \
    -lggml -lggml-base "-Wl,-rpath,$folder" -pthread
}

pinned_source
choose_profile
# No page for browsers: it would be fetched.
flags+=(-DBUILD_SHARED_LIBS=ON -DCMAKE_BUILD_RPATH_USE_ORIGIN=ON -DLLAMA_BUILD_COMMON=ON -DLLAMA_BUILD_TOOLS=ON
        -DLLAMA_BUILD_SERVER=ON -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF "-DLLAMA_BUILD_COMMIT=$note"
        -DLLAMA_BUILD_NUMBER=0)
key=$(printf '%s\n' "$sha256" "${flags[@]}" "$toolchain" | digest)
made=$(cached "$cache/$version-$key" build_tools)
imatrix=$(cached "$cache/imatrix-$version-$key" build_imatrix "$made") || [[ $? == 4 ]]
printf '%s\n' "${imatrix:+$imatrix/llama-imatrix}" "$made"
exit
}

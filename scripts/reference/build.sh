# shellcheck shell=bash disable=SC2154
# Running CMake in the staging folder.

# compiler: the first line that the C++ compiler says of itself
compiler() {
  local text
  text=$("${CXX:-c++}" --version 2>/dev/null) || fail "no C++ compiler (${CXX:-c++}); install it with: $(install_hint)"
  printf '%s\n' "${text%%$'\n'*}"
}

need_cmake() {
  type -P cmake ninja >/dev/null || fail "cmake or ninja is missing; install them with: $(install_hint)"
}

# known_era TREE: fails when no shim of crossval's fits what its headers declare
known_era() {
  local problem
  need_cmake
  problem=$(cmake "-Dllama_cpp_tree=$(realpath "$1")" -P "$root/engines/llama/era.cmake" 2>&1) || true
  [[ -z $problem ]] || fail "$problem"
}

# configure_and_build NAME SOURCE TARGETS FLAG…: sets built, the folder of the build; TARGETS by blanks. A copy of
# llama.cpp in the staging folder is built inside itself: ccache, told where it begins, knows a file of one copy again in
# the next, which differs from it in a line, stands in bitnet.cpp's tree or is built for another program.
configure_and_build() {
  local name=$1 tree=$2 targets launcher=()
  read -ra targets <<<"$3"
  built=$staging/build
  local -x CCACHE_BASEDIR='' CCACHE_IGNOREOPTIONS=''
  if [[ $tree == "$staging"/* ]]; then
    built=$tree/build-of-crossval
    CCACHE_BASEDIR=$tree CCACHE_IGNOREOPTIONS=-fpermissive  # which lets more be compiled, and nothing otherwise
  fi
  shift 3
  need_cmake
  ! type -P ccache >/dev/null ||
    launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  logged "$name-configure" cmake -S "$tree" -B "$built" -G Ninja "${launcher[@]}" "$@"
  logged "$name-build" cmake --build "$built" --target "${targets[@]}" --parallel "$(nproc)"
}

# logged NAME COMMAND…: output goes to a log of the cache; a long ninja build's progress is shown in tenths.
logged() {
  local log=$cache/log/$1.log
  shift
  mkdir -p "$cache/log"
  if ! nice "$@" 2>&1 | tee "$log" | awk -F'[][/]' '
      /^\[[0-9]+\/[0-9]+\]/ && $3 > 50 { now = int(10 * $2 / $3)
        if (now > shown) { shown = now; printf "crossval:   %d %%\n", 10 * now; fflush() } }' >&2; then
    tail -n 20 "$log" >&2
    fail "that failed; the whole output: $log"
  fi
}

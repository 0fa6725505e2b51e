#!/usr/bin/env bash
# Installs the Debian packages of deps/debian.txt that are missing.
# usage: scripts/deps.sh GROUP…    (build, reference, test, engines, bare, bench, lint, pages, prompts, slurm)
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
asked() {  # whether one of the groups $2, with commas between them, is among $1
  local group
  for group in ${2//,/ }; do [[ " $1 " == *" $group "* ]] && return; done
  return 1
}

while read -r groups package version; do
  [[ -z $groups || $groups == \#* ]] && continue
  asked "$*" "$groups" || continue
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [[ $status == installed ]] || missing+=("$package=$version")
done < deps/debian.txt
(( ${#missing[@]} > 0 )) || exit 0

if ! command -v apt-get >/dev/null; then
  echo "crossval: not a Debian system; install by hand: ${missing[*]}" >&2
  exit 1
fi
as_root=()
if (( EUID != 0 )); then
  command -v sudo >/dev/null || { echo "crossval: run as root: apt-get install ${missing[*]}" >&2; exit 1; }
  as_root=(sudo)
fi
echo "crossval: installing ${missing[*]}" >&2
"${as_root[@]}" apt-get update -qq >&2
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
  "${missing[@]}" >/dev/null

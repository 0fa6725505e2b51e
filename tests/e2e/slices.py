"""Which part of a full matrix an ordinary run takes: the commit chooses it, so that every commit sees another part and
a failure is found again at its commit. `make test-all` (CROSSVAL_TEST_ALL=1) takes everything."""
import hashlib
import pathlib
import subprocess

from identity import ALL

COMMIT = subprocess.run(["git", "rev-parse", "HEAD"], cwd=pathlib.Path(__file__).parent, text=True,
                        stdout=subprocess.PIPE).stdout.strip()


def digest(case, commit):
    return hashlib.sha256(f"{commit} {case}".encode()).digest()


def slice_of(cases, count, commit=COMMIT, everything=ALL):
    """`count` of the cases in their order, the same ones for the same commit; all of them with the full matrix."""
    cases = list(cases)
    if everything:
        return cases
    chosen = sorted(range(len(cases)), key=lambda i: digest(cases[i], commit))[:count]
    return [cases[i] for i in sorted(chosen)]


def seed_of(commit=COMMIT):
    """For random texts."""
    return int.from_bytes(digest("texts", commit)[:4], "big")

"""The models that faults are planted in: SmolLM2 in any weight format, and made ones of any architecture."""
import functools
import hashlib
import pathlib
import subprocess
import sys
import tempfile
import types

from foreign import ROOT, script

sys.path.insert(0, str(ROOT / "tests" / "e2e"))
import made_models  # noqa: E402  (the tests' own)

TOKENS = ("--tokens=" + ",".join(map(str, made_models.IDS)),)  # for made models
_folder = tempfile.TemporaryDirectory(prefix="crossval-faults-")  # of what is made for one run
FOLDER = pathlib.Path(_folder.name)


def smollm2(weights):
    """A function that gives the file with every matrix in that format; in Q4_1 it was published."""
    return functools.partial(script, *(["model"] if weights == "Q4_1" else ["quantized", weights]))


def made(crossval, arch, formats, *options):
    """A function that gives a random model of the architecture."""
    return functools.partial(_make, crossval, arch, formats, *options)


@functools.cache
def _make(crossval, arch, formats, *options):
    key = hashlib.sha256(repr((arch, formats, options)).encode()).hexdigest()[:8]
    path = FOLDER / f"{arch}-{key}.gguf"

    def synth(*args):
        done = subprocess.run([crossval, *map(str, args)], text=True, capture_output=True)
        return types.SimpleNamespace(code=done.returncode, out=done.stdout + done.stderr)

    done = made_models.make(synth, path, arch, ["--seed", 3, "--types", formats, *options])
    if done.code != 0:
        raise RuntimeError(f"synth {arch}: {done.out}")
    return path

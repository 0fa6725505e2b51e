"""The Python that has torch and transformers, and checkpoints that it makes (make test-engines)."""
import subprocess
import sys

from conftest import ROOT, script

sys.path[:0] = [str(ROOT / "engines" / "python"), str(ROOT / "tests" / "golden")]

INSTALLED = (ROOT / "build" / "transformers" / ".installed").exists()
PYTHON = ROOT / "build" / "transformers" / "bin" / "python"


def hf(folder, *keys):
    """transformers on a checkpoint, as an engine is written."""
    return ",".join([f"hf:{folder}", f"python={PYTHON}", *keys])


def make(folder, names):
    """FOLDER/NAME, NAME.gguf and NAME.npy of families of tests/golden/checkpoint_families.py."""
    done = subprocess.run([PYTHON, ROOT / "tests" / "golden" / "make_checkpoints.py", "--source", script("source"),
                           folder, *names], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr

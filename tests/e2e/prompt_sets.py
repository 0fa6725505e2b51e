"""Sets that scripts/prompt_sets.py fetches, for the tests of them."""
import hashlib
import json
import subprocess

from conftest import ROOT

SCRIPT = ROOT / "scripts" / "prompt_sets.py"


def pins():
    """name -> (prompts, SHA-256 of the set, licence), read here anew."""
    lines = [line.split(None, 7) for line in (ROOT / "deps" / "prompts.txt").read_text().splitlines() if not line.startswith("#")]
    return {line[0]: (int(line[5]), line[6], line[7]) for line in lines}


def fetch(*names, **kwargs):
    return subprocess.run([SCRIPT, *names], text=True, capture_output=True, timeout=300, **kwargs)


def checked(name, path):
    """id -> text of a file that is a set as it is pinned."""
    data = path.read_bytes()
    prompts, sha256, _ = pins()[name]
    assert hashlib.sha256(data).hexdigest() == sha256
    lines = [json.loads(line) for line in data.decode().split("\n")[:-1]]
    assert all(list(line) == ["id", "text"] and line["text"] and "\0" not in line["text"] for line in lines)
    assert max(len(line["text"].encode()) for line in lines) <= 2000  # fits into a context of 2,048
    found = {line["id"]: line["text"] for line in lines}
    assert len(found) == len(lines) == prompts and all(key.startswith(name + "/") for key in found)
    return found

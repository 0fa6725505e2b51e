"""Files of rows that other people's own code wrote: safetensors by its library, a dump of log-probabilities by llama.cpp's
script (make test-engines)."""
import subprocess

import numpy as np
import pytest

from conftest import script
from servers.base import Handler, Server, log_probabilities, shown
from transformers_env import INSTALLED, PYTHON

if not INSTALLED:
    pytest.skip("safetensors and requests are not installed: make test-engines", allow_module_level=True)

TEXT = "The quick brown fox jumps over the lazy dog by the river"
SAVE = """
import sys, numpy, torch, safetensors.torch
rows = torch.from_numpy(numpy.load(sys.argv[1])).to(getattr(torch, sys.argv[3]))
safetensors.torch.save_file({"hidden": torch.zeros(3, 5), "logits": rows[None]}, sys.argv[2], metadata={"format": "pt"})
numpy.save(sys.argv[1], rows.float().numpy())  # as it was rounded
"""


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "float64"])
def test_safetensors_of_torch(crossval, tmp_path, dtype):
    array, saved = tmp_path / "rows.npy", tmp_path / "rows.safetensors"
    np.save(array, np.random.default_rng(5).normal(0, 4, (7, 53)).astype("f4"))
    subprocess.run([PYTHON, "-c", SAVE, array, saved, dtype], check=True)
    run = crossval("compare", saved, array, "--format", "json")
    assert (run.code, run.json["verdict"], len(run.json["positions"])) == (0, "IDENTICAL", 7), run.err
    said = [w["message"] for w in run.json["warnings"] if w["name"] == "format-says-less"]
    assert len(said) == (dtype != "float32") and all(dtype in message for message in said)


class OpenAiOfLlamaServer(Handler):
    """Completions as llama-server writes them (tools/server/server-task.cpp), for a byte a token."""
    routes = {"/v1/completions": "completions"}
    apart = 0.0

    def completions(self, asked):
        top = [{"id": i, "token": shown(i), "bytes": [i], "logprob": p - self.apart}
               for i, p in log_probabilities(list(asked["prompt"].encode()))[:asked["logprobs"]]]
        return {"choices": [{"text": top[0]["token"], "index": 0, "logprobs": {"content": [top[0] | {"top_logprobs": top}]},
                             "finish_reason": "length"}], "object": "text_completion", "usage": {"prompt_tokens": 1}}


class Apart(OpenAiOfLlamaServer):
    apart = 0.5


def test_a_dump_of_llama_cpps_script(crossval, tmp_path):
    text = tmp_path / "text.txt"
    text.write_text(TEXT)
    dumps = []
    for handler in OpenAiOfLlamaServer, Apart:
        dumps.append(tmp_path / f"{handler.__name__}.log")
        with Server(handler) as server:
            subprocess.run([PYTHON, script("source") / "scripts" / "compare-logprobs.py", "dump", dumps[-1], server.address + "/v1/completions",
                            "--file", text, "--pattern", "3,4,2"], check=True, stderr=subprocess.DEVNULL)
    same = crossval("compare", dumps[0], dumps[0], "--format", "json")
    assert (same.code, same.json["verdict"], len(same.json["positions"])) == (0, "MATCH", 5), same.err
    assert any("__index 0 to 8" in w["message"] for w in same.json["warnings"])
    apart = crossval("compare", dumps[1], dumps[0], "--format", "json")
    assert apart.code == 1 and [p["top"]["max_abs_diff"] for p in apart.json["positions"]] == pytest.approx([0.5] * 5, abs=1e-5)

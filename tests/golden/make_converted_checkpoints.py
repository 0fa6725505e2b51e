#!/usr/bin/env python3
"""What llama.cpp's converter makes of checkpoints whose weights follow from their names (tests/e2e/made_checkpoints.py).

usage: make_converted_checkpoints.py --source LLAMA_CPP      (as make_checkpoints.py)

Writes tests/data/checkpoints/converted.json: per family config.json as transformers writes it, names and shapes of its
tensors, and of the converter's GGUF each number of the architecture and the SHA-256 of each tensor's bytes.
"""
import argparse
import hashlib
import json
import logging
import multiprocessing
import os
import pathlib
import runpy
import shutil
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "e2e"), str(ROOT / "tests" / "golden")]
import made_checkpoints  # noqa: E402
import make_checkpoints  # noqa: E402

# What is not about the architecture.
OTHER_KEYS = ("general.", "tokenizer.", "GGUF.")
OUT_TYPES = {"float32": "f32", "float16": "f16", "bfloat16": "bf16"}


def run_converter(source, folder, pre, out_type, file):
    sys.path[:0] = [source, source + "/gguf-py"]
    from conversion import base
    if pre != "spm":
        base.TextModel.get_vocab_base_pre = lambda self, tokenizer: "llama-bpe"
    sys.argv = [source + "/convert_hf_to_gguf.py", str(folder), "--outtype", out_type, "--outfile", str(file)]
    logging.disable(logging.ERROR)
    runpy.run_path(sys.argv[0], run_name="__main__")


def recorded(name, folder, source):
    checkpoint, file = folder / name, folder / f"{name}.gguf"
    make_checkpoints.make(name, checkpoint)
    config = json.loads((checkpoint / "config.json").read_text())
    shapes = {key: [dtype, list(bits.shape)]
              for key, (dtype, bits) in made_checkpoints.read_safetensors(checkpoint / "model.safetensors").items()}
    _, dtype, pre, _ = make_checkpoints.FAMILIES[name]
    made = folder / "made" / name
    made_checkpoints.write(made, config, shapes)
    if pre == "spm":
        (made / "tokenizer.json").unlink()
        for kind in ("tokenizer.model", "tokenizer_config.json"):
            shutil.copy(checkpoint / kind, made)
    child = multiprocessing.get_context("fork").Process(
        target=run_converter, args=(source, made, pre, OUT_TYPES[dtype], file))
    child.start()
    child.join()
    if child.exitcode:
        raise SystemExit(f"{name}: the converter ends with status {child.exitcode}")
    import gguf
    reader = gguf.GGUFReader(file)
    keys = {key: field.contents() for key, field in reader.fields.items() if not key.startswith(OTHER_KEYS)}
    tensors = {t.name: [t.tensor_type.name, [int(n) for n in t.shape], hashlib.sha256(
        np.ascontiguousarray(t.data).tobytes()).hexdigest()] for t in reader.tensors}
    return {"config": config, "shapes": shapes, "keys": keys, "tensors": tensors}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", required=True, help="llama.cpp's tree (scripts/reference.sh source)")
    args = parser.parse_args()
    sys.path.insert(0, args.source + "/gguf-py")
    families = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in make_checkpoints.FAMILIES:
            families[name] = recorded(name, pathlib.Path(folder), os.path.realpath(args.source))
            print(name, len(families[name]["tensors"]), flush=True)
    out = ROOT / "tests" / "data" / "checkpoints" / "converted.json"
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(family)}" for name, family in families.items())
    out.write_text("{" + lines + "}\n")


if __name__ == "__main__":
    main()

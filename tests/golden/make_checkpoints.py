#!/usr/bin/env python3
"""Makes tiny random Hugging Face checkpoints, their GGUF files by llama.cpp's converter, and transformers' logits.

usage: make_checkpoints.py --source LLAMA_CPP FOLDER [NAME...]      (torch, transformers 5 and gguf; default: FIXTURES)

Of each NAME of FAMILIES come FOLDER/NAME (the checkpoint), FOLDER/NAME.gguf (F32) and FOLDER/NAME.npy (logits, positions
× vocabulary, of the ids of FOLDER/ids.txt: f32, eager attention, one thread). tests/data/checkpoints holds FIXTURES.

Everything is seeded. Configurations, weights' layout and logits are transformers'; the tokenizers are trained here and
written in the form that published checkpoints have. The converter runs as it is, but for the name of the
pre-tokenizer, which it knows by the hash of a published vocabulary.
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import tokenizers
import torch
import transformers
from tokenizers import Regex, decoders, models, normalizers, pre_tokenizers, processors, trainers

torch.cuda.is_current_stream_capturing = lambda: False  # torch without CUDA's libraries would load them to ask

ROOT = pathlib.Path(__file__).resolve().parents[2]
VOCAB, EXPERTS = 320, 4
IDS = [(37 * i + i * i) % VOCAB for i in range(40)]
TEXT = sorted((ROOT / "tests" / "data" / "prompts").glob("*.txt"))

TEMPLATE = (
    "{% if messages[0]['role'] != 'system' %}<|im_start|>system\nYou are helpful.<|im_end|>\n{% endif %}"
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}")
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|begin|>"]
END, STOP, BEGIN = 0, 2, 3  # ids of SPECIAL

# The patterns of published tokenizers, by the name that llama.cpp has for them.
CONTRACTION = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
LETTERS, REST = r"[^\r\n\p{L}\p{N}]?\p{L}+", r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
PATTERNS = {"llama-bpe": rf"{CONTRACTION}|{LETTERS}|\p{{N}}{{1,3}}|{REST}",
            "qwen2": rf"{CONTRACTION}|{LETTERS}|\p{{N}}|{REST}",
            "gpt-2": r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"}

BASE = dict(vocab_size=VOCAB, hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, head_dim=16, max_position_embeddings=512, bos_token_id=END, eos_token_id=STOP,
            pad_token_id=END, tie_word_embeddings=False)
LLAMA3 = dict(rope_type="llama3", rope_theta=500000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=64)

# name: transformers' class, dtype of the file, pre-tokenizer, what differs from BASE
FAMILIES = {
    "llama": ("Llama", "float32", "llama-bpe", dict(rope_parameters=LLAMA3, bos_token_id=BEGIN)),
    "qwen3": ("Qwen3", "bfloat16", "qwen2", dict(tie_word_embeddings=True)),
    "olmo2": ("Olmo2", "float16", "gpt-2", {}),
}
FIXTURES = ["llama", "qwen3", "olmo2"]


def write_tokenizer(folder, pre, config):
    """A byte-level BPE of VOCAB tokens, as tokenizer.json and tokenizer_config.json."""
    made = tokenizers.Tokenizer(models.BPE())
    if pre == "qwen2":
        made.normalizer = normalizers.NFC()
    made.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(PATTERNS[pre]), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    made.decoder = decoders.ByteLevel()
    made.train([str(file) for file in TEXT], trainers.BpeTrainer(
        vocab_size=VOCAB, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), special_tokens=SPECIAL,
        show_progress=False))
    bos = SPECIAL[config.bos_token_id]
    if pre == "llama-bpe":
        made.post_processor = processors.TemplateProcessing(
            single=f"{bos} $A", pair=f"{bos} $A {bos} $B", special_tokens=[(bos, config.bos_token_id)])
    made.save(str(folder / "tokenizer.json"))
    said = {"added_tokens_decoder": {str(i): dict(content=text, lstrip=False, normalized=False, rstrip=False,
                                                  single_word=False, special=True) for i, text in enumerate(SPECIAL)},
            "bos_token": bos, "eos_token": SPECIAL[STOP], "pad_token": SPECIAL[END],
            "clean_up_tokenization_spaces": False, "model_max_length": config.max_position_embeddings,
            "tokenizer_class": "PreTrainedTokenizerFast"}
    if pre == "gpt-2":  # newer checkpoints have the template in a file of its own
        (folder / "chat_template.jinja").write_text(TEMPLATE)
    else:
        said["chat_template"] = TEMPLATE
    (folder / "tokenizer_config.json").write_text(json.dumps(said, indent=2, ensure_ascii=False) + "\n")


def fill(model):
    """Weights that make every operation count: activations of about 1, norms that are not 1."""
    rng = np.random.default_rng(1)
    embedding = model.get_input_embeddings().weight
    with torch.no_grad():
        for _, weight in model.named_parameters():
            noise = torch.from_numpy(rng.standard_normal(weight.shape).astype(np.float32))
            if weight is embedding:
                weight.copy_(noise / 16 if model.config.tie_word_embeddings else noise)
            elif weight.dim() >= 2:
                weight.copy_(noise / weight.shape[-1] ** 0.5)
            else:
                weight.add_(0.1 * noise)


def make(name, folder):
    """The checkpoint FOLDER/NAME."""
    kind, dtype, pre, changes = FAMILIES[name]
    config = getattr(transformers, kind + "Config")(**{**BASE, **changes})
    model = getattr(transformers, kind + "ForCausalLM")(config)
    fill(model)
    model.to(getattr(torch, dtype))
    shutil.rmtree(folder, ignore_errors=True)
    model.generation_config.eos_token_id = [STOP, END] if name == "llama" else STOP
    model.save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)
    write_tokenizer(folder, pre, config)


def logits(folder, ids):
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    with torch.no_grad():
        return model.eval()(torch.tensor([ids]), use_cache=False).logits[0].numpy()


CONVERT = """
import runpy, sys
source, pre = sys.argv[1:3]
sys.path[:0] = [source, source + "/gguf-py"]
import torch
torch.cuda.is_current_stream_capturing = lambda: False
import conversion.base
conversion.base.TextModel.get_vocab_base_pre = lambda self, tokenizer: pre
sys.argv = [source + "/convert_hf_to_gguf.py", *sys.argv[3:]]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def convert(source, folder, pre, file):
    done = subprocess.run([sys.executable, "-c", CONVERT, source, pre, folder, "--outtype", "f32", "--outfile", file],
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"{folder}: not converted\n{done.stderr}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", required=True, help="llama.cpp's tree (scripts/reference.sh source)")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("names", nargs="*", default=FIXTURES)
    given = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.set_num_threads(1)
    given.folder.mkdir(parents=True, exist_ok=True)
    (given.folder / "ids.txt").write_text(" ".join(map(str, IDS)) + "\n")
    for name in given.names:
        folder = given.folder / name
        make(name, folder)
        np.save(folder.with_suffix(".npy"), logits(folder, IDS))
        convert(os.path.realpath(given.source), folder, FAMILIES[name][2], folder.with_suffix(".gguf"))
        print(name, flush=True)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Makes tiny random Hugging Face checkpoints, their GGUF files by llama.cpp's converter, and transformers' logits.

usage: make_checkpoints.py --source LLAMA_CPP FOLDER [NAME...]      (torch, transformers 5 and gguf; default: FIXTURES)

Of each NAME of FAMILIES (checkpoint_families.py) come FOLDER/NAME (the checkpoint), FOLDER/NAME.gguf (F32) and
FOLDER/NAME.npy (logits, positions × vocabulary, of the ids of FOLDER/ids.txt: f32, eager attention, one thread).
tests/data/checkpoints holds FIXTURES.

Everything is seeded. Configurations, weights' layout and logits are transformers'; the tokenizers are trained here and
written in the form that published checkpoints have. The converter runs as it is, but for the name of the
pre-tokenizer, which it knows by the hash of a published vocabulary.
"""
import argparse
import json
import logging
import multiprocessing
import os
import pathlib
import runpy
import shutil
import sys

import numpy as np
import sentencepiece
import tokenizers
import torch
import transformers
from checkpoint_families import BASE, END, FAMILIES, FIXTURES, IDS, SPECIAL, STOP, TOKEN_KEYS, VOCAB
from tokenizers import Regex, decoders, models, normalizers, pre_tokenizers, processors, trainers

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEXT = sorted((ROOT / "tests" / "data" / "prompts").glob("*.txt"))

TEMPLATE = (
    "{% if messages[0]['role'] != 'system' %}<|im_start|>system\nYou are helpful.<|im_end|>\n{% endif %}"
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}")

# The patterns of published tokenizers, by the name that llama.cpp has for them.
CONTRACTION = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
LETTERS, REST = r"[^\r\n\p{L}\p{N}]?\p{L}+", r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
PATTERNS = {"llama-bpe": rf"{CONTRACTION}|{LETTERS}|\p{{N}}{{1,3}}|{REST}",
            "qwen2": rf"{CONTRACTION}|{LETTERS}|\p{{N}}|{REST}",
            "gpt-2": r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"}


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


def write_sentencepiece(folder, size):
    """A SentencePiece model of `size` tokens, with what transformers makes of it."""
    sentencepiece.SentencePieceTrainer.train(
        input=[str(file) for file in TEXT if file.name.startswith("prose")], model_prefix=str(folder / "tokenizer"),
        vocab_size=size, model_type="bpe", byte_fallback=True, character_coverage=0.98,
        normalization_rule_name="identity", remove_extra_whitespaces=False, split_digits=True, add_dummy_prefix=False,
        pad_id=0, eos_id=2, bos_id=1, unk_id=3, pad_piece="<pad>",
        eos_piece="<eos>", bos_piece="<bos>", user_defined_symbols=["<start_of_turn>", "<end_of_turn>"], minloglevel=2)
    (folder / "tokenizer.vocab").unlink()
    (folder / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "GemmaTokenizer", "add_bos_token": True, "add_eos_token": False, "bos_token": "<bos>",
        "eos_token": "<eos>", "pad_token": "<pad>", "unk_token": "<unk>", "clean_up_tokenization_spaces": False,
        "chat_template": TEMPLATE.replace("<|im_start|>", "<start_of_turn>").replace("<|im_end|>", "<end_of_turn>")},
        indent=2) + "\n")


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
    base = {key: BASE[key] for key in TOKEN_KEYS} if kind == "GPT2" else BASE
    config = first_of(kind + "TextConfig", kind + "Config")(**{**base, **changes})
    model = first_of(kind + "ForCausalLM", kind + "LMHeadModel")(config)
    fill(model)
    model.to(getattr(torch, dtype))
    shutil.rmtree(folder, ignore_errors=True)
    model.generation_config.eos_token_id = [STOP, END] if name == "llama" else STOP
    model.save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)
    if kind == "GPT2":  # the converter reads it
        more_config(folder, n_ctx=config.n_positions)
    if pre == "spm":
        write_sentencepiece(folder, config.vocab_size)
    else:
        write_tokenizer(folder, pre, config)


def first_of(*names):
    return next(getattr(transformers, name) for name in names if hasattr(transformers, name))


def more_config(folder, **more):
    file = folder / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **more}, indent=2) + "\n")


def logits(folder, ids):
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    with torch.no_grad():
        return model.eval()(torch.tensor([ids]), use_cache=False).logits[0].numpy()


def convert(source, folder, pre, file):
    """In a process of its own, as the converter is a program."""
    child = multiprocessing.get_context("fork").Process(target=run_converter, args=(source, folder, pre, file))
    child.start()
    child.join()
    if child.exitcode:
        raise RuntimeError(f"{folder}: the converter ends with status {child.exitcode}")


def run_converter(source, folder, pre, file):
    sys.path[:0] = [source, source + "/gguf-py"]
    from conversion import base
    if pre != "spm":
        base.TextModel.get_vocab_base_pre = lambda self, tokenizer: pre
    sys.argv = [source + "/convert_hf_to_gguf.py", str(folder), "--outtype", "f32", "--outfile", str(file)]
    logging.disable(logging.ERROR)
    runpy.run_path(sys.argv[0], run_name="__main__")


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

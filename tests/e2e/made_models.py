"""Models that `crossval synth` makes of each architecture: what is varied, and how they are compared.

Used by the tests and by scripts/architectures.py, which writes down what was measured.
"""
import pathlib
import re
import struct

ROOT = pathlib.Path(__file__).resolve().parents[2]
POSITIONS, STEPS, WINDOW = 48, 8, 20  # the windows are shorter than the prompt
IDS = [(37 * i + i * i) % 350 for i in range(POSITIONS)]
TYPES = ["F16,Q8_0,Q4_K,Q6_K,IQ4_XS", "BF16,Q5_0,Q3_K,IQ2_S,Q5_K", "Q4_0,F32,TQ2_0,Q2_K,MXFP4"]
SIZES = ["--embd", 256, "--heads", 4, "--ff", 512, "--context", 256]

# Heads whose widths need not add up to the model's: llama.cpp loads them in these architectures.
WIDE = set("""llama mistral3 smollm3 qwen3 qwen3moe gemma gemma2 gemma3 granite granitemoe minicpm exaone glm4 gpt-oss
ernie4_5 ernie4_5-moe paddleocr seed_oss arcee exaone-moe glm4moe hunyuan-dense hunyuan_vl hunyuan-moe jais2 maincoder
minicpm3 minimax-m2 pangu-embedded qwen3vl qwen3vlmoe refact bailingmoe mellum granite_swa afmoe spark2_5 laguna""".split())
# RoPE on a part of a head: llama.cpp runs it in these, and refuses it or ends itself in the others.
PARTIAL = set("""gemma gemma2 gemma3 phi2 phi3 gptneox stablelm command-r cohere2 nemotron glm4 bitnet chatglm glm4moe
minicpm3 minimax-m2 phimoe qwen bailingmoe2 afmoe spark2_5 laguna""".split())
# Numbers of layers that mean something (src/model/architectures.cc).
LAYERS = {"exaone4": 64, "command-r": 64, "baichuan": 32, "gemma2": 46, "gemma3": 62}


def table():
    """name -> its row of the table of architectures, as text."""
    text = (ROOT / "src" / "model" / "architectures.cc").read_text()
    rows = text[text.index("kArchitectures[] = {"):]
    rows = rows[:rows.index("\n};")]
    return {re.search(r'\.name = "(.*?)"', row)[1]: row for row in re.split(r"\n    \{(?=\.name)", rows)[1:]}


# Read by bitnet.cpp only (tests/e2e/test_bitnet.py).
ELSEWHERE = {"bitnet-b1.58", "bitnet-25"}


def has_windows(row):
    return "WindowKind::" in row


def variants(name, row):
    """(label, options) of the models of an architecture; the label begins with dense or experts."""
    needs = ".experts = {.presence = kRequired" in row
    kinds = ["experts"] if needs else ["dense", "experts"] if ".experts" in row else ["dense"]
    for kind in kinds:
        own = ["--experts", 6, "--experts-used", 2] if kind == "experts" else []
        yield f"{kind}", ["--seed", 1, "--types", TYPES[0], *own]
        for seed in (2, 3, 4, 5):
            yield f"{kind}-extras-{seed}", ["--seed", seed, "--extras", "--types", TYPES[seed % 3], *own]
        if name in WIDE:
            yield f"{kind}-wide", ["--seed", 6, "--extras", "--head-dim", 128, "--types", TYPES[0], *own]
        if name in PARTIAL:
            yield f"{kind}-partial", ["--seed", 8, "--rope-dim", 32, "--types", TYPES[1], *own]
    if name in LAYERS:
        yield "dense-layers", ["--seed", 7, "--layers", LAYERS[name], "--types", TYPES[0]]


def set_f32(path, key, value):
    """Overwrites a metadata value where it stands."""
    data = bytearray(path.read_bytes())
    at = data.index(key.encode()) + len(key) + 4
    data[at:at + 4] = struct.pack("<f", value)
    path.write_bytes(data)


def make(crossval, path, name, options):
    """The finished run of synth."""
    layers = [] if "--layers" in options else ["--layers", 4]
    window = ["--window", WINDOW] if has_windows(table()[name]) else []
    run = crossval("synth", "-o", path, "--arch", name, *SIZES, *layers, *window, *options)
    if run.code == 0 and name == "qwen2vl":
        # This llama.cpp does not read the epsilon of qwen2vl and computes with 0.
        set_f32(path, "qwen2vl.attention.layer_norm_rms_epsilon", 0.0)
    return run


MODES = {"prefill": ["-b", POSITIONS, "--max-tokens", 0], "chunks": ["-b", 7, "--max-tokens", 0],
         "decode": ["-b", POSITIONS, "--max-tokens", STEPS]}


def compare(crossval, path, mode, *args):
    return crossval("per-token", "-q", "-m", path, "--tokens=" + ",".join(map(str, IDS)), "-c", 256, "--require",
                    "bits", "--format", "json", *MODES[mode], *args)

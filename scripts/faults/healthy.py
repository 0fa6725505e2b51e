"""Pairs of engines that are not bit-identical and of which none is wrong."""
import functools

from case import LETTER, Case
from foreign import Tree, script
from models import TOKENS, made, smollm2

LICENSE = ("-f", "LICENSE", "--position", "95")
STORY = ("-f", "tests/data/prompts/prose-01-lighthouse.txt", "--position", "30")


@functools.cache
def vectorised():
    """g++ fuses pairs of additions and subtractions when it vectorises, in spite of -ffp-contract=off: RoPE's
    rotation."""
    return Tree("canonical", "-ftree-vectorize").worker()


def vectorised_engine():
    return f"llama.cpp:worker={vectorised()},profile=canonical"


vectorised_engine.shown = "g++ vectorised"


def era(release, settings=""):
    """A function: llama.cpp of another time, built with the canonical flags."""
    def named():
        return f"llama.cpp:src={script('source', '--release', release)}" + ("," + settings if settings else "")
    named.shown = f"llama.cpp of release {release}" + (", " + settings if settings else "")
    return named


PRODUCTION = "llama.cpp:profile=production"
# candidate, reference, prompt, weights of SmolLM2
PAIRS = [(candidate, reference, prompt, weights) for candidate, reference, prompt, types in [
    ("native", PRODUCTION, LETTER, "Q4_1 Q8_0 Q4_0 F16 F32 BF16 Q6_K"),
    ("native", PRODUCTION, LICENSE, "Q4_K Q5_1 Q5_0 F16"),
    ("native:kv=f32", "llama.cpp", STORY, "Q4_1 Q5_0 F16"),
    ("llama.cpp:kv=bf16", "llama.cpp", LETTER, "Q4_1 Q8_0 F32"),
    ("llama.cpp:fa=on", "llama.cpp", STORY, "Q4_0 F16 Q6_K"),
    ("llama.cpp:fa=on", "native", LICENSE, "Q4_1 BF16"),
    (PRODUCTION + ",fa=off", "native", LETTER, "Q4_1 Q4_K Q8_0"),
    (PRODUCTION + ",kv=f32", "llama.cpp", LICENSE, "Q4_1 F16"),
    (PRODUCTION + ",kv=bf16", PRODUCTION, LETTER, "Q8_0 Q4_0"),
    (PRODUCTION + ",ubatch=16", "llama.cpp", LICENSE, "Q4_1 Q5_1"),
    (PRODUCTION + ",repack=off", PRODUCTION, LICENSE, "Q4_0 Q4_K"),
    (era("0.3.1", "kv-k=f32"), "native", STORY, "Q4_1"),  # autumn 2024
    (era("0.1.5"), "native", LETTER, "F32 F16"),  # ik_llama.cpp
    ("llama.cpp:kv-k=f32", "native", STORY, "Q4_1"),  # values in F16: attention is not judged
    ("llama.cpp:kv-k=q8_0", "native", STORY, "Q4_1 F16"),
    (PRODUCTION + ",kv=q8_0", "native", LICENSE, "Q4_0 Q8_0"),
    ("llama.cpp:kv=q5_1,fa=on", "native", LETTER, "Q4_1 F16"),
    ("llama.cpp:kv-k=q4_1", "native", STORY, "Q8_0"),
    (PRODUCTION + ",kv=iq4_nl", "native", LICENSE, "Q4_1 Q4_0"),
    ("llama.cpp:kv=q4_0,fa=on", "llama.cpp:kv-v=q5_1,fa=on", LETTER, "Q4_1"),
    (vectorised_engine, "llama.cpp", LETTER, "Q4_1 Q8_0 F16"),
    (vectorised_engine, "native", LICENSE, "Q4_1 Q6_K"),
] for weights in types.split()]

# candidate, reference, architecture, formats
MADE = [
    ("native:kv=f32", "llama.cpp", "qwen3moe", "Q4_K"), (PRODUCTION, "native", "gemma2", "Q8_0"),
    (PRODUCTION, "native", "gemma3", "Q4_0"), ("llama.cpp:fa=on", "native", "qwen3", "Q6_K"),
    (PRODUCTION, "native", "bitnet", "TQ2_0"), ("native:kv=f32", "llama.cpp", "gpt-oss", "Q8_0"),
    (PRODUCTION, "native", "phi2", "Q5_K"), ("llama.cpp:kv=bf16", "native", "bloom", "F16"),
    (PRODUCTION, "native", "olmoe", "Q4_K"), ("native:kv=f32", "llama.cpp", "granite", "IQ4_XS"),
    (PRODUCTION, "native", "deepseek", "Q8_0"), (PRODUCTION, "native", "qwen2", "Q3_K"),
]


def cases(crossval):
    for candidate, reference, prompt, weights in PAIRS:
        shown = candidate.shown if callable(candidate) else candidate
        yield Case(f"{shown} beside {reference}", "healthy", "", smollm2(weights), f"SmolLM2 {weights}", candidate,
                   reference, prompt, guilty="neither")
    for candidate, reference, arch, formats in MADE:
        yield Case(f"{candidate} beside {reference}", "healthy", "", made(crossval, arch, formats), f"{arch} {formats}",
                   candidate, reference, TOKENS, guilty="neither")

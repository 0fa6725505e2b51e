"""A checkpoint, or a GGUF file, run by transformers.

What is judged is their code: reader, tokenizer, model. In float32 with eager attention, unless keys say otherwise, so
that nothing is rounded which the checkpoint does not round.
"""
from __future__ import annotations

import json
import pathlib
from typing import Any, ClassVar, Iterator, Sequence

import numpy as np

from ..engine import Engine, EngineError, InputError, UsageError
from ..trace import Trace
from . import names
from .taps import Taps
from .tokens import Pieces

DTYPES = {"float32": "f32", "float16": "f16", "bfloat16": "bf16"}  # torch's names and crossval's
#: Of config.json's hidden_act, where crossval has another name.
ACTIVATIONS = {"swish": "silu", "gelu_pytorch_tanh": "gelu", "gelu_new": "gelu", "gelu_fast": "gelu",
               "gelu": "gelu by erf"}
EPSILONS = ("rms_norm_eps", "layer_norm_eps", "layer_norm_epsilon", "norm_eps", "norm_epsilon", "layernorm_epsilon")


class Transformers(Engine):
    name = "transformers"
    keys: ClassVar[frozenset[str]] = frozenset({"dtype", "attn", "device"})

    def __init__(self, settings: dict[str, str]):
        super().__init__(settings)
        self.torch, self.library = libraries()
        self.version = self.library.__version__
        self.threads = int(settings.get("threads", 1))
        self.torch.set_num_threads(self.threads)
        self.place = place_of(pathlib.Path(settings["model"]))
        self.config = self.read_config()
        self.text_config = self.config.get_text_config()
        self.n_vocab = self.text_config.vocab_size
        self.tokenizer = self.read(self.library.AutoTokenizer)
        self.pieces = Pieces(self.tokenizer)
        self.dtype = settings.get("dtype", "float32")
        self.attention = settings.get("attn", "eager")
        self.device = settings.get("device", "cpu")
        if self.dtype not in DTYPES:
            raise UsageError(f"dtype={self.dtype} is none of {', '.join(DTYPES)}")
        if self.device != "cpu" and not self.torch.cuda.is_available():
            raise UsageError(f"device={self.device}: this torch ({self.torch.__version__}) sees no GPU")
        self.kv_type = DTYPES[self.dtype]
        self.cache: Any = None
        if settings.get("tokens_only") == "1":
            return
        self.n_ctx = int(settings.get("n_ctx", 2048))
        self.model = self.read_model()
        if learned := learned_positions(self.model):
            self.n_ctx = min(self.n_ctx, learned)

    # What differs between a folder and a GGUF file: the arguments of from_pretrained.
    def read(self, loader: Any, **more: Any) -> Any:
        folder, gguf_file = self.place
        try:
            return loader.from_pretrained(folder, **({"gguf_file": gguf_file} if gguf_file else {}), **more)
        except Exception as problem:  # as many types as there are causes
            raise InputError(f"transformers {self.version} cannot read it: {first_line(problem)}") from None

    def read_config(self) -> Any:
        folder, gguf_file = self.place
        if not gguf_file:
            refuse_lost_rope(folder, self.library)
        return self.read(self.library.AutoConfig)

    def read_model(self) -> Any:
        # torch_dtype until transformers 4.55.
        dtype = {"dtype" if int(self.version.split(".")[0]) >= 5 else "torch_dtype": getattr(self.torch, self.dtype)}
        model, loaded = self.read(self.library.AutoModelForCausalLM, attn_implementation=self.attention,
                                  output_loading_info=True, **dtype)
        if missing := sorted(loaded["missing_keys"]):
            raise InputError(f"{len(missing)} tensors are not in it, and transformers would make them up at random: "
                             f"{', '.join(missing[:4])}")
        for name in sorted(loaded["unexpected_keys"]):
            print(f"not read: {name}")
        return model.eval().to(self.device)

    def about(self) -> dict[str, dict[str, Any]]:
        text = self.text_config
        activation = getattr(text, "hidden_act", None) or getattr(text, "activation_function", None) or \
            getattr(text, "hidden_activation", None) or ""
        return {"identity": {"build": f"torch {self.torch.__version__} {self.dtype}, {self.attention} attention",
                             "activation_function": ACTIVATIONS.get(activation, activation),
                             "activations": DTYPES[self.dtype]},
                "settings": {"model_description": f"{text.model_type} {self.dtype}", "all_logits": True,
                             "n_ctx_train": getattr(text, "max_position_embeddings", 0) or 0,
                             "n_ctx_learned": learned_positions(self.model) if hasattr(self, "model") else 0,
                             "flash_attention": "off" if self.attention == "eager" else self.attention,
                             "weight_layout": "as stored", "device": self.device,
                             "norm_eps": next((getattr(text, e) for e in EPSILONS if hasattr(text, e)), 0.0),
                             "add_bos": self.begins_with_bos()}}

    # --- tokens

    def begins_with_bos(self) -> bool:
        ids = self.tokenizer.encode("a", add_special_tokens=True)
        return bool(ids) and self.tokenizer.bos_token_id == ids[0]

    def tokenize(self, text: bytes, add_special: bool, parse_special: bool) -> Sequence[int]:
        try:
            said = text.decode()
        except UnicodeDecodeError as problem:
            raise UsageError(f"transformers tokenises UTF-8 only: {problem}") from None
        ids: list[int] = self.tokenizer.encode(said, add_special_tokens=add_special,
                                               split_special_tokens=not parse_special)
        return ids

    def piece(self, token: int) -> bytes:
        return self.pieces.of(token)

    def is_end(self, token: int) -> bool:
        stops = None
        if hasattr(self, "model") and self.model.generation_config is not None:
            stops = self.model.generation_config.eos_token_id
        if stops is None:
            stops = self.text_config.eos_token_id
        return token in (stops if isinstance(stops, list) else [stops])

    # --- numbers

    def forward(self, ids: np.ndarray, first: int) -> Any:
        cache = None if first == 0 else self.cache
        self.cache = None  # until it is done
        with self.torch.no_grad():
            made = self.model(self.torch.tensor(ids[None].astype(np.int64), device=self.device),
                              past_key_values=cache, use_cache=True)
        self.cache = made.past_key_values if "past_key_values" in made else made.get("cache_params")
        return made.logits[0]

    def evaluate(self, ids: np.ndarray, first: int) -> Iterator[Any]:
        yield from self.forward(ids, first)

    def trace(self, ids: np.ndarray, first: int, see: Trace) -> None:
        with Taps(self.model, len(ids), see):
            logits = self.forward(ids, first)
        see(*names.LOGITS.get(self.text_config.model_type, "result_output MUL_MAT").split(), logits)


def libraries() -> tuple[Any, Any]:
    """torch and transformers."""
    try:
        import torch
        import transformers
    except ImportError as problem:
        raise EngineError(f"{problem}: hf:DIR runs torch and transformers") from None
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    return torch, transformers


def place_of(path: pathlib.Path) -> tuple[pathlib.Path, str]:
    """A checkpoint's folder and nothing, or a GGUF file's folder and name."""
    if path.is_dir():
        if not (path / "config.json").exists():
            raise InputError(f"there is no config.json in {path}")
        return path, ""
    if not path.exists():
        raise InputError(f"there is no {path}")
    return path.parent, path.name


def refuse_lost_rope(folder: pathlib.Path, library: Any) -> None:
    """A transformers before 5 reads a newer checkpoint without a word and rotates by default angles."""
    try:
        config = json.loads((folder / "config.json").read_text())
    except ValueError as problem:
        raise InputError(f"{folder}/config.json is no JSON: {problem}") from None
    if int(library.__version__.split(".")[0]) >= 5:
        return
    if any(isinstance(part, dict) and "rope_parameters" in part for part in [config, *config.values()]):
        raise InputError(f"config.json has rope_parameters, which transformers {library.__version__} silently ignores: it "
                         "would rotate by default angles; transformers 5 reads them")


def learned_positions(model: Any) -> int:
    """Positions that the model has learned an embedding for each; 0: it needs none."""
    for name, module in model.named_modules():
        if name.rsplit(".", 1)[-1] in ("wpe", "embed_positions") and hasattr(module, "num_embeddings"):
            return int(module.num_embeddings)
    return 0


def first_line(problem: Exception) -> str:
    return f"{type(problem).__name__}: {problem}".strip().splitlines()[0]

"""Hooks on the modules of a model while a trace lasts: what they see is shown under llama.cpp's names (names.py)."""
from __future__ import annotations

from typing import Any, Callable

from ..trace import Trace
from . import names


class Taps:
    """`positions` are evaluated at a time; `see` copies what it is shown."""

    def __init__(self, model: Any, positions: int, see: Trace):
        self._model, self._positions, self._see = model, positions, see
        self._text = model.config.get_text_config()
        self._rows = names.LAYERS.get(self._text.model_type, [])
        self._hooks: list[Any] = []
        self._get_interface: Any = None

    def __enter__(self) -> None:
        decoder = self._model.get_decoder()
        for row in names.OTHER_OUTSIDE.get(self._text.model_type, names.OUTSIDE):
            self._tap(decoder, row, "")
        for i, layer in enumerate(decoder.h if hasattr(decoder, "h") else decoder.layers):
            for row in self._rows:
                self._tap(layer, row, f"-{i}" if row.numbered else "")
            if self._rows:
                self._tap_experts(layer, f"-{i}")
        self._tap_attention()

    def __exit__(self, *_: Any) -> None:
        for hook in self._hooks:
            hook.remove()
        if self._get_interface is not None:
            del self._interfaces().get_interface

    def _tap(self, parent: Any, row: names.Row, suffix: str) -> None:
        module = parent
        for part in filter(None, row.module.split(".")):
            module = getattr(module, part, None)
        if module is None:
            return
        biased = row.biased and getattr(module, "bias", None) is not None
        name, op = (row.biased if biased else row.tensor).split()
        if not self._see.wants(name + suffix, op):
            return

        def hook(_: Any, given: Any, made: Any) -> None:
            value = given[0] if row.side == "in" else made[0] if isinstance(made, tuple) else made
            self._see(name + suffix, op, self._shown(value, row.form))
        self._hooks.append(module.register_forward_hook(hook))

    # Experts are one module. What they make of what goes in is computed as they do it, with their weights.
    def _tap_experts(self, layer: Any, suffix: str) -> None:
        def hook(experts: Any, given: Any, _: Any) -> None:
            x, chosen = given[:2]  # positions × width, positions × experts used
            both = x.new_empty(*chosen.shape, experts.gate_up_proj.shape[1])
            products = x.new_empty(*chosen.shape, x.shape[-1])
            for expert in chosen.unique():
                at = (chosen == expert).nonzero(as_tuple=True)
                both[at] = x[at[0]] @ experts.gate_up_proj[expert].T
                gate, up = both[at].chunk(2, -1)
                products[at] = experts.act_fn(gate) * up @ experts.down_proj[expert].T
            gate, up = both.chunk(2, -1)
            for tensor, value in zip(names.EXPERT_VALUES, (gate, up, experts.act_fn(gate) * up, products)):
                name, op = tensor.split()
                self._see(name + suffix, op, self._shown(value))
        for name, module in layer.named_modules():
            if name.endswith(".experts") and hasattr(module, "gate_up_proj"):
                self._hooks.append(module.register_forward_hook(hook))

    # Of a batch of one: positions × what there is of each.
    def _shown(self, value: Any, form: str = "") -> Any:
        value = value.reshape(self._positions, -1) if form != "by head" else value[0].transpose(0, 1)
        if form == "softmax":
            value = value.softmax(-1)
        if form in ("queries", "keys"):
            value = self._paired(value, self._heads(form))
        return value

    def _heads(self, form: str) -> int:
        every = int(self._text.num_attention_heads)
        return every if form == "queries" else int(getattr(self._text, "num_key_value_heads", every))

    # Halves of each head, as transformers turns them, to neighbouring pairs, as the file has them.
    def _paired(self, value: Any, heads: int) -> Any:
        if self._text.model_type not in names.PAIRED:
            return value
        return value.reshape(self._positions, heads, 2, -1).transpose(2, 3).reshape(self._positions, -1)

    # Attention is a function, no module: the one that the library hands out is called and watched.
    def _tap_attention(self) -> None:
        interfaces = self._interfaces()
        if interfaces is None:
            return
        self._get_interface = found = interfaces.get_interface

        def get_interface(*args: Any) -> Callable[..., Any]:
            attend = found(*args)

            def watched(module: Any, query: Any, key: Any, value: Any, *more: Any, **named: Any) -> Any:
                made = attend(module, query, key, value, *more, **named)
                self._show_attention(module.layer_idx, query, key, made[1])
                return made
            return watched
        interfaces.get_interface = get_interface

    @staticmethod
    def _interfaces() -> Any:
        from transformers import modeling_utils
        found = modeling_utils.ALL_ATTENTION_FUNCTIONS
        return found if hasattr(found, "get_interface") else None

    # query and key: batch × heads × positions × width, key those of the cache as well; weights: batch × heads ×
    # positions × keys.
    def _show_attention(self, layer: int, query: Any, key: Any, weights: Any) -> None:
        for tensor, value, form in ((names.QUERIES, query, "queries"), (names.KEYS, key, "keys")):
            name, op = tensor.split()
            rows = value[0, :, -self._positions:].transpose(0, 1)
            self._see(f"{name}-{layer}", op, self._shown(rows, form))
        if weights is not None:
            name, op = names.WEIGHTS.split()
            self._see(f"{name}-{layer}", op, weights[0].transpose(0, 1), heads=weights.shape[1])

"""The bytes that ids of a tokenizer stand for."""
from __future__ import annotations

import json
import re
from typing import Any


def _bytes_of_letters() -> dict[str, int]:
    """GPT-2's letter for each byte (bytes_to_unicode): what prints stands for itself, the rest is 256, 257, …"""
    printed = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    rest = [byte for byte in range(256) if byte not in printed]
    return {chr(byte): byte for byte in printed} | {chr(256 + i): byte for i, byte in enumerate(rest)}


class Pieces:
    def __init__(self, tokenizer: Any):
        self._tokenizer = tokenizer
        self._added = {i: token.content for i, token in tokenizer.added_tokens_decoder.items()}
        backend = getattr(tokenizer, "backend_tokenizer", None)
        decoder = json.loads(backend.to_str()).get("decoder") if backend is not None else None
        self._letters = _bytes_of_letters() if "ByteLevel" in json.dumps(decoder) else None

    def of(self, token: int) -> bytes:
        """Empty for an id that the tokenizer does not have: a matrix may have more rows."""
        text = self._added.get(token) or self._tokenizer.convert_ids_to_tokens(token)
        if text is None:
            return b""
        if token in self._added:
            return text.encode()
        if self._letters is not None:
            return bytes(self._letters[letter] for letter in text)
        if found := re.fullmatch(r"<0x([0-9A-F]{2})>", text):
            return bytes([int(found[1], 16)])
        return text.replace("▁", " ").encode()

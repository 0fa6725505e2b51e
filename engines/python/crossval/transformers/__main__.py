"""Serves transformers: what hf:DIR runs."""
import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # a folder is read, nothing is fetched

from ..server import serve
from .engine import Transformers

serve(Transformers)

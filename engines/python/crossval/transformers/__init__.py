"""Hugging Face's transformers as an engine of crossval: `hf:DIR` (docs/checkpoints.md).

`python -m crossval.transformers` is what crossval starts; it needs numpy, torch and transformers 5.
"""

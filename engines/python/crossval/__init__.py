"""Engines for crossval in Python, and crossval driven from Python (docs/python.md).

An engine is a subclass of `Engine` whose file ends with `serve(MyEngine)`; it is named by
`exec:python my_engine.py`. `compare` and `explain` run the program and give its results as dataclasses.
"""
from .engine import Engine, EngineError, InputError, UsageError
from .frames import Malformed
from .program import Failed, compare, explain, spec
from .recording import RecordedTensor, Recording, write_recording
from .results import Comparison, EngineAccount, Explanation, Operation, Position, SettingDifference, Warned
from .server import serve
from .trace import Trace

__all__ = ["Comparison", "Engine", "EngineAccount", "EngineError", "Explanation", "Failed", "InputError", "Malformed",
           "Operation", "Position", "RecordedTensor", "Recording", "SettingDifference", "Trace", "UsageError", "Warned",
           "compare", "explain", "serve", "spec", "write_recording"]

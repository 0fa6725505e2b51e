"""The pickle in a file of torch.save, read without running anything.

A pickle is a program for a stack machine, which may call whatever Python has. This machine has containers, numbers, text
and `Stored` tensors; it looks no name up and calls nothing, so that whatever else a file asks for can only be refused.
"""
from __future__ import annotations

import pickletools
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

#: torch's storages by their numpy dtypes; bfloat16 is the upper half of a float32.
STORAGES = {"FloatStorage": "<f4", "DoubleStorage": "<f8", "HalfStorage": "<f2", "BFloat16Storage": "bfloat16",
            "LongStorage": "<i8", "IntStorage": "<i4", "ShortStorage": "<i2", "CharStorage": "i1", "ByteStorage": "u1",
            "BoolStorage": "?"}
#: Constants that people keep beside their tensors; they become their names.
DTYPES = {"float64", "float32", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2", "int64", "int32", "int16", "int8",
          "uint8", "bool"}
ORDERED_DICT, REBUILD_TENSOR, SIZE = "collections.OrderedDict", "torch._utils._rebuild_tensor_v2", "torch.Size"
CALLABLE = {ORDERED_DICT, REBUILD_TENSOR, SIZE}
KEYS = (str, int, float, bool, type(None))  # of a dict: the hash of nested tuples may take for ever
VALUES = {"BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8",
          "BINBYTES", "SHORT_BINBYTES"}
CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
MAX_DIMS = 16


class Refused(Exception):
    """What a file of tensors does not have; the message says what."""


@dataclass(frozen=True)
class Name:
    """What a pickle asks for by its name. Nothing is ever looked up by it."""

    name: str


@dataclass(frozen=True)
class Storage:
    """`numel` values of a dtype in the archive's file data/`key`."""

    key: str
    dtype: str
    numel: int


@dataclass(frozen=True)
class Stored:
    """A tensor: where its values are in a storage, all of which lie within it, and no more of them than it has."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]  # in values


def unpickle(data: bytes) -> Any:
    """The object that torch.save pickled, its tensors as `Stored`. Raises Refused; takes memory of the order of `data`."""
    machine = _Machine()
    try:
        for opcode, argument, _ in pickletools.genops(data):
            if opcode.name != "STOP":  # which ends them
                machine.do(opcode.name, argument)
        return machine.result()
    except (ValueError, IndexError, KeyError, TypeError, UnicodeDecodeError) as problem:
        raise Refused(f"no pickle of torch.save: {problem}") from None


class _Machine:
    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []  # stacks under marks
        self.memo: dict[int, Any] = {}

    def result(self) -> Any:
        value, = self.stack
        if self.below:
            raise Refused("a pickle that ends in the middle")
        return value

    def do(self, code: str, argument: Any) -> None:
        if code in VALUES:
            self.stack.append(argument)
        elif code in CONSTANTS:
            self.stack.append(CONSTANTS[code])
        elif code in ("BINPUT", "LONG_BINPUT"):
            self.memo[argument] = self.stack[-1]
        elif code in ("BINGET", "LONG_BINGET"):
            self.stack.append(self.memo[argument])
        elif hasattr(self, code):
            getattr(self, code)(argument)
        else:
            raise Refused(f"a pickle with {code}, which torch.save does not write")

    def since_mark(self) -> list[Any]:
        found, self.stack = self.stack, self.below.pop()
        return found

    # Each method below is the opcode of its name (pickletools), and takes its argument.

    def PROTO(self, _: int) -> None:
        pass

    def FRAME(self, _: int) -> None:
        pass

    def MARK(self, _: None) -> None:
        self.below.append(self.stack)
        self.stack = []

    def MEMOIZE(self, _: None) -> None:
        self.memo[len(self.memo)] = self.stack[-1]

    def EMPTY_DICT(self, _: None) -> None:
        self.stack.append({})

    def EMPTY_LIST(self, _: None) -> None:
        self.stack.append([])

    def EMPTY_TUPLE(self, _: None) -> None:
        self.stack.append(())

    def TUPLE(self, _: None) -> None:
        values = tuple(self.since_mark())
        self.stack.append(values)

    def tuple_of(self, count: int) -> None:
        if len(self.stack) < count:
            raise Refused("a pickle that takes more than there is")
        self.stack[-count:] = [tuple(self.stack[-count:])]

    def TUPLE1(self, _: None) -> None:
        self.tuple_of(1)

    def TUPLE2(self, _: None) -> None:
        self.tuple_of(2)

    def TUPLE3(self, _: None) -> None:
        self.tuple_of(3)

    def APPEND(self, _: None) -> None:
        self.add_values([self.stack.pop()])

    def APPENDS(self, _: None) -> None:
        self.add_values(self.since_mark())

    def add_values(self, values: list[Any]) -> None:
        if not isinstance(self.stack[-1], list):
            raise Refused("values that are added to no list")
        self.stack[-1].extend(values)

    def SETITEM(self, _: None) -> None:
        value = self.stack.pop()
        self.add_items([self.stack.pop(), value])

    def SETITEMS(self, _: None) -> None:
        self.add_items(self.since_mark())

    def add_items(self, items: list[Any]) -> None:
        if not isinstance(self.stack[-1], dict) or len(items) % 2:
            raise Refused("items that are added to no dict")
        for key in items[::2]:
            if not isinstance(key, KEYS):
                raise Refused(f"a dict with a {type(key).__name__} as a key")
        self.stack[-1].update(zip(items[::2], items[1::2]))

    def GLOBAL(self, argument: str) -> None:
        self.named(*argument.split(" ", 1))

    def STACK_GLOBAL(self, _: None) -> None:
        name = self.stack.pop()
        self.named(self.stack.pop(), name)

    def named(self, module: str, name: str) -> None:
        full = f"{module}.{name}"
        if module == "torch" and name in DTYPES:
            self.stack.append(full)
        elif full in CALLABLE or (module == "torch" and name in STORAGES):
            self.stack.append(Name(full))
        else:
            raise Refused(f"it asks for {full}, which is no tensor and no plain container; nothing was run")

    def BINPERSID(self, _: None) -> None:
        kind, storage, key, _place, numel = self.stack.pop()
        if kind != "storage" or not isinstance(storage, Name) or storage.name.split(".")[-1] not in STORAGES \
                or not isinstance(key, str) or not whole(numel):
            raise Refused("a storage that torch does not write")
        self.stack.append(Storage(key, STORAGES[storage.name.split(".")[-1]], numel))

    def REDUCE(self, _: None) -> None:
        arguments, called = self.stack.pop(), self.stack.pop()
        if not isinstance(called, Name) or called.name not in CALLABLE or not isinstance(arguments, tuple):
            raise Refused("a call of what is no function of torch.save's")
        if called.name == REBUILD_TENSOR:
            self.stack.append(stored(*arguments[:4]))
        elif called.name == SIZE:
            self.stack.append(tuple(arguments[0]))
        elif arguments:
            raise Refused("an OrderedDict that is made of something")
        else:
            self.stack.append(OrderedDict())

    def BUILD(self, _: None) -> None:
        self.stack.pop()  # attributes, which a state_dict has: versions of modules
        if not isinstance(self.stack[-1], OrderedDict):
            raise Refused("attributes of what is no OrderedDict")


def whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def stored(storage: Any, offset: Any, shape: Any, strides: Any) -> Stored:
    """Checked: a view of the storage that neither leaves it nor has more values than it."""
    if not isinstance(storage, Storage) or not isinstance(shape, tuple) or not isinstance(strides, tuple) \
            or len(shape) != len(strides) or len(shape) > MAX_DIMS or not all(map(whole, (offset, *shape, *strides))):
        raise Refused("a tensor that torch does not write")
    count = 1
    for size in shape:
        count *= size
    last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides))
    if count and last >= storage.numel:
        raise Refused(f"a tensor that reaches to value {last} of a storage of {storage.numel}")
    if count > storage.numel:
        raise Refused(f"a tensor of {count} values from {storage.numel}: an expanded one; save it after .contiguous()")
    return Stored(storage, offset, shape, strides)

"""python -m crossval.convert INPUT… -o run.xval (docs/python.md, "Dumps")."""
import argparse
import sys

from ..program import Failed
from .record import convert


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m crossval.convert", description="A recording of what other tools dumped: "
                                     "files of torch.save, folders of them (SGLang's dumper, msprobe), Polygraphy's JSON.")
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help=".pt or .json file, or a folder of .pt files")
    parser.add_argument("-o", dest="out", required=True, metavar="FILE", help="the recording that is written")
    parser.add_argument("--tokens", default="", metavar="1,2,3", help="the ids that it is of; else an array input_ids says so")
    parser.add_argument("--logits", default="logits", metavar="NAME", help="which array they are, one row a token")
    parser.add_argument("--part", default="", metavar="WHO", help='whose arrays, where several wrote some: "rank 0", a runner')
    parser.add_argument("--kv", default="", metavar="TYPE", help="type in which keys and values were kept: f16, f32, …")
    parser.add_argument("--model", metavar="FILE", help="model file that it ran on, to be held against the other side's")
    parser.add_argument("--engine", default="dump", metavar="NAME", help="what the engine is called in results")
    given = parser.parse_args()
    try:
        done = convert(given.inputs, given.out, tokens=ids_of(given.tokens), logits=given.logits, part=given.part,
                       kv_type=given.kv, model=given.model, name=given.engine)
    except Failed as failed:
        place, hint = f" ({failed.where})" if failed.where else "", f"\n  {failed.hint}" if failed.hint else ""
        print(f"crossval.convert: {failed.what}{place}{hint}", file=sys.stderr)
        return failed.exit_code
    print(f"{given.out}: {done.positions} positions × {done.n_vocab} logits, {len(done.tensors)} tensors")
    for name, reason in done.left_out.items():
        print(f"left out: {name}, {reason}")
    return 0


def ids_of(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")] if text else []
    except ValueError:
        raise Failed(64, f"{text!r} are no ids", "--tokens", "ids with commas between them: --tokens 1,2,3") from None


sys.exit(main())

"""What the bench found, as a page and as lines."""
HEAD = """# Fault bench

`make fault-bench` writes this page: faults that are planted where `crossval explain` ([explain.md](explain.md)) does not
know of them, and pairs of engines that differ in their bits and in which nothing is wrong. A fault counts as found when
the engine, the first operation that is off (with its layer) and the cause are right; where the table of mistakes has no
such mistake, "none of the known" is the right cause. scripts/faults/ has the tables.

Of this run the program was {program}.
"""


def line(verdict):
    of = verdict.case
    found = f"{verdict.blame}: {verdict.operation or '-'} {verdict.units:.3g} {','.join(verdict.causes) or 'none'}"
    wanted = f"{of.guilty}: {of.operation or '-'} {','.join(sorted(of.causes)) or 'none'}"
    if of.kind == "healthy":
        found += f" (worst {verdict.worst_healthy:.2f}, {'identical' if verdict.identical else 'differ'})"
    return f"{of.kind} | {of.name} | {of.label} | {found}" + ("" if verdict.passed else f" | wanted {wanted}")


def share(part, whole):
    return f"{part} of {whole} ({100 * part / whole:.0f} %)" if whole else "–"


def totals(verdicts):
    faults = [each for each in verdicts if each.case.kind != "healthy"]
    sound = [each for each in verdicts if each.case.kind == "healthy"]
    unknown = [each for each in faults if not each.case.causes]
    rows = [("faults: the operation", share(sum(each.right_operation for each in faults), len(faults))),
            ("the guilty engine", share(sum(each.right_engine for each in faults), len(faults))),
            ("the cause", share(sum(each.right_cause for each in faults), len(faults))),
            ("of those in no table: \"none\"", share(sum(each.right_cause for each in unknown), len(unknown))),
            ("healthy pairs that differ in their bits", str(sum(not each.identical for each in sound))),
            ("of them with an engine accused", str(sum(each.blame not in ("neither", "unknown") for each in sound))),
            ("of them with an engine that shows too little to be judged", str(sum(each.blame == "unknown" for each in sound))),
            ("operations of sound engines judged", f"{sum(each.judged for each in sound):,}"),
            ("the worst of these, in units (accused beyond 4)",
             f"{max((each.worst_healthy for each in sound), default=0):.2f}")]
    return "| | |\n|---|---:|\n" + "".join(f"| {name} | {value} |\n" for name, value in rows)


KINDS = {"planted": "Planted in the native engine", "file": "In the model file that one engine is given (`-m` is the truth)",
         "foreign": "In llama.cpp's source: one place changed"}


POWER = """
## The smallest change that is found

Numbers in a made model's file, changed for one engine by a factor 1 + x, x halved from 1 on until nothing is found any more:
what is found at last moves a value by little more than the 4 units of the limit. Where it is more (binary16, a scale that is
rounded to it) half of x is no other number. The epsilon shows where activations are small, and in this model they are not
(in SmolLM2 a tenth of it is 402 units, in layer 0).

| what | shows in | model | smallest x found | its units |
|---|---|---|---:|---:|
"""


def power(found):
    """Of rows (what, kind, model, x, units)."""
    return POWER + "".join(f"| {what} | {kind} | {model} | {least:.1e} | {units(at)} |\n" for what, kind, model, least, at in found)


def page(verdicts, powers, program):
    text = HEAD.format(program=program) + "\n" + totals(verdicts)
    for kind, title in KINDS.items():
        text += f"\n## {title}\n\n| fault | where | model | found | units | cause |\n|---|---|---|---|---:|---|\n"
        for each in verdicts:
            if each.case.kind != kind:
                continue
            causes = ", ".join(each.causes) or "none of the known"
            marked = ["" if good else " ✗" for good in (each.right_engine and each.right_operation, each.right_cause)]
            text += (f"| {each.case.name} | {each.case.place} | {each.case.label} | {each.blame}: {each.operation}{marked[0]} | "
                     f"{units(each.units)} | {causes}{marked[1]} |\n")
    text += "\n## Nothing wrong\n\n| pair | model | found | worst, in units |\n|---|---|---|---:|\n"
    for each in verdicts:
        if each.case.kind == "healthy":
            found = WORDS[each.blame] if each.blame in WORDS else f"**{each.blame}: {each.operation}**"
            text += f"| {each.case.name} | {each.case.label} | {found} | {each.worst_healthy:.2f} |\n"
    return text + power(powers)


WORDS = {"neither": "both fine", "unknown": "cannot tell: an engine shows too little"}


def units(number):
    if number == float("inf"):
        return "∞"
    return f"{number:.1e}" if number >= 1e4 else f"{number:.3g}"

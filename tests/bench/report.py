"""Prints the targets; writes RESULTS.md, the chart and the README's figures, all from one run."""

import os
import re
import shutil
import subprocess

from harness import ratio

COMMANDS = {"full": "make bench", "quick": "make bench QUICK=1", "tiny": "tests/bench/run --tiny"}
BEGIN, END = "<!-- bench: these lines are written by tests/bench/run -->", "<!-- /bench -->"


def print_targets(bench):
    if not bench.targets:
        return
    smaller = "" if bench.size_name == "full" else ", which are meant for a full run"
    print("\n== targets%s" % smaller)
    for t in bench.targets:
        print("  %-80s %-10s %10s  %s" % (t.work, t.wanted, got(t), t.verdict))
    missed = sum(t.verdict == "MISSED" for t in bench.targets)
    met = sum(t.verdict == "met" for t in bench.targets)
    print("  %d met, %d missed, %d not measured" % (met, missed, len(bench.targets) - met - missed))


def got(target):
    return "" if target.got is None else "%.3g%s" % (target.got, target.unit)


def markdown_table(head, rows):
    cell = lambda text: str(text).replace("|", "\\|")
    lines = ["| " + " | ".join(cell(c) for c in head) + " |", "|" + "---|" + "---:|" * (len(head) - 1)]
    return lines + ["| " + " | ".join(cell(c) for c in row) + " |" for row in rows]


def command(bench):
    only = (" --only=" if bench.size_name == "tiny" else " ONLY=") + bench.only if bench.only else ""
    return COMMANDS[bench.size_name] + only


def kind_of_machine(bench):
    return ", ".join("%s %s" % (name, value) for name, value in bench.machine.items() if value and name != "note")


def section(part):
    """The lines of one group."""
    name, title, parts = part
    lines = ["## %s: %s" % (name, title)]
    for part in parts:
        lines.append("")
        if isinstance(part, str):
            lines.append(part)
        else:
            caption, head, rows = part
            lines += [caption + ":", ""] + markdown_table(head, rows)
    return lines


def merged(bench, old):
    """RESULTS.md with the groups of this run in place of what it has of them, or behind the others; they say so."""
    blocks = re.split(r"(?m)^(?=## )", old)
    for part in bench.sections:
        lines = section(part)
        lines[1:1] = ["", "Written by itself, by `%s`, on: %s." % (command(bench), kind_of_machine(bench))]
        text = "\n".join(lines) + "\n"
        at = [i for i, block in enumerate(blocks) if block.startswith("## %s: " % part[0])]
        if at:
            blocks[at[0]] = text + ("\n" if at[0] + 1 < len(blocks) else "")
        else:
            blocks[-1] = blocks[-1].rstrip("\n") + "\n\n"
            blocks.append(text)
    return "".join(blocks)


def results(bench):
    """The text of RESULTS.md."""
    kind = kind_of_machine(bench)
    lines = [
        "# Results",
        "",
        "Written by `%s`; [README.md](README.md) says how to read it." % command(bench),
        "",
        "On: " + kind + ".",
    ]
    if "note" in bench.machine:
        lines += ["", "**Not a quiet machine: %s.**" % bench.machine["note"]]
    lines += ["", "## Targets", ""]
    lines += markdown_table(
        ["work", "wanted", "reached", ""], [[t.work, t.wanted, got(t), t.verdict] for t in bench.targets]
    )
    for part in bench.sections:
        lines += [""] + section(part)
    return "\n".join(lines) + "\n"


def chart(bench, here):
    """Draws chart.svg: finding the pairs of short and long, as multiples of jl-dedupe's time. False without gnuplot."""
    short, long = (bench.figures.get("dedupe " + s) for s in ("short", "long"))
    if not short or not long or not bench.have("gnuplot"):
        return False
    unit = "jl-dedupe, 1 thread"
    names = [n for n in short if n in long]
    names.sort(key=lambda n: short[n].wall)
    data = bench.path("out", "chart.tsv")
    with open(data, "w", encoding="utf-8") as f:
        for name in names:
            f.write(
                "%s\t%.3f\t%.3f\n"
                % (name, ratio(short[name].wall, short[unit].wall), ratio(long[name].wall, long[unit].wall))
            )
    drawn = bench.path("out", "chart.svg")
    with open(drawn, "wb") as f:
        subprocess.run(
            ["gnuplot", "-e", "data='%s'; rows=%d" % (data, len(names)), os.path.join(here, "chart.gp")],
            stdout=f,
            check=True,
        )
    shutil.copyfile(drawn, os.path.join(here, "chart.svg"))
    return True


def readme(bench):
    """The README's lines about speed."""
    d, a, job = bench.figures.get("dedupe short"), bench.figures.get("augment short"), bench.figures.get("job")
    if not d:
        return None
    one, copy = d["jl-dedupe, 1 thread"], "cat f | cat > new"
    said = [
        "On %s cores (%s), `jl-dedupe` reads lines of 220 bytes in %.1f times the time of `wc -l`"
        % (bench.machine["cores"], bench.machine["processor"], ratio(one.wall, d["wc -l"].wall))
    ]
    if "DuckDB, 1 thread" in d:
        said.append(", %.1f times as fast as DuckDB with one thread" % ratio(d["DuckDB, 1 thread"].wall, one.wall))
    if "jq | sort -u" in d:
        said.append(", with a %s of jq's CPU" % part(ratio(d["jq | sort -u"].cpu, one.cpu)))
    said.append(", every byte checked.")
    if a:
        said.append(
            " `jl-augment` from a table takes %.1f times as long as `%s`."
            % (ratio(a["jl-augment, 1 thread"].wall, a[copy].wall), copy)
        )
    if job:
        said.append(
            " The whole job with a warm cache takes a %s of the CPU of a straightforward Python program."
            % part(ratio(job["Python"].cpu, job["sentence"].cpu))
        )
    return wrap("".join(said))


def part(times):
    n = round(times)
    suffix = (
        "st"
        if n % 10 == 1 and n % 100 != 11
        else "nd"
        if n % 10 == 2 and n % 100 != 12
        else "rd"
        if n % 10 == 3 and n % 100 != 13
        else "th"
    )
    return "%d%s" % (n, suffix)


def wrap(text, width=130):
    lines, line = [], ""
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = line + " " + word if line else word
    return "\n".join(lines + [line])


def write(bench, here, complete):
    """RESULTS.md, or its groups that were measured; of a complete run also what the README shows of it."""
    path = os.path.join(here, "RESULTS.md")
    text = results(bench)
    if bench.only is not None and os.path.exists(path):
        with open(path, encoding="utf-8") as f:
            text = merged(bench, f.read())
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    print("\nWritten: tests/bench/RESULTS.md")
    if not complete:
        return
    drawn = chart(bench, here)
    text = readme(bench)
    path = os.path.join(bench.top, "README.md")
    with open(path, encoding="utf-8") as f:
        whole = f.read()
    if text and BEGIN in whole:
        picture = "![time of each program as multiples of jl-dedupe's](tests/bench/chart.svg)\n\n" if drawn else ""
        between = "%s\n%s%s\n%s" % (BEGIN, picture, text, END)
        whole = re.sub(re.escape(BEGIN) + ".*?" + re.escape(END), lambda _: between, whole, flags=re.S)
        with open(path, "w", encoding="utf-8") as f:
            f.write(whole)
        print("Written: README.md%s" % (", tests/bench/chart.svg" if drawn else ""))

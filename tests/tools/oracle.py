#!/usr/bin/env python3
"""What jl-dedupe and jl-augment must give, computed slowly and plainly, to compare with.

    oracle.py dedupe  [-k KEY] [-m count|keys|repeated|unique] < IN > OUT
    oracle.py count   [-k KEY] < IN                 distinct keys
    oracle.py augment [-k KEY] [-a FIELD,...] TABLE < IN > OUT
    oracle.py splice  [-k KEY] [-a FIELD,...] IN OUT    OUT minus the spliced members is IN, byte for byte, and all lines of
                                                    a key carry the same answer; prints lines and distinct keys

IN is valid JSON Lines. The parser below is written for clarity; values are compared as design.md says: strings decoded,
numbers by spelling, objects without regard to the order of members, of duplicate members the last one.
"""
import argparse
import json
import re
import sys

SPACE = re.compile(r"[ \t\r\n]*")
SCALAR = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null")


def string_end(s, i):
    while s[i] != '"':
        i += 2 if s[i] == "\\" else 1
    return i + 1


def value(s, i):
    """The value that starts at s[i]: (what it means, as something comparable; the index behind it)."""
    if s[i] == '"':
        end = string_end(s, i + 1)
        return ("s", json.loads(s[i:end])), end
    if s[i] == "[":
        items, i = [], SPACE.match(s, i + 1).end()
        while s[i] != "]":
            item, i = value(s, i)
            items.append(item)
            i = SPACE.match(s, i).end()
            if s[i] == ",":
                i = SPACE.match(s, i + 1).end()
        return ("a", tuple(items)), i + 1
    if s[i] == "{":
        found, end = members(s, i)
        return ("o", tuple(sorted((name, meaning) for name, (meaning, _, _) in found.items()))), end
    m = SCALAR.match(s, i)
    return ("x", m.group()), m.end()


def members(s, i):
    """The members of the object at s[i]: {name: (meaning, start, end)}, the last of duplicates; the index behind it."""
    found, i = {}, SPACE.match(s, i + 1).end()
    while s[i] != "}":
        end = string_end(s, i + 1)
        name = json.loads(s[i:end])
        i = SPACE.match(s, end).end() + 1
        start = SPACE.match(s, i).end()
        meaning, i = value(s, start)
        found[name] = (meaning, start, i)
        i = SPACE.match(s, i).end()
        if s[i] == ",":
            i = SPACE.match(s, i + 1).end()
    return found, i + 1


def top(line):
    start = SPACE.match(line, 0).end()
    return members(line, start)


def key_paths(text):
    pairs = []
    for item in text.split(","):
        name, _, path = item.rpartition("=")
        pairs.append((name or path.split(".")[-1], path.split(".")))
    return pairs


def at(line, path):
    """(meaning, start, end) of the dotted path, or None."""
    found, here = top(line)[0], None
    for n, part in enumerate(path):
        if part not in found:
            return None
        here = found[part]
        if n + 1 < len(path):
            if here[0][0] != "o":
                return None
            found = members(line, here[1])[0]
    return here


def key_of(line, key):
    values = [at(line, path) for _, path in key]
    if any(v is None or v[0] == ("x", "null") for v in values):
        return None, None
    return tuple(v[0] for v in values), [line[v[1]:v[2]] for v in values]


def lines(stream):
    data = stream.buffer.read() if hasattr(stream, "buffer") else stream.read()
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    rows = data.split(b"\n")
    if rows and not rows[-1]:
        rows.pop()
    return [row.decode("utf-8", "strict") for row in rows if row.strip(b" \t\r")]


def splice(line, names, tokens):
    """The line with the members set: replaced in place where they are, else added before the last brace."""
    found, end = top(line)
    edits, added = [], ""
    empty = not found
    for name, token in zip(names, tokens):
        if token is None:
            continue
        if name in found:
            edits.append((found[name][1], found[name][2], token))
        else:
            added += ("" if empty and not added else ",") + json.dumps(name, ensure_ascii=False) + ":" + token
    if added:
        edits.append((end - 1, end - 1, added))
    for start, stop, token in sorted(edits, reverse=True):
        line = line[:start] + token + line[stop:]
    return line


def dedupe(args, out):
    counts, order = {}, []
    for line in lines(sys.stdin):
        key, raw = key_of(line, args.key)
        if key is None:
            order.append((line, None, None))
        elif key in counts:
            counts[key] += 1
        else:
            counts[key] = 1
            order.append((line, key, raw))
    for line, key, raw in order:
        if key is None:
            if args.mode is None:
                out(line)
        elif args.mode == "keys":
            out("{" + ",".join(json.dumps(n, ensure_ascii=False) + ":" + v for (n, _), v in zip(args.key, raw)) + "}")
        elif args.mode == "count":
            out(splice(line, ["count"], [str(counts[key])]))
        elif args.mode is None or (counts[key] > 1) == (args.mode == "repeated"):
            out(line)


def augment(args, out):
    flat = [(name, [name]) for name, _ in args.key]
    with open(args.files[0], "rb") as stream:
        table = {}
        for row in lines(stream):
            key, _ = key_of(row, flat)
            found = top(row)[0]
            answer = [row[found[a][1]:found[a][2]] if a in found else None for a in args.answer]
            if key is not None and key not in table and any(answer):
                table[key] = answer
    for line in lines(sys.stdin):
        key, _ = key_of(line, args.key)
        out(splice(line, args.answer, table[key]) if key in table else line)


def compare(args):
    with open(args.files[0], "rb") as a, open(args.files[1], "rb") as b:
        before, after = lines(a), lines(b)
    if len(before) != len(after):
        sys.exit(f"{len(before)} lines went in, {len(after)} came out")
    answers = {}
    for n, (old, new) in enumerate(zip(before, after), 1):
        key, _ = key_of(old, args.key)
        found = top(new)[0]
        tokens = [new[found[a][1]:found[a][2]] if a in found else None for a in args.answer]
        if splice(old, args.answer, tokens) != new:
            sys.exit(f"line {n}: other bytes changed:\n  {old}\n  {new}")
        if key is None:
            continue
        if None in tokens:
            sys.exit(f"line {n}: no answer: {new}")
        if answers.setdefault(key, tokens) != tokens:
            sys.exit(f"line {n}: {tokens}, but an earlier line of this key has {answers[key]}")
    print(len(before), len(answers))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["dedupe", "count", "augment", "splice"])
    parser.add_argument("-k", dest="key", type=key_paths, default=key_paths("company,title"))
    parser.add_argument("-a", dest="answer", type=lambda s: s.split(","), default=["seniority"])
    parser.add_argument("-m", dest="mode", choices=["count", "keys", "repeated", "unique"])
    parser.add_argument("files", nargs="*")
    args = parser.parse_intermixed_args()
    sys.setrecursionlimit(10000)

    def out(line):
        sys.stdout.buffer.write(line.encode() + b"\n")

    if args.what == "dedupe":
        dedupe(args, out)
    elif args.what == "augment":
        augment(args, out)
    elif args.what == "splice":
        compare(args)
    else:
        print(len({key_of(line, args.key)[0] for line in lines(sys.stdin)} - {None}))


main()

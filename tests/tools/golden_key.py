#!/usr/bin/python3
"""Writes the golden vectors of the key format: spec, line, hi and lo in hex, separated by tabs.

    tests/tools/golden_key.py > tests/unit/golden/key.tsv

The format is frozen (lib/jsonl/key.h): what this prints must never change for the vectors that stand in the file. It shares
no code with the library: the standard JSON parser reads the lines, libxxhash hashes through ctypes.
"""
import ctypes
import ctypes.util
import json
import struct
import sys


class Hash(ctypes.Structure):
    _fields_ = [("low64", ctypes.c_uint64), ("high64", ctypes.c_uint64)]


xxhash = ctypes.CDLL(ctypes.util.find_library("xxhash") or "libxxhash.so.0")
xxhash.XXH3_128bits_withSeed.restype = Hash
xxhash.XXH3_128bits_withSeed.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64]
SEED = int.from_bytes(b"jobline1", "big")


class Spelling(str):
    """A number as it is spelled."""


def sized(tag, content):
    return tag + struct.pack("<I", len(content)) + content


def encode(value):
    if isinstance(value, Spelling):
        return sized(b"n", value.encode())
    if isinstance(value, str):
        return sized(b"s", value.encode())
    if value is None or value is True or value is False:
        return {None: b"z", True: b"t", False: b"f"}[value]
    if isinstance(value, list):
        return b"a" + struct.pack("<I", len(value)) + b"".join(encode(v) for v in value)
    pairs = sorted(((name.encode(), v) for name, v in value.items()), key=lambda pair: pair[0])
    return b"o" + struct.pack("<I", len(pairs)) + b"".join(sized(b"s", n) + encode(v) for n, v in pairs)


def parse_spec(spec):
    """Only what the vectors use: no escapes."""
    members = []
    for item in spec.split(","):
        name, equals, path = item.partition("=")
        members.append((name if equals else item.split(".")[-1], (path if equals else item).split(".")))
    return members


def key(spec, line):
    record = json.loads(line, parse_int=Spelling, parse_float=Spelling)
    canonical = b""
    for _, path in sorted((name.encode(), path) for name, path in parse_spec(spec)):
        value = record
        for component in path:
            value = value[component]
        canonical += encode(value)
    return xxhash.XXH3_128bits_withSeed(canonical, len(canonical), SEED)


LONG = "Senior Principal Staff Engineer of Very Large and Distributed Systems, " * 9
VECTORS = [
    ("company,title", r'{"company":"ACME","title":"Engineer"}'),
    ("title,company", r'{"company":"ACME","title":"Engineer"}'),
    ("company=org.name,title=jobTitle", r'{"org":{"name":"ACME"},"jobTitle":"Engineer"}'),
    ("title=company,company=title", r'{"company":"Engineer","title":"ACME"}'),
    ("company,title", r'{"title":"ACME","company":"Engineer"}'),
    ("company,title", r'{"comp\u0061ny":"AC\u004dE","t\u0069tle":"\u0045ngineer"}'),
    ("company,title", r'{"company":"x","title":"Engineer","company":"ACME"}'),
    ("company,title", r'{ "company" : "ACME" , "x":[1,{"company":"y"}], "title" : "Engineer" }'),
    ("company,title", r'{"company":"","title":""}'),
    ("company,title", r'{"company":"A","title":""}'),
    ("company,title", r'{"company":"","title":"A"}'),
    ("company,title", r'{"company":"AB","title":"C"}'),
    ("company,title", r'{"company":"A","title":"BC"}'),
    ("company,title", '{"company":"Caf\u00e9 \u20ac","title":"\U0001f600 \u5de5\u7a0b\u5e08"}'),
    ("company,title", r'{"company":"Caf\u00E9 \u20AC","title":"\uD83D\ude00 \u5de5\u7a0b\u5e08"}'),
    ("company,title", '{"company":"Cafe\u0301","title":"a\u2028b"}'),
    ("company,title", r'{"company":"Cafe\u0301","title":"a\u2028b"}'),
    ("company,title", r'{"company":"a\u0000b","title":"\u0000"}'),
    ("company,title", r'{"company":"a","title":"\u0000"}'),
    ("company,title", r'{"company":"\"\\\/\b\f\n\r\t","title":"\u0022\u005c\u002f\u0008\u000c\u000a\u000d\u0009"}'),
    ("company,title", r'{"company":"\ud800\udc00","title":"\udbff\udfff\uffff\ufeff"}'),
    ("company,title", r'{"company":"a\tb","title":"a:b"}'),
    ("company,title", '{"company":"ACME","title":"%s"}' % LONG),
    ("company,title", '{"company":"%s","title":"%s"}' % ("x" * 31, "y" * 32)),
    ("company,title", '{"company":"%s","title":"%s"}' % ("x" * 33, "y" * 64)),
    ("company,title", '{"company":"%s","title":"%s"}' % ("x" * 300, "y" * 4000)),
    ("company,title", r'{"company":1,"title":"1"}'),
    ("company,title", r'{"company":"1","title":1}'),
    ("company,title", r'{"company":1.0,"title":1e400}'),
    ("company,title", r'{"company":10e-1,"title":-0}'),
    ("company,title", r'{"company":792633534497043297,"title":-0.0E+7}'),
    ("company,title", r'{"company":true,"title":false}'),
    ("company,title", r'{"company":"true","title":"false"}'),
    ("id", r'{"id":0}'),
    ("id", r'{"id":"0"}'),
    ("id", r'{"id":[]}'),
    ("id", r'{"id":{}}'),
    ("id", r'{"id":[null]}'),
    ("id", r'{"id":[[],[[]],{}]}'),
    ("id", r'{"id":[1,"1",true,null,{"a":[2]}]}'),
    ("id", r'{"id":{"b":1,"a":2}}'),
    ("id", r'{"id":{"a":2,"b":1}}'),
    ("id", r'{"id":{ "\u0061" : 2 , "\u0062" : 1 }}'),
    ("id", r'{"id":{"b":1,"a":3,"c":{},"a":2,"c":null}}'),
    ("id", r'{"id":{"b":{"d":1,"c":[{"z":1,"y":2}]},"a":{"":"","\u0000":null}}}'),
    ("id", r'{"id":{"ab":1,"a":2,"b":3,"\u00e9":4,"\ud83d\ude00":5,"\uffff":6,"Z":7,"":8}}'),
    ("id", '{"id":{%s}}' % ",".join('"k%d":%d' % (i * 37 % 101, i) for i in range(101))),
    ("id", '{"id":%s}' % ("[" * 60 + "]" * 60)),
    ("d=a.b.c,c=a.x", r'{"a":{"b":{"c":"deep"},"x":"near"}}'),
    ("c9,c10,c1,C", r'{"c1":"one","c10":"ten","c9":"nine","C":"big"}'),
    ("\u00e9,z", '{"z":"last","\u00e9":"later in bytes"}'),
    ("location,company,title", r'{"company":"ACME","title":"Engineer","location":"Berlin"}'),
]

for spec, line in VECTORS:
    h = key(spec, line)
    sys.stdout.write("%s\t%s\t%016x\t%016x\n" % (spec, line, h.high64, h.low64))

#!/usr/bin/python3
"""Writes the golden vectors of ids and content hashes of job lines (lib/job/link.h, lib/job/content.h).

    tests/tools/golden_job.py > tests/unit/golden/job.tsv

The formats are frozen: what this prints must never change for the vectors that stand in the file. It shares no code with the
library: the encoding is written down again here, libxxhash hashes through ctypes. Lines are
    url   TEXT             HASH    the hash of a canonical URL
    texts TEXT|TEXT|...    HASH    64 bits of the encoding of these texts
    hash  TEXT|TEXT|...    HASH    128 bits of it
with \\n, \\t and \\xHH in the texts as in C.
"""
import ctypes
import ctypes.util
import re
import struct


class Hash(ctypes.Structure):
    _fields_ = [("low64", ctypes.c_uint64), ("high64", ctypes.c_uint64)]


xxhash = ctypes.CDLL(ctypes.util.find_library("xxhash") or "libxxhash.so.0")
xxhash.XXH3_128bits.restype = Hash
xxhash.XXH3_64bits.restype = ctypes.c_uint64
for function in (xxhash.XXH3_128bits, xxhash.XXH3_64bits):
    function.argtypes = [ctypes.c_char_p, ctypes.c_size_t]


def encode(texts):
    out = b""
    for text in texts:
        text = re.sub("[\t-\r \x85\xa0\u2028\u2029]+", " ", text).strip(" ").encode()
        out += b"s" + struct.pack("<I", len(text)) + text if text else b"z"
    return out


def shown(text):
    return "".join(chr(b) if 32 <= b < 127 and b not in b"\\|" else f"\\x{b:02x}" for b in text.encode())


for url in ("https://example.com/", "https://example.com/jobs/1?a=b&c=d", "http://example.com:8080/x?q=%20"):
    print("url", shown(url), f"{xxhash.XXH3_64bits(url.encode(), len(url.encode())):016x}", sep="\t")
POSTINGS = [
    ("Acme", "Engineer", "Austin, TX"),
    ("", "Engineer", ""),
    ("Acme", "", ""),
    ("  Ac\u00a0 me ", "Engi\nneer", "\u2028Berlin\u0085"),
    ("Żubr | Söhne", "Ärztin \U0001f600", "東京"),
    ("A", "BC", ""),
    ("AB", "C", ""),
]
for texts in POSTINGS:
    b = encode(texts)
    print("texts", "|".join(map(shown, texts)), f"{xxhash.XXH3_64bits(b, len(b)):016x}", sep="\t")
for texts in [p + (d,) for p in POSTINGS for d in ("We build.\n\nYou ship.", "x" * 300)]:
    b = encode(texts)
    h = xxhash.XXH3_128bits(b, len(b))
    print("hash", "|".join(map(shown, texts)), f"{h.high64:016x}{h.low64:016x}", sep="\t")

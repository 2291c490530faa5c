#!/usr/bin/env python3
"""Writes the sources of the expression cases into fuzz/corpus/expr_compile and fuzz/corpus/expr_eval."""
import hashlib
import json
import pathlib

root = pathlib.Path(__file__).resolve().parent
for target in ("expr_compile", "expr_eval"):
    folder = root / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    for cases in sorted((root.parent / "tests" / "expr" / "data").glob("*.jsonl")):
        for line in cases.read_text(encoding="utf-8").splitlines():
            if line.strip():
                source = json.loads(line)["expr"].encode("utf-8", "surrogatepass")
                (folder / hashlib.sha1(source).hexdigest()).write_bytes(source)

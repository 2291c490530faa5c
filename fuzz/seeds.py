#!/usr/bin/env python3
"""Writes the sources of the expression cases, and bodies and templates of the policy cases, into fuzz/corpus."""
import hashlib
import json
import pathlib
import re

root = pathlib.Path(__file__).resolve().parent
for target in ("expr_compile", "expr_eval"):
    folder = root / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    for cases in sorted((root.parent / "tests" / "expr" / "data").glob("*.jsonl")):
        for line in cases.read_text(encoding="utf-8").splitlines():
            if line.strip():
                source = json.loads(line)["expr"].encode("utf-8", "surrogatepass")
                (folder / hashlib.sha1(source).hexdigest()).write_bytes(source)

# Bodies and templates of the policy cases.
cases = "\n".join(path.read_text(encoding="utf-8") for path in sorted((root.parent / "tests" / "policies" / "cases").rglob("*.case")))
texts = {"liquid": [], "markup": []}
for template in re.findall(r'<set-body template="liquid"[^>]*>(.*?)</set-body>', cases, re.S):
    texts["liquid"].append('{"a": [{"b": 1}]}\n' + template)
    texts["liquid"].append("<a><b c='1'>2</b></a>\n" + template)
for part in re.split(r"^=== .*$|^# .*$", cases, flags=re.M):
    _, _, body = part.strip("\n").partition("\n\n")
    if body.lstrip().startswith(("<", "{", "[")):
        texts["markup"].append(body.strip("\n"))
for target, seeds in texts.items():
    folder = root / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        seed = seed.encode("utf-8")
        (folder / hashlib.sha1(seed).hexdigest()).write_bytes(seed)

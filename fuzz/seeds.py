#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets into fuzz/corpus: sources of the expression cases, bodies and templates of the
policy cases, documents for the importers.

The documents are those of tests/import/rules and, when GATEWRIGHT_CORPUS names a folder, the small ones of that.
"""
import base64
import hashlib
import json
import os
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
texts = {"liquid": [], "markup": [], "jwt": [], "graphql": [], "odata": [], "content_type": []}
# Tokens as they are, and their parts decoded, a line each.
for token in re.findall(r"^Authorization: Bearer (\S+)$", cases, re.M):
    texts["jwt"].append(token)
    parts = [base64.urlsafe_b64decode(part + "==") for part in token.split(".") if re.fullmatch(r"[\w-]*", part) and len(part) % 4 != 1]
    texts["jwt"].append(b"\n".join(parts).decode("latin-1"))
for template in re.findall(r'<set-body template="liquid"[^>]*>(.*?)</set-body>', cases, re.S):
    texts["liquid"].append('{"a": [{"b": 1}]}\n' + template)
    texts["liquid"].append("<a><b c='1'>2</b></a>\n" + template)
for query in re.findall(r'"query": ?("(?:[^"\\\\]|\\\\.)*")', cases):
    texts["graphql"].append('{"id": 1}\n' + json.loads(query))
for part in re.split(r"^=== .*$|^# .*$", cases, flags=re.M):
    _, _, body = part.strip("\n").partition("\n\n")
    if body.lstrip().startswith(("<", "{", "[")):
        texts["markup"].append(body.strip("\n"))
# URLs of the tests of OData.
urls = (root.parent / "src" / "policy" / "odata" / "tests.rs").read_text(encoding="utf-8")
texts["odata"] += re.findall(r'^\s*\(?"(/[^"\\]*)"', urls, re.M)
for kind in ("application/json; charset=utf-16", "text/xml", "application/soap+xml; action=\"a\"", "multipart/form-data; boundary=b", "a/b;q=\"x;y\""):
    texts["content_type"] += [f"{kind}\n{{\"a\": 1}}", f"{kind}\n<a>1</a>"]
for target, seeds in texts.items():
    folder = root / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        seed = seed.encode("latin-1" if target == "jwt" else "utf-8")
        (folder / hashlib.sha1(seed).hexdigest()).write_bytes(seed)

def document(target, content):
    folder = root / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha1(content).hexdigest()).write_bytes(content)


places = [root.parent / "tests" / "import" / "rules"]
if "GATEWRIGHT_CORPUS" in os.environ:
    places.append(pathlib.Path(os.environ["GATEWRIGHT_CORPUS"]) / "import")
# The byte that says which file of an app follows: see fuzz_targets/function_app.rs.
paths = {"function.json": 0, "host.json": 2, "functions.metadata": 3, "functions.json": 4, "template.json": 5}
for place in places:
    for kind, target in {"openapi": "openapi", "wsdl": "wsdl", "logicapp": "logic_app"}.items():
        for path in (place / kind).rglob("*"):
            if path.is_file() and path.name != "expected.json" and path.suffix != ".gz" and path.stat().st_size < 50_000:
                document(target, path.read_bytes())
    for app in (place / "functions").glob("*/"):
        files = [path for path in app.rglob("*") if path.name in paths]
        if files:
            document("function_app", b"\0".join(bytes([paths[path.name]]) + path.read_bytes() for path in files))

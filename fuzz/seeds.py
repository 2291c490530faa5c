#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets into fuzz/corpus: sources of the expression cases, bodies and templates of the
policy cases, documents for the importers.

The documents are those of tests/import/rules and, when GATEWRIGHT_CORPUS names a folder, the small ones of that.
"""
import base64
import gzip
import hashlib
import json
import os
import pathlib
import re
import zlib

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
texts = {"liquid": [], "markup": [], "jwt": [], "graphql": [], "odata": [], "content_type": [], "soap": []}
# Tokens as they are, and their parts decoded, a line each.
for token in re.findall(r"^Authorization: Bearer (\S+)$", cases, re.M):
    texts["jwt"].append(token)
    parts = [base64.urlsafe_b64decode(part + "==") for part in token.split(".") if re.fullmatch(r"[\w-]*", part) and len(part) % 4 != 1]
    texts["jwt"].append(b"\n".join(parts).decode("latin-1"))
for algorithm in ("HS256", "RS256", "RS512", "PS256", "PS384", "ES256", "ES384", "none"):
    for key, length in (("a", 32), ("r", 256), ("e", 64)):
        texts["jwt"].append(f'{{"alg":"{algorithm}","kid":"{key}"}}\n{{"aud":"a","iss":"i","exp":4102444800,"c":"v"}}\n' + "s" * length)
for template in re.findall(r'<set-body template="liquid"[^>]*>(.*?)</set-body>', cases, re.S):
    texts["liquid"].append('{"a": [{"b": 1}]}\n' + template)
    texts["liquid"].append("<a><b c='1'>2</b></a>\n" + template)
for query in re.findall(r'"query": ?("(?:[^"\\\\]|\\\\.)*")', cases):
    texts["graphql"].append('{"id": 1}\n' + json.loads(query))
for part in re.split(r"^=== .*$|^# .*$", cases, flags=re.M):
    _, _, body = part.strip("\n").partition("\n\n")
    if body.lstrip().startswith(("<", "{", "[")):
        texts["markup"].append(body.strip("\n"))
# Whole requests, as GraphQL's tests have them.
for path in ("src/graphql", "tests/gateway/graphql.rs"):
    for file in sorted((root.parent / path).rglob("*.rs")) or [root.parent / path]:
        for query in re.findall(r'"((?:query|mutation|subscription|fragment|\{)[^"\\]*\})"', file.read_text(encoding="utf-8")):
            texts["graphql"].append('{"id": 1}\n' + query)
# URLs of the tests of OData, alone and with their metadata.
tests = (root.parent / "src" / "policy" / "odata" / "tests.rs").read_text(encoding="utf-8")
urls = re.findall(r'^\s*\(?"(/[^"\\]*)"', tests, re.M)
shop = re.search(r'const SHOP: &str = r#"(.*?)"#', tests, re.S)
texts["odata"] += urls + [f"{url}\n{shop[1]}" for url in urls[:20] if shop]
kinds = ("application/json; charset=utf-16", "application/json", "text/json", "text/xml", "application/soap+xml; action=\"a\"", "multipart/form-data; boundary=b", "a/b;q=\"x;y\"")
for kind in kinds:
    texts["content_type"] += [f"{kind}\n{{\"id\": 1, \"a\": [\"x\"], \"b\": 2}}", f"{kind}\n<a>1</a>", f"{kind}\n{{\"ID\": 1, \"x-a\": 1}}"]
    for encoding, pack in (("gzip", gzip.compress), ("deflate", zlib.compress), ("br", lambda _: b"\x0b\x04\x80{\"id\": 1}\x03")):
        texts["content_type"].append(f"{kind}\t{encoding}\n".encode() + pack(b'{"id": 1}'))
envelope = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header/><s:Body><A xmlns="urn:a"/></s:Body></s:Envelope>'
part = f"--b\r\nContent-Type: application/xop+xml\r\n\r\n{envelope}\r\n--b--\r\n"
for kind in ("text/xml", 'application/soap+xml; action="urn:a"', 'multipart/related; boundary=b; type="application/xop+xml"; action="urn:a"'):
    for action in ("", '"urn:a"', "b", '""'):
        for query in ("", "soapAction=urn%3Aa"):
            texts["soap"] += [f"{kind}\n{action}\n{query}\n{envelope}", f"{kind}\n{action}\n{query}\n{part}"]
for target, seeds in texts.items():
    folder = root / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        if isinstance(seed, str):
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

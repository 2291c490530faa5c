"""A Key Vault over TLS, and the endpoint that gives tokens for it; prints three URLs: the vault, what tells it, tokens.

`vault.py CERTIFICATE KEY`. Secrets are told by `PUT` and `DELETE` of a text; one that is not there is an error of the vault.
"""

import json
import secrets
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = secrets.token_hex()
kept = {}


class Peer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body, headers=()):
        text = json.dumps(body).encode()
        self.send_response(status)
        for name, value in (("Content-Type", "application/json"), ("Content-Length", str(len(text))), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *arguments):
        pass


class Vault(Peer):
    def do_GET(self):
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            challenge = 'Bearer authorization="https://login.microsoftonline.com/t", resource="https://vault.azure.net"'
            return self.answer(401, {"error": {"code": "Unauthorized"}}, [("WWW-Authenticate", challenge)])
        _, collection, name, *_ = self.path.split("?")[0].split("/")
        if collection != "secrets" or name not in kept:
            return self.answer(503, {"error": {"code": "Unavailable", "message": "not now"}})
        version, text = kept[name]
        url = f"https://{self.headers['Host']}/secrets/{name}/{version:032x}"
        self.answer(200, {"value": text, "id": url, "attributes": {"enabled": True}})


class Control(Peer):
    def do_GET(self):
        is_asked = self.path.startswith("/token?") and "resource=https%3A%2F%2Fvault.azure.net" in self.path
        expires = str(int(time.time()) + 3600)
        if not is_asked:
            return self.answer(400, {})
        resource = "https://vault.azure.net"
        self.answer(200, {"access_token": TOKEN, "expires_on": expires, "resource": resource, "token_type": "Bearer"})

    def do_PUT(self):
        name, text = self.path[1:], self.rfile.read(int(self.headers["Content-Length"])).decode()
        kept[name] = (kept.get(name, (0,))[0] + 1, text)
        self.answer(200, {})

    def do_DELETE(self):
        kept.pop(self.path[1:], None)
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(200, {})


vault = ThreadingHTTPServer(("127.0.0.1", 0), Vault)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
vault.socket = context.wrap_socket(vault.socket, server_side=True)
control = ThreadingHTTPServer(("127.0.0.1", 0), Control)
threading.Thread(target=control.serve_forever, daemon=True).start()
control_url = f"http://127.0.0.1:{control.server_port}"
print(f"https://127.0.0.1:{vault.server_port}\n{control_url}\n{control_url}/token", flush=True)
vault.serve_forever()

#!/usr/bin/env bash
# Runs the examples as a user would and looks at what they print.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --examples --all-features --quiet
target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
bin="$target/debug/examples"
work=$(mktemp -d)
trap 'kill "${pid:-}" 2>/dev/null || true; rm -rf "$work"' EXIT

fail() { echo "FAILED: $*"; exit 1; }
has() { case "$2" in *"$1"*) ;; *) fail "expected \`$1\` in: $2" ;; esac; }

for example in one_policy custom_policy test_a_policy axum_layer credentials pool secrets redis_limits; do
  "$bin/$example" >"$work/$example.out" 2>&1 || { cat "$work/$example.out"; fail "$example"; }
  [ -s "$work/$example.out" ] || fail "$example prints nothing"
done

has "contoso: 200 OK Some(b\"gold\")" "$(cat "$work/custom_policy.out")"
has "nobody: 403" "$(cat "$work/custom_policy.out")"
has "the key is key-2" "$(cat "$work/secrets.out")"

if command -v redis-server >/dev/null; then
  [ "$(grep -c '200 OK' "$work/redis_limits.out")" = 5 ] || fail "redis_limits: $(cat "$work/redis_limits.out")"
  has "429 Too Many Requests, 0 left" "$(cat "$work/redis_limits.out")"
fi

has "3" "$("$bin/expressions" '1 + 2')"

printf '<policies><inbound><set-hedder name="a" /></inbound><backend><base /></backend></policies>' >"$work/bad.xml"
out=$("$bin/lint" "$work/bad.xml") && fail "lint accepts a bad document"
has "bad.xml:1:20: unknown policy" "$out"
has "0 passed, 1 failed" "$out"

"$bin/gateway" --listen 127.0.0.1:0 >"$work/gateway.out" 2>&1 &
pid=$!
for _ in $(seq 1 100); do grep -q 'listening on' "$work/gateway.out" && break; sleep 0.1; done
base=$(sed -n 's/^listening on \(http[^ ]*\).*/\1/p' "$work/gateway.out" | head -1)
[ -n "$base" ] || { cat "$work/gateway.out"; fail "gateway does not listen"; }
# A tiny client, so that no curl is needed.
get() {
  local host=${base#http://}
  exec 3<>"/dev/tcp/${host%%:*}/${host##*:}"
  printf 'GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s\r\n' "$1" "$host" "${2:-}" >&3
  cat <&3
  exec 3>&-
}
has "401" "$(get /orders/17 | head -1)"
has "200" "$(get /orders/17 $'Ocp-Apim-Subscription-Key: sample-key\r\n' | head -1)"
has "404" "$(get /nothing | head -1)"
kill -TERM "$pid"
wait "$pid" || fail "gateway does not drain"

# A folder with nothing but a specification; nobody listens where its server is said to be.
mkdir "$work/alone"
cat >"$work/alone/openapi.yaml" <<'YAML'
openapi: 3.0.3
info: { title: My Orders, version: "1" }
servers: [{ url: "http://127.0.0.1:9/base" }]
paths:
  /orders/{id}:
    get:
      operationId: getOrder
      parameters: [{ name: id, in: path, required: true, schema: { type: integer } }]
      responses: { "200": { description: ok } }
YAML
has '"name": "getorder"' "$("$bin/import" "$work/alone/openapi.yaml" 2>/dev/null)"
"$bin/gateway" --config "$work/alone" --listen 127.0.0.1:0 >"$work/gateway.out" 2>&1 &
pid=$!
for _ in $(seq 1 100); do grep -q 'listening on' "$work/gateway.out" && break; sleep 0.1; done
base=$(sed -n 's/^listening on \(http[^ ]*\).*/\1/p' "$work/gateway.out" | head -1)
has 'API `my-orders`: 1 operations' "$(cat "$work/gateway.out")"
has "404" "$(get /my-orders/unknown | head -1)"
has "500" "$(get /my-orders/orders/7 | head -1)"
kill -TERM "$pid"
wait "$pid" || fail "gateway does not drain"

# Changes need the token.
GATEWRIGHT_MANAGEMENT_TOKEN=t0ken "$bin/gateway" --listen 127.0.0.1:0 --management 127.0.0.1:0 >"$work/gateway.out" 2>&1 &
pid=$!
for _ in $(seq 1 100); do grep -q 'listening on' "$work/gateway.out" && break; sleep 0.1; done
base=$(sed -n 's/^management on \(http[^ ]*\).*/\1/p' "$work/gateway.out" | head -1)
service=/subscriptions/s/resourceGroups/g/providers/Microsoft.ApiManagement/service/contoso
has "401" "$(get "$service/backends?api-version=2024-05-01" | head -1)"
has '"name":"orders"' "$(get "$service/backends?api-version=2024-05-01" $'Authorization: Bearer t0ken\r\n')"
kill -TERM "$pid"
wait "$pid" || fail "gateway does not drain"

# What was changed is there again after a restart, also of a process that was killed.
put() {
  local host=${base#http://} body=$2
  exec 3<>"/dev/tcp/${host%%:*}/${host##*:}"
  printf 'PUT %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nAuthorization: Bearer t0ken\r\nContent-Length: %s\r\n\r\n%s' \
    "$1" "$host" "${#body}" "$body" >&3
  cat <&3
  exec 3>&-
}
for change in first second; do
  GATEWRIGHT_MANAGEMENT_TOKEN=t0ken "$bin/gateway" --config "$work/kept" --listen 127.0.0.1:0 --management 127.0.0.1:0 >"$work/gateway.out" 2>&1 &
  pid=$!
  for _ in $(seq 1 100); do grep -q 'listening on' "$work/gateway.out" && break; sleep 0.1; done
  base=$(sed -n 's/^management on \(http[^ ]*\).*/\1/p' "$work/gateway.out" | head -1)
  has "201" "$(put "$service/backends/$change?api-version=2024-05-01" '{"properties": {"url": "https://b.internal"}}' | head -1)"
  has '"name":"first"' "$(get "$service/backends?api-version=2024-05-01" $'Authorization: Bearer t0ken\r\n')"
  kill -KILL "$pid"
  wait "$pid" 2>/dev/null || true
done
[ -f "$work/kept/backends/second.json" ] || fail "nothing is kept: $(ls -R "$work/kept")"

out=$("$bin/gateway" --config "$work/none" 2>&1) && fail "gateway takes a folder that is not there"
has "none" "$out"
echo "examples: passed"

#!/usr/bin/env bash
# Drives examples/gateway with Microsoft's packaged SDKs, unmodified: Python's in a virtual environment of its own, and
# JavaScript's with npm. What cannot be installed fails, unless GATEWRIGHT_WITHOUT_SDK=1 says that this machine has no network:
# then it is skipped, which is said.
set -euo pipefail
cd "$(dirname "$0")/.."

skip_or_fail() {
  if [ "${GATEWRIGHT_WITHOUT_SDK:-}" = 1 ]; then echo "$1: skipped, as GATEWRIGHT_WITHOUT_SDK says"; return; fi
  echo "$1: on a machine without a network set GATEWRIGHT_WITHOUT_SDK=1" >&2
  exit 1
}

for tool in python3 openssl; do
  command -v $tool >/dev/null || { skip_or_fail "sdk: there is no $tool"; exit 0; }
done
cargo build --example gateway --all-features --quiet
target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
environment=${GATEWRIGHT_SDK_ENVIRONMENT:-$target/sdk-python}
if ! "$environment/bin/python" -c 'import azure.mgmt.apimanagement' 2>/dev/null; then
  python3 -m venv "$environment" &&
    "$environment/bin/pip" install --quiet --disable-pip-version-check -r tests/sdk/python/requirements.txt ||
    { skip_or_fail "sdk python: Microsoft's SDK cannot be installed"; exit 0; }
fi
work=$(mktemp -d)
trap 'kill ${pids:-} 2>/dev/null || true; rm -rf "$work"' EXIT

wait_for() { for _ in $(seq 1 200); do grep -q "$1" "$2" && return; sleep 0.1; done; cat "$2"; echo "sdk: nothing says \`$1\`"; exit 1; }

python3 tests/sdk/python/echo.py >"$work/backend" &
pids=$!
# A Key Vault with a certificate of an authority that the gateway trusts for this.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=sdk-authority \
  -keyout "$work/authority.key" -out "$work/authority.pem" 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=vault \
  -keyout "$work/vault.key" -out "$work/vault.request" 2>/dev/null
openssl x509 -req -in "$work/vault.request" -CA "$work/authority.pem" -CAkey "$work/authority.key" -CAcreateserial -days 2 \
  -extfile <(echo "subjectAltName=IP:127.0.0.1") -out "$work/vault.pem" 2>/dev/null
python3 tests/sdk/python/vault.py "$work/vault.pem" "$work/vault.key" >"$work/vault" &
pids="$pids $!"
wait_for token "$work/vault"
mkdir "$work/config"
echo '{ "name": "contoso" }' >"$work/config/service.json"
export GATEWRIGHT_MANAGEMENT_TOKEN="sdk-$RANDOM-$RANDOM"
IDENTITY_ENDPOINT=$(sed -n 3p "$work/vault") IDENTITY_HEADER=sdk SSL_CERT_FILE="$work/authority.pem" \
  GATEWRIGHT_KEY_VAULT_EMULATOR=1 "$target/debug/examples/gateway" --config "$work/config" --listen 127.0.0.1:0 --management 127.0.0.1:0 >"$work/gateway" 2>&1 &
pids="$pids $!"
wait_for http "$work/backend"
wait_for 'listening on' "$work/gateway"

export TOKEN=$GATEWRIGHT_MANAGEMENT_TOKEN BACKEND GATEWAY MANAGEMENT VAULT VAULT_CONTROL CERTIFICATE OTHER_CERTIFICATE
BACKEND=$(head -1 "$work/backend")
VAULT=$(sed -n 1p "$work/vault")
VAULT_CONTROL=$(sed -n 2p "$work/vault")
GATEWAY=$(sed -n 's/^listening on \(http[^ ]*\).*/\1/p' "$work/gateway")
MANAGEMENT=$(sed -n 's/^management on \(http[^ ]*\).*/\1/p' "$work/gateway")
certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$1" \
    -keyout "$work/key.pem" -out "$work/certificate.pem" 2>/dev/null
  cat "$work/certificate.pem" "$work/key.pem"
}
CERTIFICATE=$(certificate sdk-client)
OTHER_CERTIFICATE=$(certificate sdk-other)
"$environment/bin/python" tests/sdk/python/drive.py
if command -v npm >/dev/null; then
  modules=${GATEWRIGHT_SDK_MODULES:-$target/sdk-javascript}
  mkdir -p "$modules"
  cp tests/sdk/javascript/package.json tests/sdk/javascript/drive.mjs "$modules"
  if (cd "$modules" && npm install --silent --no-audit --no-fund --no-package-lock); then
    (cd "$modules" && node drive.mjs)
  else
    skip_or_fail "sdk javascript: Microsoft's SDK cannot be installed"
  fi
else
  skip_or_fail "sdk javascript: there is no npm"
fi
if grep -q "$TOKEN" "$work/gateway"; then echo "sdk: the token is in the output of the gateway"; exit 1; fi

#!/usr/bin/env bash
# All checks of the project: format, clippy, tests, doctests, examples. Installs what the tests need.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\n== %s\n' "$*"; }

need_c_compiler() {
  command -v c++ >/dev/null || {
    say "installing a C and C++ compiler (the crypto provider and the fuzz targets are built with it)"
    if command -v apt-get >/dev/null; then apt-get update -qq && apt-get install -y -qq g++ libc6-dev make cmake >/dev/null
    else echo "no C++ compiler and no apt-get: install g++ or clang"; exit 1; fi
  }
}
need_libxml() {
  if pkg-config --exists libxml-2.0 libxslt 2>/dev/null && ls /usr/lib/llvm-*/lib/libclang*.so* >/dev/null 2>&1; then return; fi
  say "installing libxml2, libxslt and libclang (the feature libxml is built with them)"
  if command -v apt-get >/dev/null; then
    apt-get update -qq && apt-get install -y -qq pkg-config libxml2-dev libxslt1-dev libclang-dev >/dev/null
  else echo "no apt-get: install the development files of libxml2 and libxslt, libclang and pkg-config"; exit 1; fi
}
need_redis() {
  if command -v redis-server >/dev/null; then return; fi
  say "installing redis-server (tests start servers of their own)"
  if command -v apt-get >/dev/null; then apt-get update -qq && apt-get install -y -qq redis-server >/dev/null
  else echo "no apt-get: install redis-server and redis-cli"; exit 1; fi
}
need_component() { cargo "$1" --version >/dev/null 2>&1 || rustup component add "$2"; }

need_c_compiler
need_libxml
need_redis
need_component fmt rustfmt
need_component clippy clippy

export RUSTFLAGS="${RUSTFLAGS:-}" GATEWRIGHT_REDIS=required
features=(--all-features)

say "format"
cargo fmt --check
say "clippy"
cargo clippy "${features[@]}" --all-targets --quiet -- -D warnings
say "tests"
if cargo nextest --version >/dev/null 2>&1; then
  cargo nextest run "${features[@]}" --no-fail-fast --status-level fail
else
  cargo test "${features[@]}" --lib --bins --tests --quiet
fi
say "doctests"
cargo test "${features[@]}" --doc --quiet
say "documentation"
RUSTDOCFLAGS="-D warnings" cargo doc "${features[@]}" --no-deps --quiet
say "examples"
./tests/examples.sh
say "Microsoft's SDK"
./tests/sdk.sh
say "each feature alone"
for feature in "" client policy aws-lc-rs ring certificates azure vault graphql cosmos sql liquid libxml import management testing redis validation client,policy; do
  cargo clippy --lib --quiet --no-default-features --features "$feature" -- -D warnings
done
say "fuzz targets"
cargo check --manifest-path fuzz/Cargo.toml --features graphql --quiet
say "all checks passed"

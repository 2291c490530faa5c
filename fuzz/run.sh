#!/usr/bin/env bash
# Runs fuzz targets, one after the other, from the seeds of the test cases: fuzz/run.sh [SECONDS [TARGET…]]
# Needs a nightly toolchain and cargo-fuzz. What breaks is kept in fuzz/artifacts.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-600}
targets=("${@:2}")
if [ ${#targets[@]} -eq 0 ]; then
  mapfile -t targets < <(cargo +nightly fuzz list)
fi
python3 fuzz/seeds.py
for target in "${targets[@]}"; do
  options=(-max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10)
  case $target in expr_*) options+=(-dict=fuzz/expr.dict) ;; esac
  echo "== $target, $seconds s"
  cargo +nightly fuzz run --features graphql "$target" -- "${options[@]}"
done

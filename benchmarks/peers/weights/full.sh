#!/usr/bin/env bash
# Compares networks of the published sizes with timm, and writes benchmarks/results/peers-weights.json and .md. Flags go to the
# Go program: full.sh -only resnet. It takes the environment of run.sh, which is to be run before.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
venv=${PEER_VENV:-${TMPDIR:-/tmp}/sslkit-peer-weights}
cd "$here/../../.."
exec go run ./benchmarks/peers/weights -python "$venv/bin/python" -script "$here/timm_side.py" "$@"

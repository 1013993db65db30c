#!/usr/bin/env bash
# Measures the speed of pretraining here, with PyTorch and lightly, and with JAX, in turns, and writes
# benchmarks/results/speed.json and .md. Flags go to the Go program: run.sh -quick, run.sh -turns 5.
# Turns that are done are kept in runs/benchmarks/speed and not repeated.
#
# The others get an environment of their own, outside the tree, once (7 GB). PEER_VENV names another place for it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
venv=${PEER_VENV:-${TMPDIR:-/tmp}/sslkit-peer-speed}
if [ ! -e "$venv/ready" ]; then
	python3 -m venv "$venv"
	"$venv/bin/pip" install --quiet torch==2.15.0 torchvision==0.29.2 lightly==1.6.0 jax==0.10.2 flax==0.12.8 optax==0.2.8
	touch "$venv/ready"
fi
cd "$here/../.."
exec go run ./benchmarks/speed -python "$venv/bin/python" "$@"

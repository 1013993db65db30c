#!/usr/bin/env bash
# Trains the first recipe of benchmarks/real with PyTorch and lightly too, at its own best learning rate, and writes
# benchmarks/results/peers-real.json and .md. The runs here are those of benchmarks/real, where these are there.
set -euo pipefail
exec "$(dirname "$0")/../knn/run.sh" -real "$@"

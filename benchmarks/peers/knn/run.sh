#!/usr/bin/env bash
# Trains SimCLR, BYOL, Barlow Twins and MoCo v2 here and with lightly, in turns, by the same recipes on the same images, and
# writes benchmarks/results/peers-knn.json and .md. Flags go to the Go program: run.sh -quick, run.sh -seeds 1 -only simclr.
# Finished runs are kept in runs/benchmarks/peers-knn and not repeated.
#
# lightly gets an environment of its own, outside the tree, once (7 GB). PEER_VENV names another place for it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
venv=${PEER_VENV:-${TMPDIR:-/tmp}/sslkit-peer-lightly}
if [ ! -e "$venv/ready" ]; then
	python3 -m venv "$venv"
	"$venv/bin/pip" install --quiet torch==2.9.1 torchvision==0.24.1 lightly==1.5.22
	touch "$venv/ready"
fi
cd "$here/../../.."
exec go run ./benchmarks/peers/knn -python "$venv/bin/python" -script "$here/lightly_side.py" "$@"

#!/usr/bin/env bash
# Times exact k-NN and t-SNE here and in scikit-learn, in turns, compares what they find, and writes
# benchmarks/results/peers-sklearn.json and .md. Flags go to the Go program: run.sh -quick, run.sh -turns 5.
#
# scikit-learn gets an environment of its own, outside the tree, once (300 MB). PEER_VENV names another place for it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
venv=${PEER_VENV:-${TMPDIR:-/tmp}/sslkit-peer-sklearn}
if [ ! -e "$venv/ready" ]; then
	python3 -m venv "$venv"
	"$venv/bin/pip" install --quiet scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1
	touch "$venv/ready"
fi
cd "$here/../../.."
exec go run ./benchmarks/peers/sklearn -python "$venv/bin/python" -script "$here/sklearn_side.py" "$@"

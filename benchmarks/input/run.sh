#!/usr/bin/env bash
# Times the reading of images beside PIL and torchvision, and trains from a folder larger than memory; writes
# benchmarks/results/input.json and its table. Flags go to the Go program: run.sh -quick.
#
# torchvision gets an environment of its own, outside the tree, once: PyTorch brings its CUDA parts, so 7 GB and a minute or
# more. PEER_VENV names another place for it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
venv=${PEER_VENV:-${TMPDIR:-/tmp}/sslkit-peer-input}

if [ ! -e "$venv/ready" ]; then
	python3 -m venv "$venv"
	"$venv/bin/pip" install --quiet torch==2.15.0 torchvision==0.29.2 pillow==13.0.0
	touch "$venv/ready"
fi
cd "$root"
go run ./benchmarks/input -python "$venv/bin/python" -script "$here/decode.py" "$@"

#!/usr/bin/env bash
# Makes kit/encoder/testdata/weights anew, with PyTorch, timm and transformers in an environment of its own, outside the tree
# (7 GB, once).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
venv=${PEER_VENV:-${TMPDIR:-/tmp}/sslkit-peer-weights}
if [ ! -e "$venv/ready" ]; then
	python3 -m venv "$venv"
	"$venv/bin/pip" install --quiet torch==2.15.0 torchvision==0.29.2 timm==1.0.31 transformers==5.24.0 safetensors==0.8.0
	touch "$venv/ready"
fi
"$venv/bin/python" "$here/golden.py" "$here/../../../kit/encoder/testdata/weights"

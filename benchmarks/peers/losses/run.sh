#!/usr/bin/env bash
# Makes kit/ssl/testdata/lightly.json anew, with lightly in an environment of its own, outside the tree (7 GB, once).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
venv=${PEER_VENV:-${TMPDIR:-/tmp}/sslkit-peer-lightly}
if [ ! -e "$venv/ready" ]; then
	python3 -m venv "$venv"
	"$venv/bin/pip" install --quiet torch==2.9.1 torchvision==0.24.1 lightly==1.5.22
	touch "$venv/ready"
fi
"$venv/bin/python" "$here/golden.py" "$here/../../../kit/ssl/testdata/lightly.json"

#!/usr/bin/env bash
# Makes kit/ssl/testdata/lightly.json and kit/semi/testdata/usb.json anew, with lightly and USB's semilearn in an environment of
# their own, outside the tree (7 GB, once).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
venv=${PEER_VENV:-${TMPDIR:-/tmp}/sslkit-peer-lightly}
if [ ! -e "$venv/ready" ]; then
	python3 -m venv "$venv"
	"$venv/bin/pip" install --quiet torch==2.9.1 torchvision==0.24.1 lightly==1.5.22
	touch "$venv/ready"
fi
# Without what it needs to train: semi.py reads its losses alone.
"$venv/bin/pip" install --quiet --no-deps semilearn==0.3.2
"$venv/bin/python" "$here/golden.py" "$here/../../../kit/ssl/testdata/lightly.json"
"$venv/bin/python" "$here/semi.py" "$here/../../../kit/semi/testdata/usb.json"

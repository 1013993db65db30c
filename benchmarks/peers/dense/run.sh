#!/usr/bin/env bash
# Makes the golden values of data and kit/metric anew, with pycocotools in an environment of its own, outside the tree.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
venv=${PEER_VENV:-${TMPDIR:-/tmp}/sslkit-peer-dense}
if [ ! -e "$venv/ready" ]; then
	python3 -m venv "$venv"
	"$venv/bin/pip" install --quiet pycocotools==2.0.11 numpy==2.4.6
	touch "$venv/ready"
fi
"$venv/bin/python" "$here/golden.py" "$here/../../../data/testdata"
"$venv/bin/python" "$here/coco_golden.py" "$here/../../../kit/metric/testdata/coco.json"

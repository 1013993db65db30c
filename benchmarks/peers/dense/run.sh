#!/usr/bin/env bash
# Makes the golden values of data, kit/metric and kit/detect anew, with the published implementations in an environment of its
# own, outside the tree.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
venv=${PEER_VENV:-${TMPDIR:-/tmp}/sslkit-peer-dense}
if [ ! -e "$venv/ready" ]; then
	python3 -m venv "$venv"
	"$venv/bin/pip" install --quiet pycocotools==2.0.11 numpy==2.4.6 scipy==1.17.1 torch==2.15.0 torchvision==0.29.2 torchmetrics==1.9.0
	touch "$venv/ready"
fi
"$venv/bin/python" "$here/masks_golden.py" "$here/../../../data/testdata"
"$venv/bin/python" "$here/coco_golden.py" "$here/../../../kit/metric/testdata/coco.json"
"$venv/bin/python" "$here/metrics_golden.py" "$here/../../../kit/metric/testdata/dense.json" "$here/../../../kit/detect/testdata/nms.json"
"$venv/bin/python" "$here/fcos_golden.py" "$here/../../../kit/detect/fcos/testdata/fcos.json"

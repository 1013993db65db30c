#!/usr/bin/env bash
# Makes lightly.json, authors.json and crops.json in kit/ssl/testdata and usb.json in kit/semi/testdata anew, with lightly, the
# code of the authors of DenseCL and data2vec, that of others for small crops, and USB's semilearn in an environment of their own,
# outside the tree (8 GB, once).
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
fetched() { # fetched REPOSITORY COMMIT: in a folder of its name, without its history.
	local folder="$venv/${1##*/}"
	git init --quiet "$folder"
	if [ "$(git -C "$folder" rev-parse --quiet --verify HEAD)" != "$2" ]; then
		git -C "$folder" fetch --quiet --depth 1 "https://github.com/$1" "$2"
		git -C "$folder" checkout --quiet FETCH_HEAD
	fi
}
fetched WXinlong/DenseCL b64bbb6e267f729d16ca558233b0ef3028857381
fetched facebookresearch/data2vec_vision af9a36349aaed59ae66e69b5dabeef2d62fdc5da
fetched vturrisi/solo-learn 9187ea39c2c3f43c455ab06664d2b019a9802954
fetched facebookresearch/vissl 09270ed25a6c2cf71263d955b64cbe076d34ac45
fetched facebookresearch/VICRegL 803ae4c8cd1649a820f03afb4793763e95317620
fetched HobbitLong/SupContrast 66a8fe53880d6a1084b2e4e0db0a019024d6d41a
"$venv/bin/python" "$here/golden.py" "$here/../../../kit/ssl/testdata/lightly.json"
"$venv/bin/python" "$here/authors.py" "$here/../../../kit/ssl/testdata/authors.json" "$venv/DenseCL" "$venv/data2vec_vision"
"$venv/bin/python" "$here/crops.py" "$here/../../../kit/ssl/testdata/crops.json" \
	"$venv/solo-learn" "$venv/vissl" "$venv/VICRegL" "$venv/SupContrast"
"$venv/bin/python" "$here/semi.py" "$here/../../../kit/semi/testdata/usb.json"

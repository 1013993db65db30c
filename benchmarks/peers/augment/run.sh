#!/usr/bin/env bash
# Times kit/augment's views against torchvision's on one core, and writes benchmarks/results/augment.json.
# Flags go to the Go program: run.sh -quick.
#
# torchvision gets an environment of its own, outside the tree, once: PyTorch brings its CUDA parts, so 7 GB and a minute or
# more. PEER_VENV names another place for it, CORE another core.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
venv=${PEER_VENV:-${TMPDIR:-/tmp}/sslkit-peer-torchvision}
core=${CORE:-0}

if [ ! -e "$venv/ready" ]; then
	python3 -m venv "$venv"
	"$venv/bin/pip" install --quiet torch==2.9.1 torchvision==0.24.1
	touch "$venv/ready"
fi

commit=$(git -C "$root" rev-parse --verify --quiet HEAD || echo uncommitted)
if [ -n "$(git -C "$root" status --porcelain -- kit/augment benchmarks/peers/augment)" ]; then
	commit=$commit-modified
fi
program=$(mktemp)
trap 'rm -f "$program"' EXIT
(cd "$root" && go build -o "$program" ./benchmarks/peers/augment)
cd "$root"
taskset -c "$core" "$program" -python "$venv/bin/python" -script "$here/torchvision_views.py" \
	-out "$root/benchmarks/results/augment.json" -commit "$commit" "$@"

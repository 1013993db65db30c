#!/usr/bin/env bash
# Measures the speed of pretraining on a machine with CUDA, beside PyTorch (compiled, channels_last), in float32 and bfloat16, on
# one device and on several, and trains by the published recipe of SimCLR on CIFAR-10 (go run ./benchmarks/real -published).
#
#   benchmarks/speed/gpu.sh                    # on this machine
#   HOST=user@gpu benchmarks/speed/gpu.sh      # builds here, for Linux of this processor, and carries it there by ssh
#   GOMLX_BACKEND=xla:cpu benchmarks/speed/gpu.sh -quick    # tries the script, without CUDA
#
# What it needs there is bash, tar and Python 3 with venv. It makes an environment (10 GB, once) with the CUDA plugin of JAX and with
# PyTorch; PEER_PYTHON names an interpreter that has PyTorch, torchvision and lightly instead (and JAX, on the CPU), and "none" leaves
# PyTorch out. DEVICES are the numbers of devices, by default 1 and 2. DATA is the folder here with cifar10-jpeg.tar.gz; without it,
# CIFAR-10 is downloaded there. Results come to the folder OUT, by default runs/gpu.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

out=${OUT:-runs/gpu}
bundle=$(mktemp -d)
trap 'rm -rf "$bundle"' EXIT
mkdir -p "$out" "$bundle/benchmarks/speed" "$bundle/data"
go build -o "$bundle" ./benchmarks/speed ./benchmarks/real
cp benchmarks/speed/*.py "$bundle/benchmarks/speed"
if [ -n "${DATA:-}" ]; then
	cp "$DATA/cifar10-jpeg.tar.gz" "$bundle/data"
fi
commit=$(git rev-parse --short=12 HEAD)
if [ -n "$(git status --porcelain --untracked-files=no)" ]; then
	commit=$commit+changes
fi
{
	echo "set -euo pipefail"
	for name in GOMLX_BACKEND PEER_PYTHON DEVICES VIRTUAL_ENV XLA_FLAGS; do
		# The environment of another machine says nothing there.
		if [ -n "${!name:-}" ] && { [ -z "${HOST:-}" ] || [ "$name" != VIRTUAL_ENV ]; }; then
			printf 'export %s=%q\n' "$name" "${!name}"
		fi
	done
	printf 'export SSLKIT_COMMIT=%q\nflags=(%s)\n' "$commit" "$*"
	cat <<'THERE'
export GOMLX_BACKEND=${GOMLX_BACKEND:-xla:cuda} SSLKIT_DATA_DIR=$PWD/data
devices=${DEVICES:-1 2}
python=${PEER_PYTHON:-}
if [[ $GOMLX_BACKEND == xla:cuda* ]]; then
	venv=$PWD/../sslkit-gpu-venv
	if [ ! -e "$venv/ready" ]; then
		python3 -m venv "$venv"
		"$venv/bin/pip" install --quiet "jax-cuda13-plugin[with-cuda]"
		if [ -z "$python" ]; then
			"$venv/bin/pip" install --quiet torch==2.15.0 torchvision==0.29.2 lightly==1.6.0
		fi
		touch "$venv/ready"
	fi
	export VIRTUAL_ENV=$venv
	python=${python:-$venv/bin/python}
	nvidia-smi | tee results/nvidia-smi.txt
else
	export XLA_FLAGS="${XLA_FLAGS:-} --xla_force_host_platform_device_count=$(tr ' ' '\n' <<<"$devices" | sort -n | tail -1)"
	python=${python:-none}
fi

# measured runs a program, and keeps its result, from wherever it writes it, under a name of its own.
measured() {
	local name=$1 program=$2
	shift 2
	echo "== $name"
	"./$program" -runs "runs/$name" "$@" ${flags[@]+"${flags[@]}"} 2>&1 | tee "results/$name.log"
	for file in benchmarks/results/"$program".{json,md} runs/"$name"{,-quick}/{"$program",real-published}.{json,md}; do
		if [ -e "$file" ]; then
			mv "$file" "results/$name.${file##*.}"
		fi
	done
}

for precision in Float32 BFloat16; do
	peers=()
	# PyTorch has the GPU in either; on the CPU, both others have float32 alone.
	if [ "$python" != none ] && { [[ $GOMLX_BACKEND == xla:cuda* ]] || [ $precision = Float32 ]; }; then
		peers=(-python "$python")
	fi
	measured "speed-$precision" speed -wide -precision $precision ${peers[@]+"${peers[@]}"}
	for n in $devices; do
		if [ "$n" -gt 1 ]; then
			measured "speed-$precision-$n-devices" speed -wide -precision $precision -devices "$n"
		fi
	done
	measured "published-$precision" real -published -precision $precision
done
THERE
} >"$bundle/measure.sh"
mkdir -p "$bundle/results"

if [ -z "${HOST:-}" ]; then
	(cd "$bundle" && bash measure.sh)
	cp "$bundle"/results/* "$out"
else
	tar -C "$bundle" -cz . | ssh "$HOST" 'mkdir -p sslkit-gpu && tar -C sslkit-gpu -xz'
	ssh "$HOST" 'cd sslkit-gpu && bash measure.sh'
	ssh "$HOST" 'tar -C sslkit-gpu/results -cz .' | tar -C "$out" -xz
fi
echo "results are in $out"

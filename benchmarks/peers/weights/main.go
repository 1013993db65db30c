// Command weights asks: does an encoder with weights of timm give timm's features, and does timm get
// its weights back as they were? The networks are of the published sizes, with random values in all
// of their weights. Run it with full.sh, which makes timm's environment.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"math"
	"os"
	"path/filepath"
	"strings"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/benchmarks/peers/python"
	"sslkit/benchmarks/result"
	"sslkit/kit/augment"
	"sslkit/kit/device"
	"sslkit/kit/encoder"
	"sslkit/kit/train"
)

type options struct{ python, script, runs, out, only string }

func main() {
	log.SetFlags(0)
	var o options
	flag.StringVar(&o.python, "python", "python3", "interpreter that has timm")
	flag.StringVar(&o.script, "script", "timm_side.py", "the other side's program")
	flag.StringVar(&o.runs, "runs", filepath.Join("runs", "peers-weights"), "where weights and features are kept")
	flag.StringVar(&o.out, "out", filepath.Join("benchmarks", "results"), "directory for the result")
	flag.StringVar(&o.only, "only", "", "only the networks whose names hold this; the result goes to the runs' directory")
	flag.Parse()
	if o.only != "" {
		o.out = o.runs
	}
	if err := compare(o); err != nil {
		log.Fatal(err)
	}
}

func compare(o options) (err error) {
	there, err := python.Start(context.Background(), o.python, o.script)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, there.Close()) }()
	out := result.New("peers-weights", "Networks of timm in their published sizes, with random values in all weights and statistics, and a "+
		"classifier: what they make of 16 images in float32, there and here, as the norm of the difference over that of timm's; and how many "+
		"tensors timm reads back, of the folder that is exported here, with other bits.")
	out.Peer = there.Versions
	for _, n := range networks() {
		if !strings.Contains(n.name, o.only) {
			continue
		}
		apart, tensors, differ, err := n.compare(there, filepath.Join(o.runs, n.name))
		if err != nil {
			return fmt.Errorf("%s: %w", n.name, err)
		}
		log.Printf("%s: features %.2g apart; %d of %d tensors differ", n.name, apart, differ, tensors)
		name := fmt.Sprintf("%s/%d", n.name, n.side)
		out.Rows = append(out.Rows, result.Exact(name, "features apart, relative", 1e6*apart, "millionths"),
			result.Exact(name, fmt.Sprintf("tensors with other bits, of %d", tensors), float64(differ), ""))
		if err := out.Write(o.out); err != nil {
			return err
		}
	}
	return nil
}

// compare has timm make the network, computes its features here, and has timm read back what is
// exported.
func (n network) compare(there *python.Process, folder string) (apart float64, tensors, differ int, err error) {
	fail := func(err error) (float64, int, int, error) { return 0, 0, 0, err }
	back := filepath.Join(folder, "back")
	if err := os.MkdirAll(back, 0o755); err != nil {
		return fail(err)
	}
	defer os.RemoveAll(folder) // Gigabytes.
	var made struct{}
	if err := there.Ask(map[string]any{"do": "make", "name": n.name, "side": n.side, "folder": folder}, &made); err != nil {
		return fail(err)
	}
	store := model.NewStore()
	defer store.Finalize()
	scope := train.EncoderScope(store)
	if err := train.BuildEncoder(scope, n.encoder, n.side, n.side); err != nil {
		return fail(err)
	}
	loaded, err := train.LoadEncoder(scope, filepath.Join(folder, "model.safetensors"))
	if err != nil {
		return fail(err)
	}
	log.Printf("%s: %s", n.name, loaded)
	weights, err := encoder.Weights(scope)
	if err != nil {
		return fail(err)
	}
	shown := encoder.Preprocessing{Size: n.side, Mean: augment.ImageNet.Mean, Std: augment.ImageNet.Std}
	config, err := encoder.TimmConfig(n.encoder, shown)
	if err != nil {
		return fail(err)
	}
	if err := encoder.WriteSafetensors(filepath.Join(back, "model.safetensors"), weights, nil); err != nil {
		return fail(err)
	}
	if err := os.WriteFile(filepath.Join(back, "config.json"), config, 0o644); err != nil {
		return fail(err)
	}
	var checked struct{ Tensors, Differ int }
	if err := there.Ask(map[string]any{"do": "check", "folder": folder}, &checked); err != nil {
		return fail(err)
	}
	golden, _, err := encoder.ReadSafetensors(filepath.Join(folder, "features.safetensors"))
	if err != nil {
		return fail(err)
	}
	here, err := n.features(store)
	if err != nil {
		return fail(err)
	}
	want := golden["features"].Data
	if len(here) != len(want) {
		return fail(fmt.Errorf("%d values here, and %d there", len(here), len(want)))
	}
	var between, all float64
	for i, v := range here {
		between += math.Pow(float64(v)-float64(want[i]), 2)
		all += math.Pow(float64(want[i]), 2)
	}
	return math.Sqrt(between / all), checked.Tensors, checked.Differ, nil
}

// features are those of the 16 images that timm_side.py shows, four at a time.
func (n network) features(store *model.Store) (all []float32, err error) {
	backend, err := device.Open()
	if err != nil {
		return nil, err
	}
	exec, err := model.NewExec(backend, store, func(scope *model.Scope, images *Node) *Node {
		scope.Store().SetTraining(images.Graph(), false)
		return n.encoder.Encode(train.EncoderScope(scope.Store()), images).Pooled
	})
	if err != nil {
		return nil, err
	}
	defer exec.Finalize()
	const images, pass = 16, 4
	for first := 0; first < images; first += pass {
		outputs, err := exec.Call(pixels(first, pass, n.side))
		if err != nil {
			return nil, err
		}
		rows, err := tensors.CopyFlatData[float32](outputs[0])
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
		outputs[0].MustFinalizeAll()
	}
	return all, nil
}

// pixels are images by the formula of golden.py: [count, side, side, 3].
func pixels(first, count, side int) *tensors.Tensor {
	values := make([]float32, 0, count*side*side*3)
	for n := first; n < first+count; n++ {
		for y := range side {
			for x := range side {
				for c := range 3 {
					value := (n*7 + y*13 + x*29 + c*53 + y*x*3 + n*x*y) % 256
					values = append(values, float32((float64(value)/255-.45)/.25))
				}
			}
		}
	}
	return tensors.FromFlatDataAndDimensions(values, count, side, side, 3)
}

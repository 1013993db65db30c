package main

import (
	"os"
	"path/filepath"
	"testing"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

func TestRunsAreDescribed(t *testing.T) {
	folder := t.TempDir()
	if runs, err := of(filepath.Join(folder, "none"), true); err != nil || runs == nil || len(runs) != 0 {
		t.Errorf("of a folder that is not there: %v, error %v", runs, err)
	}
	run, err := kit.Pretrain(filepath.Join(folder, "one", "a"), kit.Recipe{
		Data: data.Shapes{Train: 40, Validation: 20, Test: 20}, Encoder: encoder.ViT{Patch: 8, Width: 16, Depth: 1}, Method: ssl.Rotation{},
		Optimizer: optim.SGD{LR: 0.1}, Batch: 4, Steps: 1, Seed: 7,
	})
	if err != nil {
		t.Fatal(err)
	}
	damaged := filepath.Join(folder, "two")
	if err := os.CopyFS(damaged, os.DirFS(run.Dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(damaged, "recipe.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	runs, err := of(folder, true)
	if err != nil || len(runs) != 2 {
		t.Fatalf("%+v, error %v", runs, err)
	}
	good, bad := runs[0], runs[1]
	if good.Name != "one/a" || good.State != "finished" || good.Error != "" || good.Method != "rotation" || good.Seed != 7 || good.Steps != 1 ||
		good.Seconds <= 0 || len(good.Recipe) != 16 || good.Go == "" || good.Backend == "" || good.Machine.Cores < 1 || good.Began == nil ||
		good.Energy == "" || good.Data != "shapes/train" || good.Images != 40 || good.DataHash == "" || good.DataNow != good.DataHash {
		t.Errorf("the run is told as %+v", good)
	}
	if bad.Name != "two" || bad.State != "damaged" || bad.Error == "" || bad.DataNow != "" {
		t.Errorf("a damaged run is told as %+v", bad)
	}
}

package main

import (
	"fmt"
	"image"
	"os"
	"path/filepath"
	"testing"

	"github.com/disintegration/imaging"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

// TestRunsAreDescribed trains on images whose path is relative to the notebook's folder, and asks from
// another one.
func TestRunsAreDescribed(t *testing.T) {
	here := t.TempDir()
	notebooks, folder := filepath.Join(here, "notebooks"), filepath.Join(here, "runs")
	for i := range 40 {
		picture := image.NewGray(image.Rect(0, 0, 16, 16))
		picture.Pix[i] = 255
		path := filepath.Join(notebooks, "pictures", fmt.Sprint(i%2), fmt.Sprintf("%02d.png", i))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := imaging.Save(picture, path); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(notebooks)
	run, err := kit.Pretrain(filepath.Join(folder, "one", "a"), kit.Recipe{
		Data:    data.ImageFolder{Path: "pictures", Size: 16, Cache: filepath.Join(here, "cache")},
		Encoder: encoder.ViT{Patch: 8, Width: 16, Depth: 1}, Method: ssl.Rotation{}, Optimizer: optim.SGD{LR: 0.1}, Batch: 4, Steps: 1, Seed: 7,
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

	t.Chdir(here)
	runs, err := of("runs", "notebooks")
	if err != nil || len(runs) != 2 {
		t.Fatalf("%+v, error %v", runs, err)
	}
	good, bad := runs[0], runs[1]
	if good.Name != "one/a" || good.State != "finished" || good.Error != "" || good.Method != "rotation" || good.Seed != 7 || good.Steps != 1 ||
		good.Seconds <= 0 || len(good.Recipe) != 16 || good.Go == "" || good.Backend == "" || good.Machine.Cores < 1 || good.Began == nil ||
		good.Energy == "" || good.Data == "" || good.Images < 20 || good.DataHash == "" || good.DataNow != good.DataHash {
		t.Errorf("the run is told as %+v", good)
	}
	if bad.Name != "two" || bad.State != "damaged" || bad.Error == "" || bad.DataNow != "" {
		t.Errorf("a damaged run is told as %+v", bad)
	}
	if runs, err := of("none", "."); err != nil || runs == nil || len(runs) != 0 {
		t.Errorf("of a folder that is not there: %v, error %v", runs, err)
	}
}

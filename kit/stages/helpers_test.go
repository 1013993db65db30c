package stages

import (
	"os"
	"path/filepath"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/rundir"
	"sslkit/kit/ssl"
	"sync"
	"testing"
)

// images are few enough to train on in a second or two.
var images = data.Shapes{Train: 96, Validation: 32, Test: 32}

// few labels of the images: 2 of each of the 10 classes.
var few = data.Subset{PerClass: 2, Seed: 1}

// tiny is an encoder that compiles fast.
var tiny = encoder.ViT{Patch: 16, Width: 8, Depth: 1, Heads: 1}

// small is a recipe that trains in a second or two.
func small() kit.Recipe {
	return kit.Recipe{
		Data: images, Encoder: tiny, Method: ssl.SimCLR{Out: 8}, Augment: []augment.Pipeline{{augment.Normalize{}}},
		Batch: 16, Steps: 6, Seed: 3, CheckpointEvery: 3, MonitorEvery: 6,
	}
}

func content(t *testing.T, elements ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(elements...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// trained are weights of the small recipe's encoder: the path of their file.
var trained = sync.OnceValues(func() (string, error) {
	_, err := kit.Pretrain(shared, small())
	return filepath.Join(shared, rundir.EncoderFile), err
})

func trainedWeights(t *testing.T) string {
	t.Helper()
	path, err := trained()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

package segment

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/ssl"
)

// TestOf: a run's encoder is shown images as its first view was.
func TestOf(t *testing.T) {
	t.Parallel()
	run := &kit.Run{Dir: "run", Recipe: kit.Recipe{
		Method: ssl.SimCLR{}, Encoder: encoder.ViTTiny, Augment: []augment.Pipeline{{augment.Flip{}, augment.ImageNet}},
	}}
	want := Frozen{Encoder: encoder.ViTTiny, Weights: filepath.Join("run", "encoder.safetensors"), Normalize: augment.ImageNet}
	if got := Of(run); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	want.Weights = filepath.Join("run", "initial.safetensors")
	if got := Initial(run); got != want {
		t.Errorf("before training: got %+v, want %+v", got, want)
	}
}

// mixed gives each split by a source of its own.
type mixed struct {
	data.Source
	test data.Source
}

func (m mixed) Open(split data.Split) (data.Set, error) {
	if split == data.Test {
		return m.test.Open(split)
	}
	return m.Source.Open(split)
}

func TestSplitsThatDoNotFit(t *testing.T) {
	t.Parallel()
	shapes := data.Shapes{Train: 2, Test: 2}
	larger := shapes
	larger.Size = 64
	for name, c := range map[string]struct {
		source data.Source
		want   string
	}{
		"size":    {mixed{shapes, larger}, "of one size"},
		"classes": {mixed{shapes, objects{shapes}}, "the same classes"},
		"masks":   {mixed{shapes, withoutMasks{rectangles{2}}}, "has no masks"},
		"source":  {nil, "source is missing"},
	} {
		if _, _, err := openBoth(c.source); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v; it must say %q", name, err, c.want)
		}
	}
}

func TestPatches(t *testing.T) {
	set, err := rectangles{3}.Open(data.Test)
	if err != nil {
		t.Fatal(err)
	}
	frozen := tiny(t)
	p, err := frozen.Patches(set)
	if err != nil {
		t.Fatal(err)
	}
	if p.N != 3 || p.Rows != 8 || p.Columns != 8 || p.Dim != 32 || len(p.X) != 3*64*32 || len(p.Encoder) != 64 {
		t.Fatalf("patches are [%d, %d, %d, %d] of %q, %d values", p.N, p.Rows, p.Columns, p.Dim, p.Encoder, len(p.X))
	}
	if slices.Equal(p.image(0), p.image(1)) {
		t.Error("two images have the same patches")
	}
	other := frozen
	other.Normalize = augment.ImageNet
	if q, err := other.Patches(set); err != nil || slices.Equal(p.X, q.X) {
		t.Errorf("Normalize makes no difference; %v", err)
	}

	broken := filepath.Join(t.TempDir(), "broken")
	if err := os.WriteFile(broken, []byte("no weights"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		frozen Frozen
		want   string
	}{
		"no encoder":      {Frozen{Weights: "w"}, "Encoder is missing"},
		"no weights":      {Frozen{Encoder: encoder.ViTTiny}, "Weights is missing"},
		"broken weights":  {Frozen{Encoder: frozen.Encoder, Weights: broken}, broken},
		"another encoder": {Frozen{Encoder: encoder.ViT{Patch: 4, Width: 16, Depth: 1, Size: side}, Weights: frozen.Weights}, "does not fit encoder"},
		"normalisation":   {Frozen{Encoder: encoder.ViTTiny, Weights: "w", Normalize: augment.Normalize{Std: [3]float64{1, 1, -1}}}, "Std[2]"},
		"other patches":   {Frozen{Encoder: encoder.ViT{Patch: 12}, Weights: "w"}, "multiples of Patch"},
	} {
		if _, err := c.frozen.Patches(set); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v; it must say %q", name, err, c.want)
		}
	}
}

package main

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/benchmarks/question"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/device/devicetest"
	"sslkit/kit/ssl"
)

func TestMain(m *testing.M) { devicetest.Main(m) }

// The recipe can be trained, in its full size too, and its steps are those of 100 epochs without their
// last images.
func TestPublishedRecipe(t *testing.T) {
	for _, o := range []options{{}, {Options: question.Options{Quick: true}}, {precision: kit.BFloat16}} {
		recipe := publishedRecipe(o, data.Shapes{Train: 50_000, Validation: 64, Test: 64})
		if err := recipe.Check(); err != nil {
			t.Errorf("%+v: %v", o, err)
		}
	}
	if steps := 50_000 / 512; !strings.Contains(publishedNote, "97 steps") || steps != 97 {
		t.Errorf("an epoch has %d steps", steps)
	}
}

// The head has two layers with a bias each and nothing else, as torch.nn.Linear's 512·1024 + 1024 and
// 1024·128 + 128.
func TestPlainHead(t *testing.T) {
	method := plainSimCLR{ssl.SimCLR{Hidden: 1024}}.WithDefaults()
	store := model.NewStore()
	g := NewGraph(devicetest.Backend(t), "head")
	defer g.Finalize()
	out := method.Embed(store.RootScope(), Parameter(g, "features", shapes.Make(dtypes.Float32, 3, 512)))
	if got := out.Shape().Dimensions; !slices.Equal(got, []int{3, 128}) {
		t.Errorf("embeddings are %v", got)
	}
	sizes := map[int]int{}
	for v := range store.IterVariables() {
		sizes[v.Shape().Size()]++
	}
	if want := map[int]int{512 * 1024: 1, 1024: 1, 1024 * 128: 1, 128: 1}; !maps.Equal(sizes, want) {
		t.Errorf("variables of sizes %v, want %v", sizes, want)
	}
}

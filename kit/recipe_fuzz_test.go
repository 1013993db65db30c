package kit

import (
	"testing"

	"sslkit/data"
	"sslkit/data/datatest"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

// FuzzRecipe: whatever the bytes of recipe.json, an error or a recipe. To look for more such bytes:
// go test ./kit -fuzz FuzzRecipe -fuzztime 10m
func FuzzRecipe(f *testing.F) {
	recipe := small()
	recipe.Data = data.Labelled{From: data.SetAside{From: recipe.Data, Fraction: .5}, Subset: few}
	recipe.Method = ssl.Sum{{Method: ssl.BYOL{Hidden: 16}}, {Method: ssl.Rotation{}, Weight: .5}}
	recipe.Augment = []augment.Pipeline{{augment.Resize{Size: 16, Interpolation: augment.Bicubic}, augment.RandomErasing{Scale: [2]float64{.1, .2}}}}
	recipe.Optimizer = optim.PerVariable{Optimizer: optim.SGD{LR: .1}, Rates: optim.LayerDecay{Factor: .5}}
	recipe.Encoder = encoder.ResNet{Depth: 10, Width: 2, Inner: []int{1, 2, 4, 8}}
	encoded, err := recipe.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(encoded)
	f.Add([]byte(`{"Seed":1,"Views":[],"Frozen":{"Weights":"ab"},"Method":{"compress.Features":{"Teacher":{}}},"Start":"cd"}`)) // format 1
	f.Fuzz(func(t *testing.T, content []byte) {
		datatest.Bounded(t, func() { _, _ = decodeRecipe(content) })
	})
}

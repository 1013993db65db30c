// Package methodtest gives tests one small recipe for each method, for what is to hold of all of them.
package methodtest

import (
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/augment"
	"sslkit/kit/compress"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/semi"
	"sslkit/kit/ssl"
	"sslkit/kit/train"
)

// The networks that the methods are trained on.
var (
	Patches = encoder.ViT{Patch: 8, Width: 8, Depth: 1, Heads: 2}
	means   = encoder.ViT{Patch: 8, Width: 8, Depth: 1, Heads: 2, Pool: encoder.MeanPatches}
	Norms   = encoder.ResNet{Depth: 10, Width: 2, Stem: encoder.HalfStem} // Over the batch.
	decoder = encoder.Transformer{Width: 8, Depth: 1, Heads: 2}
	pixels  = encoder.IGPT{Side: 8, Levels: 2, Width: 8, Depth: 1, Heads: 2}
)

// Recipe trains a method for a number of steps on an encoder whose weights are so large that it
// tells images apart. The embeddings of one with initial weights are nearly the same, and what
// normalises them makes rounding large. The learning rate is low for the same reason: at one that
// learns, small differences grow from step to step, however the steps are computed.
func Recipe(t testing.TB, method ssl.Method, steps int) kit.Recipe {
	return kit.Recipe{
		Data:    data.Shapes{Train: 96, Validation: 32, Test: 32},
		Encoder: Patches, Method: method,
		Augment:   []augment.Pipeline{{augment.Flip{}, augment.Normalize{}}},
		Optimizer: optim.SGD{LR: 1e-4, Momentum: .9}, Schedule: optim.Constant{},
		Start: start(t, Patches),
		Batch: 16, Steps: steps, Seed: 3, MonitorEvery: steps, CheckpointEvery: steps,
	}
}

// start is the file of an encoder's weights.
func start(t testing.TB, e encoder.Encoder) string {
	return weights(t, train.EncoderScope, func(scope *model.Scope) error { return train.BuildEncoder(scope, e, 32, 32) })
}

// Recipes are one of each method, by its name.
func Recipes(t testing.TB, steps int) map[string]kit.Recipe {
	t.Helper()
	frozen := ssl.Frozen{Encoder: Patches, Weights: Recipe(t, nil, steps).Start, Method: ssl.Supervised{Classes: 10}}
	frozen.Head = weights(t, train.MethodScope, func(scope *model.Scope) error {
		_, err := train.BuildHead(scope, frozen.Method, Patches)
		return err
	})
	features := frozen
	features.Method, features.Head = nil, ""
	all := map[string]kit.Recipe{}
	add := func(method ssl.Method, change func(*kit.Recipe)) {
		r := Recipe(t, method, steps)
		change(&r)
		all[reflect.TypeOf(method).String()] = r
	}
	for _, method := range []ssl.Method{
		ssl.BYOL{Hidden: 8, Out: 8}, ssl.BarlowTwins{Hidden: 8, Out: 8}, ssl.CLIP{Out: 8, Text: encoder.Text{Width: 8, Depth: 1, Heads: 2}},
		ssl.Colorization{Hidden: 8}, ssl.DCL{Hidden: 8, Out: 8},
		ssl.Flipping{}, ssl.IBOT{DINO: ssl.DINO{Prototypes: 8, Hidden: 8, Out: 8}}, ssl.DINOv2{DINO: ssl.DINO{Prototypes: 8, Hidden: 8, Out: 8}},
		ssl.Data2Vec{}, ssl.MSN{Prototypes: 8, Hidden: 8, Out: 8}, ssl.IJEPA{Predictor: decoder}, ssl.Inpainting{Hidden: 8},
		ssl.MAE{Decoder: decoder},
		ssl.MICLe{Hidden: 8, Out: 8}, ssl.MMCR{PerImage: 3, Lambda: .1, Hidden: 8, Out: 8},
		ssl.DenseCL{MoCo: ssl.MoCoV2{Queue: 32, Hidden: 8, Out: 8}}, ssl.ReSSL{Queue: 32, Hidden: 8, Out: 8}, ssl.MoCoV3{Hidden: 8, Out: 8},
		ssl.NNCLR{Queue: 32, Hidden: 8, Predictor: 8, Out: 8}, ssl.Rotation{}, ssl.SimCLR{Hidden: 8, Out: 8}, ssl.SimMIM{},
		ssl.SimSiam{Hidden: 8, Out: 8}, ssl.Sum{{Method: ssl.SimCLR{Hidden: 8, Out: 8}}, {Method: ssl.Rotation{}}},
		ssl.SupCon{Hidden: 8, Out: 8}, ssl.Supervised{Classes: 10}, ssl.TiCo{Hidden: 8, Out: 8}, ssl.VICReg{Hidden: 8, Out: 8},
		ssl.WMSE{Hidden: 8, Out: 4},
		// Low thresholds, so that some answers are sure within a few steps.
		semi.FixMatch{Classes: 10, Threshold: .12}, semi.FlexMatch{Classes: 10, Threshold: .12}, semi.FreeMatch{Classes: 10}, semi.MeanTeacher{Classes: 10},
		semi.MixMatch{Classes: 10}, semi.PseudoLabel{Classes: 10}, semi.SimMatch{Classes: 10, Threshold: .12, Out: 8}, semi.SoftMatch{Classes: 10},
		semi.Supervised{Classes: 10}, semi.UDA{Classes: 10, Threshold: .12},
		compress.Features{Teacher: features}, compress.Logits{Teacher: frozen, Classes: 10},
	} {
		add(method, func(r *kit.Recipe) {
			if _, ok := method.(ssl.LearnsOnPatches); ok {
				r.Encoder, r.Start = means, start(t, means)
			}
		})
	}
	for _, method := range []ssl.Method{
		ssl.DINO{Prototypes: 8, Hidden: 8, Out: 8, Locals: 1, LocalSize: 16}, ssl.LeJEPA{Slices: 8, Hidden: 8, Out: 8, Locals: 1, LocalSize: 16},
		ssl.SwAV{Queue: 32, Prototypes: 8, Hidden: 8, Out: 8, Locals: 1, LocalSize: 16},
		ssl.MoCoV2{Queue: 32, Hidden: 8, Out: 8, Symmetric: true, Locals: 1, LocalSize: 16},
	} {
		add(method, func(r *kit.Recipe) { r.Augment = smallCrops(method) })
	}
	for _, method := range []ssl.Method{ssl.CPC{Grid: 3, Hidden: 8, Out: 8}, ssl.Jigsaw{Grid: 2, Hidden: 8}, ssl.RelativeLocation{Hidden: 8}} {
		add(method, func(r *kit.Recipe) {
			r.Augment = []augment.Pipeline{{augment.Resize{Size: 48}, augment.Normalize{}}}
			if _, divides := method.(ssl.CPC); !divides { // Patches divide the tiles of CPC alone.
				r.Encoder, r.Start = encoder.ResNet{Depth: 10, Width: 2}, ""
			}
		})
	}
	add(ssl.AttentiveProbe{Classes: 10, Tokens: 16}, func(r *kit.Recipe) { r.Encoder = encoder.Probed{Of: Patches, Tokens: 16} })
	add(ssl.NextFrame{Hidden: 8}, func(r *kit.Recipe) { r.Encoder, r.Start = Norms, "" })
	add(ssl.NextPixel{}, func(r *kit.Recipe) { r.Encoder, r.Start = pixels, "" })
	small := all["ssl.SimCLR"]
	small.Method = ssl.SimCLR{Hidden: 8, Out: 8, Locals: 1, LocalSize: 16}
	small.Augment = smallCrops(small.Method)
	all["small crops"] = small
	onNorms := all["ssl.SimCLR"]
	onNorms.Encoder, onNorms.Start = Norms, ""
	all["norms over the batch"] = onNorms
	validated := all["ssl.Supervised"]
	validated.StopEarly = kit.StopEarly{Every: steps / 2}
	all["ssl.Supervised"] = validated
	return all
}

// smallCrops are a method's views, with all transforms of its own in the small crop alone: what compiles
// for longest, once.
func smallCrops(method ssl.Method) []augment.Pipeline {
	views := method.WithDefaults().Views(32, 32)
	for i := range 2 {
		views[i] = augment.Pipeline{augment.Flip{}, augment.Normalize{}}
	}
	return views
}

// Quick are the recipes that are always to be tested: one for each way in which a method looks at a batch
// or keeps something of it. SSLKIT_SEEDS=1 in the environment is for all of them.
var Quick = []string{
	"norms over the batch", "ssl.BYOL", "ssl.MoCoV2", "ssl.MAE", "ssl.CLIP", "ssl.Supervised", "semi.FixMatch", "semi.SimMatch",
	"compress.Features",
}

// weights is the file of weights of what build brings into being: random ones, so large that what
// goes in can be told from what comes out.
func weights(t testing.TB, in func(*model.Store) *model.Scope, build func(*model.Scope) error) string {
	t.Helper()
	scope := in(model.NewStore())
	if err := build(scope); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for v := range scope.IterVariables() {
		values := make([]float32, v.Shape().Size())
		for i := range values {
			values[i] = float32(random.Float64() - .5)
			if v.Shape().Rank() == 1 { // Scales and variances are positive.
				values[i]++
			}
		}
		if err := v.SetValue(tensors.FromFlatDataAndDimensions(values, v.Shape().Dimensions...)); err != nil {
			t.Fatal(err)
		}
	}
	all, err := encoder.Weights(scope)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "random.safetensors")
	if err := encoder.WriteSafetensors(path, all, nil); err != nil {
		t.Fatal(err)
	}
	return path
}

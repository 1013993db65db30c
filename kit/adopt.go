package kit

import (
	"cmp"
	"errors"
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
	"sslkit/kit/ssl"
)

// Backbone is an encoder with weights that were trained elsewhere, for [Adopt].
type Backbone struct {
	// Weights is the path of the file of weights, as in Recipe.Start; hub.Model.Fetch gives that of
	// published ones by their name. Required.
	Weights string
	// Encoder is the network that they are of. Default: as the config.json beside the weights
	// describes it (see [encoder.Described]); where none does, it is required.
	Encoder encoder.Encoder
	// Data is where the images come from. Required.
	Data data.Source
	// Normalize is how images are normalised. Default: as the file of weights, or a file beside it,
	// says; where none does, it is required: augment.ImageNet, in most cases.
	Normalize augment.Normalize
	// Precision is the dtype of the encoder's arithmetic: Float32 (default) or BFloat16.
	Precision Precision
	// Seed decides the random weights that InitialFeatures are by, to compare with.
	Seed uint64
}

// Adopt makes a run of an encoder that was trained elsewhere, without training it: with features,
// probes, figures and a report of its own, in the directory dir. The weights are copied there, and
// their hash is in the recipe. Like Pretrain it is idempotent on dir.
//
//	weights, err := hub.Model{Repo: "timm/vit_small_patch14_dinov2.lvd142m", Revision: commit}.Fetch()
//	run, err := kit.Adopt("runs/dinov2", kit.Backbone{
//		Weights: weights, // Or the path of a file.
//		Data:    data.ImageFolder{Path: "images", Size: 224},
//	})
//	test, err := run.Features(data.Test)
//
// Where weights are from the hub, the recipe keeps their repository, commit and SHA-256 too.
// Run.InitialFeatures are those of random weights. Another training goes on from run.WeightsFile().
// Errors are those of Pretrain, and that nothing says which network the weights are of, or how the
// images are to be normalised.
func Adopt(dir string, b Backbone) (*Run, error) {
	b, err := b.described()
	if err == nil {
		err = b.check()
	}
	if err != nil {
		return nil, fmt.Errorf("adopting weights in %s: %w", dir, err)
	}
	recipe := Recipe{
		Data: b.Data, Encoder: b.Encoder, Method: Adopted{}, Start: b.Weights, Precision: b.Precision, Seed: b.Seed, Batch: 1,
	}
	if b.Normalize != (augment.Normalize{}) {
		recipe.Augment = []augment.Pipeline{{b.Normalize}}
	}
	return Pretrain(dir, recipe)
}

// described is the backbone with the encoder that the file beside its weights describes, where none
// is given.
func (b Backbone) described() (Backbone, error) {
	if b.Weights == "" {
		return b, setting.Missing("kit.Backbone: Weights", "the path of a file of weights")
	}
	if b.Encoder != nil {
		return b, nil
	}
	e, _, known, err := encoder.Described(b.Weights)
	if err != nil {
		return b, fmt.Errorf("kit.Backbone: Encoder is left out: %w", err)
	}
	if !known {
		return b, fmt.Errorf("kit.Backbone: Encoder is left out, and no config.json beside %s describes a network that is known here; "+
			"set it, such as to encoder.ResNet50", b.Weights)
	}
	b.Encoder = e
	return b, nil
}

// check returns an error where a field is missing that Recipe calls otherwise, or nothing says how
// images are normalised.
func (b Backbone) check() error {
	switch {
	case b.Data == nil:
		return setting.Missing("kit.Backbone: Data", "a data.Source, such as data.ImageFolder{}")
	case b.Normalize != (augment.Normalize{}):
		return nil
	}
	_, _, known, err := encoder.PreprocessingOf(b.Weights)
	if err != nil {
		return fmt.Errorf("kit.Backbone: Weights: %w", err)
	}
	if !known {
		return fmt.Errorf("kit.Backbone: Normalize is left out, and neither %s nor a file beside it says how its images are to be normalised; "+
			"set it, such as to augment.ImageNet", b.Weights)
	}
	return nil
}

// Adopted is the method of the runs that [Adopt] makes: it trains nothing.
type Adopted struct{}

// Name is "adopted".
func (Adopted) Name() string { return "adopted" }

// WithDefaults is the method itself.
func (a Adopted) WithDefaults() ssl.Method { return a }

// Check returns nil: there are no settings.
func (Adopted) Check(ssl.Batch) error { return nil }

// Views is the whole image, normalised.
func (Adopted) Views(int, int) []augment.Pipeline { return []augment.Pipeline{{augment.Normalize{}}} }

// Loss panics: there is none.
func (Adopted) Loss(*ssl.Step) *Node {
	panic(errors.New("kit.Adopted: weights that were adopted are not trained"))
}

// Embed returns the features as they are.
func (Adopted) Embed(_ *model.Scope, features *Node) *Node { return features }

// Optimizer is one that nothing asks.
func (Adopted) Optimizer() optim.Optimizer { return optim.SGD{LR: .1} }

// isAdopted tells whether a method trains nothing.
func isAdopted(m ssl.Method) bool {
	_, ok := ssl.Main(m).(Adopted)
	return ok
}

// checkAdopted returns an error where a recipe without a training asks for one, or for what is kept
// of one.
func (r Recipe) checkAdopted() error {
	return cmp.Or(
		setting.Must(r.Start != "", "kit.Recipe: Start", fmt.Sprintf("%q", r.Start), "the path of a file of weights with Method kit.Adopted"),
		setting.Must(r.Epochs == 0, "kit.Recipe: Epochs", r.Epochs, "0 with Method kit.Adopted, which trains nothing"),
		setting.Must(r.Steps == 0, "kit.Recipe: Steps", r.Steps, "0 with Method kit.Adopted, which trains nothing"),
		setting.Must(r.EMA == 0, "kit.Recipe: EMA", r.EMA, "0 with Method kit.Adopted, which trains nothing"),
		setting.Must(r.OnlineProbe.Every == 0, "kit.Recipe: OnlineProbe.Every", r.OnlineProbe.Every, "0 with Method kit.Adopted, which trains nothing"),
		setting.Must(r.StopEarly.Every == 0, "kit.Recipe: StopEarly.Every", r.StopEarly.Every, "0 with Method kit.Adopted, which trains nothing"),
	)
}

package ssl

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/encoder"
	"sslkit/kit/setting"
)

// Frozen is a network that is trained already and stays as it is: what a method distils. kit's
// Run.Frozen makes one of a finished run.
type Frozen struct {
	// Encoder is its architecture. Required.
	Encoder encoder.Encoder
	// Weights is the path of the encoder's weights, such as a run's encoder.safetensors. Required.
	// They must be those of Encoder; recipe.json holds their hash, so the file may be moved, and
	// other weights are another recipe.
	Weights string `recipe:"weights"`
	// Method is what the encoder was trained by, whose Embed maps its representations to what a
	// method may want of them: the classes' logits for Supervised. Needed by methods that read the
	// Embedding.
	Method Method
	// Head is the path of the weights of Embed. Needed where Method is. recipe.json holds their
	// hash too.
	Head string `recipe:"weights"`
}

// LearnsFromFrozen is a Method that learns from a network that is trained already. The trainer
// reads its weights into the store, where nothing changes them, and checks that they fit. In a Sum
// one term may do so.
type LearnsFromFrozen interface {
	Method

	// Frozen is that network.
	Frozen() Frozen
}

// LearnsFromLogits is a Method that LearnsFromFrozen what the frozen network's Embedding says of
// classes.
type LearnsFromLogits interface {
	LearnsFromFrozen

	// CheckLogits returns an error where it can't learn from an Embedding of that many values.
	CheckLogits(dim int) error
}

// Check returns an error where Encoder or Weights is missing, or where one of Method and Head is;
// field names the Frozen in it, such as "compress.Features: Teacher". Whether the files fit is the
// trainer's to check.
func (f Frozen) Check(field string) error {
	switch {
	case f.Encoder == nil:
		return setting.Missing(field+".Encoder", "the encoder.Encoder that was trained")
	case f.Weights == "":
		return setting.Missing(field+".Weights", "the path of a file of weights, such as a run's encoder.safetensors")
	case (f.Method == nil) != (f.Head == ""):
		return fmt.Errorf("%s: one of Method and Head is missing; give both or neither", field)
	}
	return nil
}

// Features are the frozen network's representations of images, by its running statistics. No
// gradient flows into them.
//
//	step: whose Frozen it is; images: [batch, height, width, 3] -> [batch, dim]
func (f Frozen) Features(step *Step, images *Node) *Node {
	return frozen(step, images.Graph(), func() *Node { return step.Frozen.Encode(images).Pooled })
}

// Embedding is what the frozen network's Method makes of its representations. No gradient flows
// into it.
//
//	step: whose Frozen it is; images: [batch, height, width, 3] -> [batch, any]
func (f Frozen) Embedding(step *Step, images *Node) *Node {
	return frozen(step, images.Graph(), func() *Node {
		return f.Method.Embed(step.Frozen.Scope, step.Frozen.Encode(images).Pooled)
	})
}

// frozen builds a part of a training step as it is after training, so that norms use their running
// statistics and leave them alone, and nothing is left out at random.
func frozen(step *Step, g *Graph, build func() *Node) *Node {
	store := step.Frozen.EncoderScope.Store()
	training := store.IsTraining(g)
	store.SetTraining(g, false)
	defer store.SetTraining(g, training)
	return StopGradient(build())
}

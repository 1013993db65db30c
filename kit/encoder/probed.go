package encoder

import (
	"cmp"
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/setting"
)

// Probed is a trained encoder that stays as it is while a classifier is trained on it: its norms
// use their running statistics, nothing is left out at random, no gradient flows into it, and no
// optimiser touches its variables. These have the names that they have without it, so that
// kit.Recipe.Start reads the same files.
//
//	encoder.Probed{Of: encoder.ViTSmall, Blocks: 4} // As in DINO's linear evaluation of a ViT-S.
//
// What is beyond the representation of Of is for a ViT alone, as in facebookresearch/dino,
// eval_linear.py (Caron et al. 2021, arXiv:2104.14294, section 4.1).
type Probed struct {
	// Of is the encoder. Required.
	Of Encoder
	// Blocks is the number of last blocks whose representations are put one behind another, each
	// behind the last norm, from 1 to the depth. Default 1; DINO takes 4 for a ViT-S, and 1 with
	// Patches for a ViT-B.
	Blocks int
	// Patches appends the mean of the last block's patches. Of must have a class token.
	Patches bool
	// Tokens is the number of patches of an image: where it is not 0, the representation is the
	// last block's tokens of all patches, one behind another, for a head that reads from each of
	// them. Blocks must be 1 then and Patches false.
	Tokens int
}

// WithDefaults fills in the settings that were left at zero.
func (p Probed) WithDefaults() Probed {
	p.Blocks = cmp.Or(p.Blocks, 1)
	return p
}

// Name is that of Of, followed by "-probed", "-last4" (Blocks), "-patches" or "-tokens".
func (p Probed) Name() string {
	p = p.WithDefaults()
	if p.Of == nil {
		return "probed"
	}
	name := p.Of.Name() + "-probed"
	if p.Blocks > 1 {
		name += fmt.Sprintf("-last%d", p.Blocks)
	}
	if p.Patches {
		name += "-patches"
	}
	if p.Tokens > 0 {
		name += "-tokens"
	}
	return name
}

// Check returns an error where a field is out of range, or does not go with Of.
func (p Probed) Check(height, width int) error {
	p = p.WithDefaults()
	if p.Of == nil {
		return setting.Missing("encoder.Probed: Of", "the encoder.Encoder that was trained")
	}
	if err := p.Of.Check(height, width); err != nil {
		return fmt.Errorf("encoder.Probed: Of: %w", err)
	}
	v, ok := p.vit()
	depth, patches, class := 1, 0, false
	if ok {
		depth, patches, class = v.Depth, height/v.Patch*(width/v.Patch), v.PoolsClassToken()
	}
	return cmp.Or(
		setting.Must(p.Blocks >= 1 && p.Blocks <= depth, "encoder.Probed: Blocks", p.Blocks,
			fmt.Sprintf("from 1 to %d with encoder %s", depth, p.Of.Name()), 1),
		setting.Must(!p.Patches || class, "encoder.Probed: Patches", p.Patches, "false with an encoder that has no class token"),
		setting.Must(p.Tokens == 0 || p.Tokens == patches, "encoder.Probed: Tokens", p.Tokens,
			fmt.Sprintf("%d with encoder %s, the patches of an image", patches, p.Of.Name()), "the pooled representation"),
		setting.Must(p.Tokens == 0 || (p.Blocks == 1 && !p.Patches), "encoder.Probed: Tokens", p.Tokens,
			"0 with several Blocks or with Patches"),
		setting.Must(v.Projection == 0 || (p.Blocks == 1 && !p.Patches && p.Tokens == 0), "encoder.Probed: Of.Projection", v.Projection,
			"0 with several Blocks, with Patches and with Tokens"),
	)
}

// vit is Of where it is a ViT.
func (p Probed) vit() (ViT, bool) {
	v, ok := p.Of.(ViT)
	return v.WithDefaults(), ok
}

// Encode builds the encoder; see Encoder. Map and Tokens are those of Of.
func (p Probed) Encode(scope *model.Scope, images *Node) Output {
	p = p.WithDefaults()
	g, store := images.Graph(), scope.Store()
	training := store.IsTraining(g)
	store.SetTraining(g, false)
	defer store.SetTraining(g, training)
	var out Output
	if v, ok := p.vit(); ok && (p.Blocks > 1 || p.Patches || p.Tokens > 0) {
		last := v.lastBlocks(scope, images, p.Blocks)
		var parts []*Node
		for _, block := range last {
			parts = append(parts, block.Pooled)
		}
		out = v.withMap(last[len(last)-1], images)
		if p.Patches {
			parts = append(parts, ReduceMean(out.Tokens, 1))
		}
		if p.Tokens > 0 {
			parts = []*Node{Reshape(out.Tokens, images.Shape().Dim(0), p.Tokens*v.Width)}
		}
		out.Pooled = Concatenate(parts, -1)
	} else {
		out = p.Of.Encode(scope, images)
	}
	for v := range scope.IterVariables() {
		v.SetTrainable(false)
	}
	for _, node := range []**Node{&out.Pooled, &out.Map, &out.Tokens} {
		if *node != nil {
			*node = StopGradient(*node)
		}
	}
	return out
}

// Dim is that of Of, for each of Blocks and once more for Patches, or for each of Tokens.
func (p Probed) Dim() int {
	p = p.WithDefaults()
	if p.Tokens > 0 {
		return p.Tokens * p.Of.Dim()
	}
	times := p.Blocks
	if p.Patches {
		times++
	}
	return times * p.Of.Dim()
}

// Cost is that of Of.
func (p Probed) Cost(height, width int) Cost { return p.Of.Cost(height, width) }

// lastBlocks are the outputs of the last n blocks, each behind the last norm, in their order.
func (v ViT) lastBlocks(scope *model.Scope, images *Node, n int) []Output {
	var outputs []Output
	for _, layer := range v.layers(scope, v.embed(scope, images, nil, nil))[v.Depth-n:] {
		outputs = append(outputs, v.pool(scope, v.norm(scope.At("norm"), layer)))
	}
	return outputs
}

package encoder

import (
	"cmp"
	"fmt"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/data"
	"sslkit/kit/setting"
)

// Text is the text encoder of Radford et al. 2021, "Learning Transferable Visual Models From
// Natural Language Supervision" (arXiv:2103.00020, section 2.4): learned vectors of words and of
// places, blocks of causal attention and perceptrons, and what the last norm gives at the end of
// the text, the one place that has read all of it. What pads a text behind its end changes nothing.
//
// The zero value has the paper's size. It differs from the paper in that the tokens are whole
// words, those of the captions that it learns from, and not 49,152 pieces of words, and in the
// exact GELU. A few hundred different captions want a small one:
//
//	encoder.Text{Width: 64, Depth: 2}
//
// Its arithmetic is float32 whatever that of the image encoder.
type Text struct {
	Width int // Features of a token, and of the representation; a multiple of 4. Default 512.
	Depth int // Number of blocks, at least 1. Default 12.
	Heads int // Attention heads; they divide Width. Default Width/64, as in the paper, at least 1.

	// Length is the number of tokens of a text, at least 3: its words, a start and an end. Default:
	// that of the longest caption of the training images; the paper has 76. Longer texts are
	// errors.
	Length int
	// Vocabulary are the words that are known, sorted. Default: those of the captions of the
	// training images. A text with any other word is an error.
	Vocabulary Vocabulary
}

// WithDefaults fills in the settings that were left at zero, other than those that depend on the
// captions.
func (t Text) WithDefaults() Text {
	t.Width = cmp.Or(t.Width, 512)
	t.Depth = cmp.Or(t.Depth, 12)
	t.Heads = cmp.Or(t.Heads, max(t.Width/64, 1))
	return t
}

// Check returns an error where a field is out of range.
func (t Text) Check() error {
	d := Text{}.WithDefaults()
	t = t.WithDefaults()
	err := cmp.Or(
		setting.Must(t.Width >= 4 && t.Width%4 == 0, "encoder.Text: Width", t.Width, "a multiple of 4, at least 4", d.Width),
		setting.Features(4, "encoder.Text: Width", t.Width, d.Width),
		setting.Repeats(1, "encoder.Text: Depth", t.Depth, d.Depth),
		checkHeads("encoder.Text: Heads", t.Heads, t.Width, "Width/64"),
		setting.Must(t.Length == 0 || t.Length >= 3, "encoder.Text: Length", t.Length, "at least 3", "that of the longest caption"),
		setting.Features(0, "encoder.Text: Length", t.Length),
	)
	if err != nil || t.Vocabulary == nil {
		return err
	}
	if err := t.Vocabulary.Check(); err != nil {
		return fmt.Errorf("encoder.Text: Vocabulary: %w", err)
	}
	return nil
}

// ForCaptions fills in Vocabulary and Length from captions where they were left at zero. It is an
// error where one of the captions can't be read.
func (t Text) ForCaptions(captions []string) (Text, error) {
	if t.Vocabulary == nil {
		t.Vocabulary = NewVocabulary(captions...)
	}
	if t.Length == 0 {
		for _, caption := range captions {
			t.Length = max(t.Length, len(data.Words(caption))+2)
		}
	}
	_, err := t.Tokens(captions)
	return t, err
}

// Tokens are texts as tokens, [len(texts), Length] row by row. Errors are those of
// Vocabulary.Tokens, and a Vocabulary or a Length that is missing.
func (t Text) Tokens(texts []string) ([]int32, error) {
	if t.Vocabulary == nil || t.Length == 0 {
		return nil, fmt.Errorf("encoder.Text: Vocabulary or Length is missing; kit.Pretrain fills them in from the captions, " +
			"and gives them with the Recipe of its Run")
	}
	tokens := make([]int32, 0, len(texts)*t.Length)
	for _, text := range texts {
		row, err := t.Vocabulary.Tokens(text, t.Length)
		if err != nil {
			return nil, fmt.Errorf("encoder.Text: %w", err)
		}
		tokens = append(tokens, row...)
	}
	return tokens, nil
}

// Encode builds the network, with its variables in scope. It may be applied any number of times in
// one graph.
//
//	tokens: int32 [batch, Length] of Tokens -> float32 [batch, Width]
func (t Text) Encode(scope *model.Scope, tokens *Node) *Node {
	t = t.WithDefaults()
	g := tokens.Graph()
	words := small(scope, "token_embedding", t.Vocabulary.Size(), t.Width).NodeValue(g)
	places := small(scope, "pos_embed", 1, t.Length, t.Width).NodeValue(g)
	// A product with zeros and ones, not Gather: see ViT.
	x := Einsum("blv,vd->bld", OneHot(tokens, t.Vocabulary.Size(), dtypes.Float32), words) // [batch, Length, dim]
	x = Transformer{Width: t.Width, Depth: t.Depth, Heads: t.Heads}.ApplyCausal(scope, Add(x, places))
	end := Equal(tokens, Scalar(g, tokens.DType(), endToken)) // [batch, Length]
	return Einsum("bl,bld->bd", ConvertDType(end, dtypes.Float32), x)
}

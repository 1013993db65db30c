package ssl

import (
	"fmt"
	"math"
	"slices"
	"strings"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
)

// Sum trains one encoder on several objectives at once: a method with a pretext task as auxiliary loss, or with the supervised
// loss on the part of the images that has labels.
//
//	ssl.Sum{{Method: ssl.SimCLR{}}, {Method: ssl.Rotation{}, Weight: .5}}
//	ssl.Sum{{Method: ssl.BYOL{}}, {Method: ssl.Supervised{Classes: 10}, Weight: .1, Final: new(1.0)}}
//	ssl.Sum{{Method: ssl.CLIP{}}, {Method: ssl.SimCLR{}}} // SLIP (Mu et al. 2021, arXiv:2112.12750).
//
// The first term is the main one: its embedding is what the collapse monitors look at, and its optimiser is the default. Only
// it may have a teacher that moves, or read captions, and only one term may learn from a network that is Frozen. Every term gets
// views of its own.
type Sum []Term

// Term is one objective of a Sum.
type Term struct {
	// Method is the objective. Required.
	Method Method
	// Weight multiplies its loss, above 0. Default 1.
	Weight float64
	// Final is the weight at the end of the training, at least 0, which Weight goes to along half a cosine. Default: Weight, all
	// along.
	Final *float64
}

var (
	_ NeedsLabels   = Sum{}
	_ NeedsEncoder  = Sum{}
	_ HasTeacher    = Sum{}
	_ CanCollapse   = Sum{}
	_ ReadsCaptions = Sum{}
)

// Name is the terms' names with plus signs between them: "simclr+rotation".
func (m Sum) Name() string {
	var names []string
	for _, term := range m {
		names = append(names, term.Method.Name())
	}
	return strings.Join(names, "+")
}

// Check returns an error where a weight or a term's own setting is out of range.
func (m Sum) Check(batch, height, width int) error {
	if len(m) == 0 {
		return fmt.Errorf("ssl.Sum holds no terms; it must hold at least 1")
	}
	frozen := 0
	for i, term := range m {
		if term.Method == nil {
			return fmt.Errorf("ssl.Sum: Method of term %d is missing", i)
		}
		if !(term.Weight >= 0) || math.IsInf(term.Weight, 1) {
			return fmt.Errorf("ssl.Sum: Weight of term %d is %g; it must be above 0 (0 means the default, 1)", i, term.Weight)
		}
		if term.Final != nil && (!(*term.Final >= 0) || math.IsInf(*term.Final, 1)) {
			return fmt.Errorf("ssl.Sum: Final of term %d is %g; it must be at least 0", i, *term.Final)
		}
		if _, ok := term.Method.(HasTeacher); ok && i > 0 {
			return fmt.Errorf("ssl.Sum: Method of term %d, %s, has a teacher; only that of term 0 may", i, term.Method.Name())
		}
		if _, ok := FrozenOf(term.Method); ok {
			if frozen++; frozen > 1 {
				return fmt.Errorf("ssl.Sum: Method of term %d, %s, is the second that learns from a frozen network; only one may",
					i, term.Method.Name())
			}
		}
		if i > 0 && ReadsOf(term.Method, height, width).Captions {
			return fmt.Errorf("ssl.Sum: Method of term %d, %s, reads captions; only that of term 0 may", i, term.Method.Name())
		}
		if err := term.Method.Check(batch, height, width); err != nil {
			return fmt.Errorf("ssl.Sum: term %d: %w", i, err)
		}
	}
	return nil
}

// CheckLabels returns the error of a term that does not fit the labels.
func (m Sum) CheckLabels(classes []string) error {
	for i, term := range m {
		if method, ok := term.Method.(NeedsLabels); ok {
			if err := method.CheckLabels(classes); err != nil {
				return fmt.Errorf("ssl.Sum: term %d: %w", i, err)
			}
		}
	}
	return nil
}

// CheckEncoder returns the error of a term that does not fit the encoder.
func (m Sum) CheckEncoder(e encoder.Encoder, height, width int) error {
	for i, term := range m {
		if method, ok := term.Method.(NeedsEncoder); ok {
			if err := method.CheckEncoder(e, height, width); err != nil {
				return fmt.Errorf("ssl.Sum: term %d: %w", i, err)
			}
		}
	}
	return nil
}

// Views are those of the first term, then those of the second, and so on.
func (m Sum) Views(height, width int) []augment.Pipeline {
	var views []augment.Pipeline
	for _, term := range m {
		views = append(views, term.Method.Views(height, width)...)
	}
	return views
}

// Loss is Σ weight × loss over the terms, each on its own views and with variables of its own.
func (m Sum) Loss(step *Step) *Node {
	var losses []*Node
	views := step.Views
	for i, term := range m {
		own := *step
		own.Scope = termScope(step.Scope, i)
		if i == 0 {
			own.Teacher.Scope = termScope(step.Teacher.Scope, i)
		}
		count := len(term.Method.Views(step.Height, step.Width))
		own.Views, views = views[:count], views[count:]
		losses = append(losses, Mul(term.Method.Loss(&own), term.weight(step.Progress)))
	}
	return ReduceSum(Stack(losses, 0))
}

// termScope holds the variables of a term.
func termScope(scope *model.Scope, i int) *model.Scope {
	if scope == nil { // Of a teacher that nobody has.
		return nil
	}
	return scope.At("%d", i)
}

// weight is the term's at that progress, a scalar.
func (t Term) weight(progress *Node) *Node {
	from := t.Weight
	if from == 0 {
		from = 1
	}
	to := from
	if t.Final != nil {
		to = *t.Final
	}
	return cosineRamp(progress, from, to)
}

// Embed is that of the first term.
func (m Sum) Embed(scope *model.Scope, features *Node) *Node {
	return m[0].Method.Embed(termScope(scope, 0), features)
}

// ForCaptions fills in the first term, where it reads captions; see ReadsOf.
func (m Sum) ForCaptions(captions []string) (Method, error) {
	reader, ok := m[0].Method.(ReadsCaptions)
	if !ok {
		return m, nil
	}
	main, err := reader.ForCaptions(captions)
	if err != nil {
		return nil, fmt.Errorf("ssl.Sum: term 0: %w", err)
	}
	filled := slices.Clone(m)
	filled[0].Method = main
	return filled, nil
}

// Tokens are those of the first term. It is an error where that reads no captions.
func (m Sum) Tokens(texts []string) (tokens []int32, length int, err error) {
	reader, ok := m[0].Method.(ReadsCaptions)
	if !ok {
		return nil, 0, fmt.Errorf("ssl.Sum: Method of term 0, %s, reads no text", m[0].Method.Name())
	}
	return reader.Tokens(texts)
}

// EmbedText is that of the first term, which must read captions.
func (m Sum) EmbedText(scope *model.Scope, tokens *Node) *Node {
	return m[0].Method.(ReadsCaptions).EmbedText(termScope(scope, 0), tokens)
}

// Momentum is that of the first term, and without effect where it has no teacher.
func (m Sum) Momentum(progress *Node) *Node {
	if method, ok := m[0].Method.(HasTeacher); ok {
		return method.Momentum(progress)
	}
	return OnesLike(progress)
}

// Collapse is that of the first term; limits that nothing is beyond where it compares no embeddings.
func (m Sum) Collapse() Collapse {
	if method, ok := m[0].Method.(CanCollapse); ok {
		return method.Collapse()
	}
	return Collapse{Std: -1, Rank: -1}
}

// Optimizer is that of the first term.
func (m Sum) Optimizer() optim.Optimizer { return m[0].Method.Optimizer() }

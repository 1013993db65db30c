package ssl

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
)

// Sum trains one encoder on several objectives at once: a method with a pretext task as auxiliary
// loss, or with the supervised loss on the part of the images that has labels.
//
//	ssl.Sum{{Method: ssl.SimCLR{}}, {Method: ssl.Rotation{}, Weight: .5}}
//	ssl.Sum{{Method: ssl.BYOL{}}, {Method: ssl.Supervised{Classes: 10}, Weight: .1, Final: new(1.0)}}
//	ssl.Sum{{Method: ssl.CLIP{}}, {Method: ssl.SimCLR{}}} // SLIP (Mu et al. 2021, arXiv:2112.12750).
//
// The first term is the main one: its embedding is what the collapse monitors look at, and its
// optimiser is the default. Only it may have a teacher that moves, or read captions, and only one
// term may learn from a network that is Frozen. Every term gets views of its own. What else a term
// is, such as NeedsLabels, is asked for by Find and Each.
type Sum []Term

// Term is one objective of a Sum.
type Term struct {
	// Method is the objective. Required.
	Method Method
	// Weight multiplies its loss, above 0. Default 1.
	Weight float64
	// Final is the weight at the end of the training, at least 0, which Weight goes to along half a
	// cosine. Default: Weight, all along.
	Final *float64
}

var _ Method = Sum{}

// WithDefaults fills in the weights, and the settings of the terms.
func (m Sum) WithDefaults() Method {
	m = slices.Clone(m)
	for i := range m {
		m[i] = m[i].WithDefaults()
	}
	return m
}

// WithDefaults fills in the weight, and the settings of the method where there is one.
func (t Term) WithDefaults() Term {
	t.Weight = cmp.Or(t.Weight, 1)
	if t.Method != nil {
		t.Method = t.Method.WithDefaults()
	}
	return t
}

// Name is the terms' names with plus signs between them: "simclr+rotation".
func (m Sum) Name() string {
	var names []string
	for _, term := range m {
		if term.Method != nil { // Check tells that it is missing.
			names = append(names, term.Method.Name())
		}
	}
	return strings.Join(names, "+")
}

// Check returns an error where a weight is out of range, where a term may not stand at its place,
// and where a term finds one.
func (m Sum) Check(batch Batch) error {
	if len(m) == 0 {
		return fmt.Errorf("ssl.Sum holds no terms; it must hold at least 1")
	}
	d, frozen := Term{}.WithDefaults(), 0
	for i, term := range m {
		if term.Method == nil {
			return fmt.Errorf("ssl.Sum: Method of term %d is missing", i)
		}
		if err := setting.Positive(fmt.Sprintf("ssl.Sum: Weight of term %d", i), term.Weight, d.Weight); err != nil {
			return err
		}
		if term.Final != nil {
			if err := setting.NotNegative(fmt.Sprintf("ssl.Sum: Final of term %d", i), *term.Final); err != nil {
				return err
			}
		}
		if _, ok := Find[HasTeacher](term.Method); ok && i > 0 {
			return fmt.Errorf("ssl.Sum: Method of term %d, %s, has a teacher; only that of term 0 may", i, term.Method.Name())
		}
		if _, ok := Find[ReadsCaptions](term.Method); ok && i > 0 {
			return fmt.Errorf("ssl.Sum: Method of term %d, %s, reads captions; only that of term 0 may", i, term.Method.Name())
		}
		for range Each[LearnsFromFrozen](term.Method) {
			if frozen++; frozen > 1 {
				return fmt.Errorf("ssl.Sum: Method of term %d, %s, is the second that learns from a frozen network; only one may",
					i, term.Method.Name())
			}
		}
	}
	return m.eachTerm(batch, Method.Check)
}

// eachTerm asks every term, on its own views, until one returns an error.
func (m Sum) eachTerm(batch Batch, ask func(m Method, batch Batch) error) error {
	views := batch.Views
	for i, term := range m {
		count := len(term.Method.Views(batch.Height, batch.Width))
		batch.Views, views = views[:count], views[count:]
		if err := ask(term.Method, batch); err != nil {
			return fmt.Errorf("ssl.Sum: term %d: %w", i, err)
		}
	}
	return nil
}

// Views are those of the first term, then those of the second, and so on.
func (m Sum) Views(height, width int) []augment.Pipeline {
	var views []augment.Pipeline
	for _, term := range m {
		if term.Method != nil { // Check tells that it is missing.
			views = append(views, term.Method.Views(height, width)...)
		}
	}
	return views
}

// Loss is Σ weight × loss over the terms, each on its own views and with variables of its own.
func (m Sum) Loss(step *Step) *Node {
	var losses []*Node
	views, augment, boxes, classes := step.Views, step.Augment, step.Boxes, step.BoxClasses
	for i, term := range m {
		own := *step
		own.Scope, own.Teacher.Scope = termScope(step.Scope, i), termScope(step.Teacher.Scope, i)
		count := len(term.Method.Views(step.Height, step.Width))
		own.Views, views = views[:count], views[count:]
		own.Augment, augment = augment[:count], augment[count:]
		if len(boxes) > 0 {
			own.Boxes, boxes = boxes[:count], boxes[count:]
			own.BoxClasses, classes = classes[:count], classes[count:]
		}
		losses = append(losses, Mul(term.Method.Loss(&own), term.weight(step.Progress)))
	}
	return ReduceSum(Stack(losses, 0))
}

// termScope holds the variables of a term.
func termScope(scope *model.Scope, i int) *model.Scope {
	if scope == nil { // Of a teacher that nobody has, or of those who build nothing.
		return nil
	}
	return scope.At("%d", i)
}

// weight is the term's at that progress, a scalar.
func (t Term) weight(progress *Node) *Node {
	to := t.Weight
	if t.Final != nil {
		to = *t.Final
	}
	return cosineRamp(progress, t.Weight, to)
}

// Embed is that of the first term.
func (m Sum) Embed(scope *model.Scope, features *Node) *Node {
	return m[0].Method.Embed(termScope(scope, 0), features)
}

// Optimizer is that of the first term.
func (m Sum) Optimizer() optim.Optimizer {
	if len(m) == 0 || m[0].Method == nil { // Check tells that it is missing.
		return nil
	}
	return m[0].Method.Optimizer()
}

package ssl

import (
	"cmp"
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
)

// DenseCL learns as MoCoV2 does, and at once from each place of the feature map: a place of one
// view finds the place of the other view that is most like it, among what the twin made of earlier
// images. So the map tells what is where, for detection and segmentation.
//
// Wang et al. 2020, "Dense Contrastive Learning for Self-Supervised Visual Pre-Training",
// arXiv:2011.09157. The zero value is the authors' code (WXinlong/DenseCL,
// openselfsup/models/densecl.py, configs/selfsup/densecl) with the queue, the momentum and the rate
// that MoCoV2 has here. Of a ViT the places are the patches.
type DenseCL struct {
	// MoCo is what both have in common. Default: MoCoV2's, but for Out 128. Its Locals must be 0, for
	// the authors' code has no small crops.
	MoCo MoCoV2
	// Dense is the share of the loss on places, in (0, 1); the rest is MoCoV2's. Default 0.5.
	Dense float64
}

var (
	_ HasTeacher     = DenseCL{}
	_ FollowsBatches = DenseCL{}
)

// WithDefaults fills in the settings that were left at zero, but for MoCo.Queue.
func (m DenseCL) WithDefaults() Method {
	m.MoCo.Out = cmp.Or(m.MoCo.Out, 128)
	m.MoCo = m.MoCo.WithDefaults().(MoCoV2)
	m.Dense = cmp.Or(m.Dense, .5)
	return m
}

// ForBatch fills in MoCo.Queue, the length of both queues.
func (m DenseCL) ForBatch(batch Batch) Method {
	m.MoCo = m.MoCo.ForBatch(batch).(MoCoV2)
	return m
}

// Name is "densecl".
func (m DenseCL) Name() string { return "densecl" }

// Check returns an error where a field is out of range.
func (m DenseCL) Check(batch Batch) error {
	if err := m.MoCo.Check(batch); err != nil {
		return fmt.Errorf("ssl.DenseCL: %w", err)
	}
	return cmp.Or(
		setting.Must(m.MoCo.Locals == 0, "ssl.DenseCL: MoCo.Locals", m.MoCo.Locals, "0"),
		setting.Fraction("ssl.DenseCL: Dense", m.Dense, DenseCL{}.WithDefaults().(DenseCL).Dense),
	)
}

// Views are MoCoV2's.
func (m DenseCL) Views(height, width int) []augment.Pipeline { return m.MoCo.Views(height, width) }

// Loss is equation 3 of the paper, with b the feature map, and p the places of it:
//
//	q, k = g(mean b_q), the teacher's g(mean b_k);  r_p, s_p = h(b_q at p), the teacher's h(b_k at p)
//	p' = the place of b_k that is most similar to b_q at p, by their cosine
//	loss = (1 - Dense) MoCo's of q and k + Dense × MoCo's of r_p and s_p', over all p
//
// Each has a queue: of the k, and of the means of s over the places.
func (m DenseCL) Loss(step *Step) *Node {
	loss := m.asked(step, step.Scope, step.Views[0], step.Views[1])
	if m.MoCo.Symmetric {
		loss = MulScalar(Add(loss, m.asked(step, step.Scope.At("reverse"), step.Views[1], step.Views[0])), .5)
	}
	return loss
}

// asked is the loss of one direction, whose queues are in the scope `earlier`.
func (m DenseCL) asked(step *Step, earlier *model.Scope, query, key *Node) *Node {
	asking, answering := step.Encode(query), step.Teacher.Encode(key)
	single := m.MoCo.contrast(earlier, []*Node{m.Embed(step.Scope, asking.Pooled)}, m.Embed(step.Teacher.Scope, answering.Pooled))
	queryMap, keyMap := placeRows(asking.Map), placeRows(answering.Map)            // [batch, places, dim]
	r, s := m.densely(step.Scope, queryMap), m.densely(step.Teacher.Scope, keyMap) // [batch, places, out]
	answers := StopGradient(MatMul(mostSimilar(queryMap, keyMap), unit(s)))        // [batch, places, out]
	negatives := newQueue(earlier.At("dense"), m.MoCo.Queue, m.MoCo.Out)           // [queue, out]
	dense := QueueContrast(tokenRows(r), tokenRows(answers), negatives.embeddings(query.Graph()), m.MoCo.Temperature)
	negatives.push(unit(ReduceMean(s, 1)))
	return Add(MulScalar(single, 1-m.Dense), MulScalar(dense, m.Dense))
}

// placeRows puts the places of a feature map behind each other.
//
//	x: [batch, height, width, dim] -> [batch, height × width, dim]
func placeRows(x *Node) *Node { return Reshape(x, x.Shape().Dim(0), -1, x.Shape().Dim(-1)) }

// mostSimilar has a 1 where a place of the key is the most similar to a place of the query, and 0
// elsewhere. No gradient flows through it.
//
//	query: [batch, n, dim]; key: [batch, m, dim] -> [batch, n, m]
func mostSimilar(query, key *Node) *Node {
	similarity := StopGradient(MatMul(unit(query), Transpose(unit(key), 1, 2)))
	return OneHot(ArgMax(similarity, -1), key.Shape().Dim(1), similarity.DType())
}

// densely is the head h of the places, as MoCo's.
//
//	x: [batch, places, dim] -> [batch, places, out]
func (m DenseCL) densely(scope *model.Scope, x *Node) *Node {
	z := plainHead(scope.At("dense"), tokenRows(x), m.MoCo.Hidden, m.MoCo.Out)
	return Reshape(z, x.Shape().Dim(0), x.Shape().Dim(1), m.MoCo.Out)
}

// Embed is MoCoV2's projection head.
//
//	[batch, dim] -> [batch, out]
func (m DenseCL) Embed(scope *model.Scope, features *Node) *Node {
	return m.MoCo.Embed(scope, features)
}

// TeacherHead is both heads beside each other: that of the image, that of its places.
//
//	[n, dim] -> [n, 2 out]
func (m DenseCL) TeacherHead(scope *model.Scope, features *Node) *Node {
	dense := Squeeze(m.densely(scope, ExpandAxes(features, 1)), 1)
	return Concatenate([]*Node{m.Embed(scope, features), dense}, -1)
}

// Momentum is MoCoV2's.
func (m DenseCL) Momentum(progress *Node) *Node { return m.MoCo.Momentum(progress) }

// Collapse of DenseCL is MoCoV2's.
func (m DenseCL) Collapse() Collapse {
	return Collapse{Try: "MoCo.Tau nearer to 1, so that the keys of the queues stay comparable; a longer MoCo.Queue; " +
		"a higher MoCo.Temperature; a smaller Dense; a lower learning rate"}
}

// Optimizer is MoCoV2's, which is also the authors' on COCO.
func (m DenseCL) Optimizer() optim.Optimizer { return m.MoCo.Optimizer() }

package encoder

import (
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// The formula in float64, on scrambled weights.
func TestAttentivePoolIsTheFormula(t *testing.T) {
	const batch, count, dim, heads = 2, 5, 8, 2
	x := make([]float32, batch*count*dim)
	for i := range x {
		x[i] = float32(math.Sin(.7 * float64(i)))
	}
	pool := func(scope *model.Scope, in []*Node) []*Node {
		return []*Node{AttentivePool{Heads: heads}.Apply(scope, in[0])}
	}
	tokens := tensors.FromFlatDataAndDimensions(x, batch, count, dim)
	store := model.NewStore()
	apply(t, store, pool, tokens)
	w := scramble(t, store.Scope("/encoder"))
	got := apply(t, store, pool, tokens)[0].Value().([][]float32)
	query := make([]float64, dim)
	for d := range query {
		query[d] = float64(w["query"].Data[d])
	}
	for n := range batch {
		asked := referenceLinear(w, "xattn.q", query)
		var both [][]float64
		for i := range count {
			token := make([]float64, dim)
			for d := range token {
				token[d] = float64(x[(n*count+i)*dim+d])
			}
			both = append(both, referenceLinear(w, "xattn.kv", referenceNorm(w, "norm1", token)))
		}
		read := make([]float64, dim)
		for head := range heads {
			scores, sum := make([]float64, count), 0.
			for i := range scores {
				for d := head * dim / heads; d < (head+1)*dim/heads; d++ {
					scores[i] += asked[d] * both[i][d] / math.Sqrt(dim/heads)
				}
				scores[i] = math.Exp(scores[i])
				sum += scores[i]
			}
			for i := range scores {
				for d := head * dim / heads; d < (head+1)*dim/heads; d++ {
					read[d] += scores[i] / sum * both[i][dim+d]
				}
			}
		}
		want := plus(query, read)
		want = plus(want, referenceLinear(w, "mlp.fc2", referenceGelu(referenceLinear(w, "mlp.fc1", referenceNorm(w, "norm2", want)))))
		for d := range want {
			if math.Abs(float64(got[n][d])-want[d]) > 1e-4 {
				t.Errorf("image %d, feature %d: %g, want %g", n, d, got[n][d], want[d])
			}
		}
	}
	for features, want := range map[int]int{384: 6, 8: 1} {
		if got := (AttentivePool{}).HeadsOf(features); got != want {
			t.Errorf("%d heads for %d features, want %d", got, features, want)
		}
	}
}

package ssl

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"

	"sslkit/kit/setting"
)

// queue keeps the embeddings of the last batches, the newest at the end (He et al. 2019,
// arXiv:1911.05722, section 3.2). It starts with random unit vectors.
type queue struct{ variable *model.Variable }

// newQueue returns the queue that lives in scope: size × dim.
func newQueue(scope *model.Scope, size, dim int) queue {
	scope = scope.WithInitializer(func(g *Graph, shape shapes.Shape) *Node {
		return unit(initializer.RandomNormalFn(scope, 1)(g, shape))
	})
	return queue{scope.VariableWithShape("queue", shapes.Make(dtypes.Float32, size, dim)).SetTrainable(false)}
}

// embeddings are what the queue holds, without gradient: [size, dim].
func (q queue) embeddings(g *Graph) *Node { return StopGradient(q.variable.NodeValue(g)) }

// push puts a batch of embeddings at the end and drops as many from the start. What was read from
// the queue before in the same graph stays as it was.
//
//	embeddings: [batch, dim]
func (q queue) push(embeddings *Node) {
	held := q.variable.NodeValue(embeddings.Graph())
	batch := embeddings.Shape().Dim(0)
	kept := Slice(held, AxisRange(batch), AxisRange()) // [size - batch, dim]
	q.variable.SetNodeValue(Concatenate([]*Node{kept, StopGradient(embeddings)}, 0))
}

// queueFor is the default length of a queue in a training on such batches: size, or the nearest
// below it that holds whole batches and at most two thirds of the images, as 32768 of the 50,000 of
// CIFAR-10 are, for most images not to meet themselves; at least one batch.
func queueFor(size int, batch Batch) int {
	if batch.Data > 0 {
		size = min(size, batch.Data/3*2)
	}
	n := max(batch.Images, 1)
	return max(size/n, 1) * n
}

// orFewer says what a length of 0 means.
func orFewer(size int) string { return fmt.Sprintf("%d, or fewer where the images are few", size) }

// checkQueue returns an error where batches do not fill a queue of that size evenly, or where it
// holds more than all images, so that each meets itself in it; zero is what a size of 0 means.
func checkQueue(method string, size int, batch Batch, zero any) error {
	n := batch.Images
	if n >= 1 && batch.Data >= n && size > batch.Data {
		return setting.Must(false, method+": Queue", size, fmt.Sprintf("at most %d, a multiple of the batch up to the %d images of the data",
			batch.Data/n*n, batch.Data), zero)
	}
	return setting.Must(n >= 1 && size >= n && size%n == 0, method+": Queue", size,
		fmt.Sprintf("a multiple of the batch, %d", n), zero)
}

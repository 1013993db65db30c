package ssl

import (
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/device/devicetest"
)

func TestQueueIsFirstInFirstOut(t *testing.T) {
	backend := devicetest.Backend(t)
	store := model.NewStore()
	exec, err := model.NewExec(backend, store, func(scope *model.Scope, batch *Node) *Node {
		q := newQueue(scope, 6, 2)
		held := q.embeddings(batch.Graph())
		q.push(batch)
		return held
	})
	if err != nil {
		t.Fatal(err)
	}
	batch := func(v float32) [][]float32 { return [][]float32{{v, 0}, {v, 1}} }
	for step, v := range []float32{1, 2, 3, 4} {
		outputs, err := exec.Call(batch(v))
		if err != nil {
			t.Fatal(err)
		}
		held := outputs[0].Value().([][]float32)
		if step == 0 {
			for _, row := range held {
				near(t, "length of a random embedding", float64(row[0]*row[0]+row[1]*row[1]), 1, 1e-5)
			}
		}
		if step == 3 {
			for i, row := range held { // Batches 1, 2 and 3, in order.
				if row[0] != float32(1+i/2) || row[1] != float32(i%2) {
					t.Errorf("row %d is %v", i, row)
				}
			}
		}
	}
	if v := store.GetVariable("/queue"); v.Trainable || !v.Shape().Equal(shapes.Make(dtypes.Float32, 6, 2)) {
		t.Errorf("the queue is %s, trainable %v", v.Shape(), v.Trainable)
	}
}

func TestQueueMustHoldWholeBatches(t *testing.T) {
	for size, ok := range map[int]bool{4: true, 8: true, 6: false, 2: false, 0: false} {
		err := checkQueue("ssl.X", size, Batch{Images: 4}, 8)
		if (err == nil) != ok || err != nil && !strings.Contains(err.Error(), "Queue is") {
			t.Errorf("size %d: error %v", size, err)
		}
	}
}

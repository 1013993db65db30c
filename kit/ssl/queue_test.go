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

// The default gives way where it would not be whole batches, or too many of the images.
func TestDefaultQueueFitsTheImages(t *testing.T) {
	for _, test := range []struct {
		batch Batch
		want  int
	}{
		{Batch{Images: 256, Data: 50_000}, 32768}, {Batch{Images: 256}, 32768}, {Batch{Images: 100, Data: 50_000}, 32700},
		{Batch{Images: 32, Data: 9600}, 6400}, {Batch{Images: 64, Data: 96}, 64}, {Batch{Images: 64, Data: 64}, 64},
	} {
		for _, m := range []Method{MoCoV2{}, NNCLR{}, ReSSL{}, DenseCL{}} {
			m = m.WithDefaults()
			test.batch.Views, test.batch.Height, test.batch.Width = m.Views(32, 32), 32, 32
			m = ForBatch(m, test.batch)
			if err := m.Check(test.batch); err != nil {
				t.Errorf("%s: %+v: %v", m.Name(), test.batch, err)
			}
			var got int
			switch m := m.(type) {
			case MoCoV2:
				got = m.Queue
			case NNCLR:
				got = m.Queue
			case ReSSL:
				got = m.Queue
			case DenseCL:
				got = m.MoCo.Queue
			}
			if got != test.want {
				t.Errorf("%s: a queue of %d for %d of %d images, want %d", m.Name(), got, test.batch.Images, test.batch.Data, test.want)
			}
		}
	}
	few := Batch{Images: 16, Data: 96}
	sum := ForBatch(resolved(Sum{{Method: SimCLR{}}, {Method: &SwAV{}}, {Method: SwAV{NoQueue: true}}, {Method: SwAV{Queue: 4096}}}), few).(Sum)
	for i, want := range map[int]int{1: 64, 2: 0, 3: 4096} {
		if got := sum[i].Method.(SwAV).Queue; got != want {
			t.Errorf("term %d has a queue of %d, want %d", i, got, want)
		}
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

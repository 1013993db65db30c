package train

import (
	"cmp"
	"fmt"
	"iter"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/distributed"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/core/tensors/dtensor"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/metric"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"sslkit/kit/encoder"
)

// The axes of a mesh.
const (
	dataAxis  = "data"
	modelAxis = "model"
)

// sharding says what of a training lies on which device of a mesh. XLA's partitioner works out from
// it what each computes. Between steps the variables may be read and set as if on one device: GoMLX
// puts them together and takes them apart.
type sharding struct {
	mesh  *distributed.DeviceMesh
	whole *distributed.ShardingSpec // All of it on every device.
	batch *distributed.ShardingSpec // The first axis along dataAxis.
	step  *model.Exec               // The compiled step.
}

// newSharding is nil for one device.
func newSharding(m Mesh) (*sharding, error) {
	if m.devices() == 1 {
		return nil, nil
	}
	data, devices := m.sizes()
	mesh, err := distributed.NewDeviceMesh([]int{data, devices}, []string{dataAxis, modelAxis})
	if err != nil {
		return nil, err
	}
	s := &sharding{mesh: mesh, whole: distributed.NewReplicatedShardingSpec(mesh)}
	s.batch = s.along(dataAxis, 0)
	return s, nil
}

// along divides one axis of a tensor along an axis of the mesh.
func (s *sharding) along(meshAxis string, axis int) *distributed.ShardingSpec {
	axes := make([]distributed.AxisSpec, axis+1)
	axes[axis] = distributed.AxisSpec{meshAxis}
	return &distributed.ShardingSpec{Mesh: s.mesh, Axes: axes}
}

// layOut brings all variables of a step into being, with their values, and says which of them are
// divided: a variable can't be told once the step is built. On one device their values are the same
// numbers as those of a training there.
func (s *sharding) layOut(store *model.Store, p Plan) error {
	update, err := p.update()
	if err != nil {
		return err
	}
	if err := building(store.RootScope(), func(g *Graph) {
		model.SetStore(g, store)
		store.SetTraining(g, true)
		inputs, err := p.stepParameters(g)
		if err != nil {
			panic(err)
		}
		p.lossGraph(store.RootScope(), nil, inputs)
		update.UpdateGraph(store.RootScope(), g, train.TotalLoss(g))
		train.ExecPerStepUpdateGraphFn(g)
	}); err != nil {
		return fmt.Errorf("building a step for %s: %w", p.Mesh, err)
	}
	if err := Initialise(store); err != nil {
		return fmt.Errorf("initialising the variables for %s: %w", p.Mesh, err)
	}
	divisible, ok := p.Encoder.(encoder.Divisible)
	if _, devices := p.Mesh.sizes(); !ok || devices == 1 {
		return nil
	}
	for v := range store.IterVariables() {
		if axis, ok := dividedAxis(divisible, v.Path()); ok {
			if err := v.SetShardingSpec(s.along(modelAxis, axis)); err != nil {
				return err
			}
		}
	}
	return nil
}

// dividedAxis is the axis along which the devices of a group divide a variable: one of the encoder,
// the teacher's twin of it, its running mean, or what the optimiser keeps of it. The path of the last is the
// variable's own behind the optimiser's, with a name behind it.
func dividedAxis(e encoder.Divisible, path string) (axis int, ok bool) {
	of, name, ok := strings.Cut(path, "/"+encoderScope+"/")
	switch {
	case !ok:
		return 0, false
	case of == "", of == "/"+teacherScope, of == "/"+averageScope:
		return e.DividedAxis(name)
	case strings.HasPrefix(of, "/"+optimizer.Scope+"/"):
		return e.DividedAxis(name[:strings.LastIndex(name, "/")])
	}
	return 0, false
}

// lastMetric measures nothing. It is built last in a step, when it is known which variables the
// step changes, and says how these lie on the devices: GoMLX's trainer would have each of them
// whole everywhere.
func (s *sharding) lastMetric() metric.Interface {
	return reported("Devices", "devices", func(g *Graph) *Node {
		var outputs []*distributed.ShardingSpec // The changed variables, and then the metrics.
		for v := range s.step.Store().IterVariables() {
			if v.ChangedInGraph(g) {
				outputs = append(outputs, cmp.Or(v.ShardingSpec(), s.whole))
			}
		}
		s.step.WithOutputShardingSpecs(append(outputs, s.whole)...) // The last one counts for all that follow.
		return ScalarZero(g, dtypes.Float32)
	})
}

// shardedBatches feeds batches to GoMLX's training loop in pieces, one for each device.
type shardedBatches struct {
	*batches
	*sharding
}

var _ train.DistributedDataset = shardedBatches{}

// Strategy leaves it to XLA what is computed where.
func (shardedBatches) Strategy() distributed.Strategy { return distributed.AutoSharding }

// DeviceAssignment takes the first devices.
func (b shardedBatches) DeviceAssignment() []compute.DeviceNum {
	devices := make([]compute.DeviceNum, b.mesh.NumDevices())
	for i := range devices {
		devices[i] = compute.DeviceNum(i)
	}
	return devices
}

// DistributedIter hands out the loader's batches, once.
func (b shardedBatches) DistributedIter() iter.Seq2[train.DistributedBatch, error] {
	return func(yield func(train.DistributedBatch, error) bool) {
		for batch, err := range b.Iter() {
			var pieces train.DistributedBatch
			if err == nil {
				pieces.Inputs, err = b.split(batch.Inputs)
			}
			if !yield(pieces, err) || err != nil {
				return
			}
		}
	}
}

// split shares out stepInputs.
func (b shardedBatches) split(inputs []*tensors.Tensor) ([]*dtensor.Tensor, error) {
	pieces := make([]*dtensor.Tensor, len(inputs))
	for i, input := range inputs {
		spec := b.batch
		if i == randomInput {
			spec = b.whole
		}
		var err error
		if pieces[i], err = dtensor.ShardTensor(spec, input); err != nil {
			return nil, fmt.Errorf("sharing out input %d of a step: %w", i, err)
		}
		if err := input.FinalizeAll(); err != nil {
			return nil, err
		}
	}
	return pieces, nil
}

package ssl

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/device/devicetest"
	"sslkit/kit/encoder"
)

// authorsGolden are random inputs with what the authors' code of DenseCL and data2vec gives for
// them: made by benchmarks/peers/losses/run.sh.
type authorsGolden struct {
	DenseCL  denseGolden    `json:"densecl"`
	Data2Vec []blocksGolden `json:"data2vec"`
}

// denseGolden are steps of DenseCL, one after the other, of 4 feature maps in two views.
type denseGolden struct {
	Heads  [2]map[string][2]linearGolden `json:"heads"`  // The network's, the slow twin's.
	Queues [2][][]float32                `json:"queues"` // Before the first step: of images, of places; [8, 4].
	Steps  []struct {
		Query [][][][]float32 `json:"query"` // [4, 2, 3, 3]
		Key   [][][][]float32 `json:"key"`   // [4, 2, 3, 3]
		Loss  float64         `json:"loss"`
	} `json:"steps"`
}

// linearGolden is a linear layer.
type linearGolden struct {
	Weight [][]float32 `json:"weight"` // [in, out]
	Bias   []float32   `json:"bias"`   // [out]
}

// blocksGolden is a step of data2vec, of 4 images with 6 patches and 5 features.
type blocksGolden struct {
	Blocks [][][][]float32 `json:"blocks"` // The slow twin's, of which the last two are told: [4, 3, 6, 5].
	Told   [][][]float32   `json:"told"`   // [4, 6, 5]
	Hidden [][]bool        `json:"hidden"` // [4, 6]
	Beta   float64         `json:"beta"`
	Loss   float64         `json:"loss"`
}

func readAuthors(t *testing.T) authorsGolden {
	t.Helper()
	content, err := os.ReadFile("testdata/authors.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden authorsGolden
	if err := json.Unmarshal(content, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden.DenseCL.Steps) != 30 || len(golden.Data2Vec) != 30 {
		t.Fatalf("%d and %d steps, want 30 of each", len(golden.DenseCL.Steps), len(golden.Data2Vec))
	}
	return golden
}

// sameAsAuthors fails where a step's loss is not that of the authors' code.
func sameAsAuthors(t *testing.T, step int, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-4*math.Abs(want)) {
		t.Errorf("step %d has a loss of %.7g, the authors' has %.7g", step, got, want)
	}
}

// handsOn is an encoder that hands on what it is given: a map of features, or its blocks.
type handsOn struct{ encoder.ViT }

func (handsOn) Encode(_ *model.Scope, images *Node) encoder.Output {
	return encoder.Output{Pooled: ReduceMean(images, 1, 2), Map: images}
}

func (handsOn) EncodeLayers(_ *model.Scope, images *Node, k int) []*Node {
	var layers []*Node
	for at := images.Shape().Dim(1) - k; at < images.Shape().Dim(1); at++ {
		layers = append(layers, Squeeze(Slice(images, AxisRange(), AxisElem(at)), 1))
	}
	return layers
}

// The whole loss, both heads and both queues with what they hold from step to step. The slow twin
// stays as it is.
func TestDenseCLAgreesWithItsAuthorsCode(t *testing.T) {
	t.Parallel()
	golden := readAuthors(t).DenseCL
	method := resolved(DenseCL{MoCo: MoCoV2{Queue: 8, Hidden: 5, Out: 4, Temperature: .2}, Dense: .3})
	exec, err := model.NewExec(devicetest.Backend(t), model.NewStore(), func(scope *model.Scope, query, key *Node) *Node {
		step := maskedNetworks(scope, handsOn{}, query, key)
		for i, own := range []*model.Scope{step.Scope, step.Teacher.Scope} {
			for name, head := range map[string]string{"image": "projector", "places": "dense"} {
				for k, layer := range []string{"hidden", "out"} {
					at := own.At("%s", head).At("%s", layer).At("0")
					at.VariableWithValue("weight", golden.Heads[i][name][k].Weight)
					at.VariableWithValue("bias", golden.Heads[i][name][k].Bias)
				}
			}
		}
		step.Scope.VariableWithValue("queue", golden.Queues[0])
		step.Scope.At("dense").VariableWithValue("queue", golden.Queues[1])
		return method.Loss(step)
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range golden.Steps {
		outputs, err := exec.Call(s.Query, s.Key)
		if err != nil {
			t.Fatal(err)
		}
		sameAsAuthors(t, i, float64(outputs[0].Value().(float32)), s.Loss)
	}
}

// What is told, of given blocks of the slow twin, and the loss of what a student tells.
func TestData2VecAgreesWithItsAuthorsCode(t *testing.T) {
	t.Parallel()
	golden := readAuthors(t).Data2Vec
	execs := map[float64]*model.Exec{}
	for i, s := range golden {
		if execs[s.Beta] == nil {
			exec, err := model.NewExec(devicetest.Backend(t), model.NewStore(), func(scope *model.Scope, blocks, told, hidden *Node) *Node {
				step := maskedNetworks(scope, handsOn{}, blocks)
				return BlockDistance(told, Data2Vec{Blocks: 2}.target(step.Teacher, blocks), hidden, s.Beta)
			})
			if err != nil {
				t.Fatal(err)
			}
			execs[s.Beta] = exec
		}
		outputs, err := execs[s.Beta].Call(s.Blocks, s.Told, s.Hidden)
		if err != nil {
			t.Fatal(err)
		}
		sameAsAuthors(t, i, float64(outputs[0].Value().(float32)), s.Loss)
	}
}

package optim_test

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/device/devicetest"
	"sslkit/kit/optim"
)

// stepSizes trains scalars that start at 0, under a loss that is their sum, and returns how far
// each went, step by step.
func stepSizes(t *testing.T, o optim.Optimizer, schedule optim.Schedule, paths []string, steps int) map[string][]float64 {
	t.Helper()
	built, err := o.Build(optim.Plan{Schedule: schedule, Steps: steps, Batch: 256})
	if err != nil {
		t.Fatal(err)
	}
	backend := devicetest.Backend(t)
	store := model.NewStore()
	exec, err := model.NewExec(backend, store, func(scope *model.Scope, one *Node) []*Node {
		g := one.Graph()
		var values []*Node
		loss := MulScalar(one, 0)
		for _, path := range paths {
			v := scope.Store().VariableWithShape(path, shapes.Make(dtypes.Float32), Zeros)
			loss = Add(loss, v.NodeValue(g))
		}
		built.UpdateGraph(scope, g, loss)
		for _, path := range paths {
			values = append(values, scope.Store().GetVariable(path).NodeValue(g))
		}
		return values
	})
	if err != nil {
		t.Fatal(err)
	}
	sizes, before := map[string][]float64{}, make([]float64, len(paths))
	for range steps {
		outputs, err := exec.Call(tensors.FromValue(float32(1)))
		if err != nil {
			t.Fatal(err)
		}
		for i, path := range paths {
			value := float64(outputs[i].Value().(float32))
			sizes[path] = append(sizes[path], before[i]-value)
			before[i] = value
		}
	}
	return sizes
}

func TestSteadyKeepsTheRateOfItsScope(t *testing.T) {
	const steps = 5
	paths := []string{"/encoder/conv1/weight", "/method/predictor/0/weight", "/method/predictors/0/weight"}
	o := optim.PerVariable{Optimizer: optim.SGD{LR: .1}, Rates: optim.Steady{Under: "predictor"}}
	sizes := stepSizes(t, o, optim.WarmupCosine{}, paths, steps)
	plain := stepSizes(t, optim.SGD{LR: .1}, optim.WarmupCosine{}, paths, steps)
	for i := range steps {
		if got := sizes["/method/predictor/0/weight"][i]; math.Abs(got-.1) > 1e-6 {
			t.Errorf("step %d: the predictor's rate is %g, want .1", i, got)
		}
		for _, path := range []string{paths[0], paths[2]} {
			if sizes[path][i] != plain[path][i] {
				t.Errorf("step %d: the rate of %s is %g, without the rule %g", i, path, sizes[path][i], plain[path][i])
			}
		}
	}
}

func TestLayerDecay(t *testing.T) {
	for name, want := range map[string]map[string]float64{ // Powers of the factor.
		"a ResNet": {
			"/encoder/conv1/weight": 5, "/encoder/bn1/bias": 5, "/encoder/layer1/0/conv1/weight": 4, "/encoder/layer4/1/bn2/bias": 1,
			"/method/classifier/weight": 0,
		},
		"a ViT": {
			"/encoder/pos_embed": 4, "/encoder/patch_embed/proj/weight": 4, "/encoder/blocks/0/attn/qkv/weight": 3,
			"/encoder/blocks/2/mlp/fc1/bias": 1, "/encoder/norm/weight": 0, "/method/blocks/0/weight": 0,
		},
		"a ConvNeXt": {
			"/encoder/stem/0/weight": 3, "/encoder/stages/0/blocks/5/gamma": 2, "/encoder/stages/1/downsample/0/weight": 1,
			"/encoder/head/norm/weight": 0,
		},
	} {
		var paths []string
		for path := range want {
			paths = append(paths, path)
		}
		o := optim.PerVariable{Optimizer: optim.SGD{LR: .1}, Rates: optim.LayerDecay{Factor: .5}}
		sizes := stepSizes(t, o, optim.Constant{}, paths, 1)
		for path, power := range want {
			if got, rate := sizes[path][0], .1*math.Pow(.5, power); math.Abs(got-rate) > 1e-6*rate+1e-9 {
				t.Errorf("%s: the rate of %s is %g, want %g", name, path, got, rate)
			}
		}
	}
}

func TestPerVariableRefuses(t *testing.T) {
	sgd := optim.SGD{LR: .1}
	for want, o := range map[string]optim.PerVariable{
		"Rates is missing":     {Optimizer: sgd},
		"Optimizer is missing": {Rates: optim.Steady{Under: "a"}},
		"Optimizer is a":       {Optimizer: optim.PerVariable{Optimizer: sgd, Rates: optim.Steady{Under: "a"}}, Rates: optim.Steady{Under: "a"}},
		"Under":                {Optimizer: sgd, Rates: optim.Steady{}},
		"Factor is 0":          {Optimizer: sgd, Rates: optim.LayerDecay{}},
		"Factor is 1.5":        {Optimizer: sgd, Rates: optim.LayerDecay{Factor: 1.5}},
		"LR is":                {Optimizer: optim.SGD{LR: -1}, Rates: optim.Steady{Under: "a"}},
	} {
		if err := o.Check(); err == nil || !strings.Contains(err.Error(), strings.TrimSuffix(want, " a")) {
			t.Errorf("%+v: error %v, want one with %q", o, err, want)
		}
		if _, err := o.Build(optim.Plan{Steps: 1, Batch: 1}); err == nil {
			t.Errorf("%+v is built", o)
		}
	}
}

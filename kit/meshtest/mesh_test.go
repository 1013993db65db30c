package meshtest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/augment"
	"sslkit/kit/compress"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/rundir"
	"sslkit/kit/semi"
	"sslkit/kit/ssl"
	"sslkit/kit/train"
)

// TestMain shows the CPU as four devices. XLA's optimisation is off: compiling is what these tests
// take their time for.
func TestMain(m *testing.M) {
	os.Unsetenv(compute.ConfigEnvVar) // The Go backend has one device.
	os.Setenv("XLA_FLAGS", "--xla_force_host_platform_device_count=4 --xla_backend_optimization_level=0")
	os.Exit(m.Run())
}

// The networks of these tests.
var (
	patches = encoder.ViT{Patch: 8, Width: 8, Depth: 1, Heads: 2}
	norms   = encoder.ResNet{Depth: 10, Width: 2, Stem: encoder.HalfStem} // Over the batch.
	decoder = encoder.Transformer{Width: 8, Depth: 1, Heads: 2}
	pixels  = encoder.IGPT{Side: 8, Levels: 2, Width: 8, Depth: 1, Heads: 2}
)

const steps = 50

// recipe trains a method on an encoder whose weights are so large that it tells images apart. The
// embeddings of one with initial weights are nearly the same, and what normalises them makes
// rounding large. The learning rate is low for the same reason: at one that learns, small
// differences grow from step to step, on one device as on several.
func recipe(t *testing.T, method ssl.Method) kit.Recipe {
	return kit.Recipe{
		Data:    data.Shapes{Train: 96, Validation: 32, Test: 32},
		Encoder: patches, Method: method,
		Augment:   []augment.Pipeline{{augment.Flip{}, augment.Normalize{}}},
		Optimizer: optim.SGD{LR: 1e-4, Momentum: .9}, Schedule: optim.Constant{},
		Start: weights(t, train.EncoderScope, func(scope *model.Scope) error { return train.BuildEncoder(scope, patches, 32, 32) }),
		Batch: 16, Steps: steps, Seed: 3, MonitorEvery: steps, CheckpointEvery: steps,
	}
}

// recipes are one of each method.
func recipes(t *testing.T) map[string]kit.Recipe {
	t.Helper()
	frozen := ssl.Frozen{Encoder: patches, Weights: recipe(t, nil).Start, Method: ssl.Supervised{Classes: 10}}
	frozen.Head = weights(t, train.MethodScope, func(scope *model.Scope) error {
		_, err := train.BuildHead(scope, frozen.Method, patches)
		return err
	})
	features := frozen
	features.Method, features.Head = nil, ""
	all := map[string]kit.Recipe{}
	add := func(method ssl.Method, change func(*kit.Recipe)) {
		r := recipe(t, method)
		change(&r)
		all[reflect.TypeOf(method).String()] = r
	}
	for _, method := range []ssl.Method{
		ssl.BYOL{Hidden: 8, Out: 8}, ssl.BarlowTwins{Hidden: 8, Out: 8}, ssl.CLIP{Out: 8, Text: encoder.Text{Width: 8, Depth: 1, Heads: 2}},
		ssl.Colorization{Hidden: 8}, ssl.DCL{Hidden: 8, Out: 8},
		ssl.Flipping{}, ssl.IBOT{DINO: ssl.DINO{Prototypes: 8, Hidden: 8, Out: 8}}, ssl.IJEPA{Predictor: decoder}, ssl.Inpainting{Hidden: 8},
		ssl.MAE{Decoder: decoder},
		ssl.MICLe{Hidden: 8, Out: 8}, ssl.MoCoV2{Queue: 32, Hidden: 8, Out: 8}, ssl.MoCoV3{Hidden: 8, Out: 8},
		ssl.NNCLR{Queue: 32, Hidden: 8, Predictor: 8, Out: 8}, ssl.Rotation{}, ssl.SimCLR{Hidden: 8, Out: 8}, ssl.SimMIM{},
		ssl.SimSiam{Hidden: 8, Out: 8}, ssl.Sum{{Method: ssl.SimCLR{Hidden: 8, Out: 8}}, {Method: ssl.Rotation{}}},
		ssl.SupCon{Hidden: 8, Out: 8}, ssl.Supervised{Classes: 10}, ssl.TiCo{Hidden: 8, Out: 8}, ssl.VICReg{Hidden: 8, Out: 8},
		ssl.WMSE{Hidden: 8, Out: 4}, semi.FixMatch{Classes: 10}, semi.FreeMatch{Classes: 10}, semi.MeanTeacher{Classes: 10},
		semi.PseudoLabel{Classes: 10}, compress.Features{Teacher: features}, compress.Logits{Teacher: frozen, Classes: 10},
	} {
		add(method, func(*kit.Recipe) {})
	}
	for _, method := range []ssl.Method{
		ssl.DINO{Prototypes: 8, Hidden: 8, Out: 8, Locals: 1, LocalSize: 16}, ssl.LeJEPA{Slices: 8, Hidden: 8, Out: 8, Locals: 1, LocalSize: 16},
		ssl.SwAV{Queue: 32, Prototypes: 8, Hidden: 8, Out: 8, Locals: 1, LocalSize: 16},
	} {
		add(method, func(r *kit.Recipe) { r.Augment = nil })
	}
	for _, method := range []ssl.Method{ssl.CPC{Grid: 3, Hidden: 8, Out: 8}, ssl.Jigsaw{Grid: 2, Hidden: 8}, ssl.RelativeLocation{Hidden: 8}} {
		add(method, func(r *kit.Recipe) {
			r.Augment = []augment.Pipeline{{augment.Resize{Size: 48}, augment.Normalize{}}}
			if _, divides := method.(ssl.CPC); !divides { // Patches divide the tiles of CPC alone.
				r.Encoder, r.Start = encoder.ResNet{Depth: 10, Width: 2}, ""
			}
		})
	}
	add(ssl.NextFrame{Hidden: 8}, func(r *kit.Recipe) { r.Encoder, r.Start = norms, "" })
	add(ssl.NextPixel{}, func(r *kit.Recipe) { r.Encoder, r.Start = pixels, "" })
	onNorms := all["ssl.SimCLR"]
	onNorms.Encoder, onNorms.Start = norms, ""
	all["norms over the batch"] = onNorms
	validated := all["ssl.Supervised"]
	validated.StopEarly = kit.StopEarly{Every: steps / 2}
	all["ssl.Supervised"] = validated
	return all
}

// quick are the recipes that are always tested: one for each way in which a method looks at a batch
// or keeps something of it. SSLKIT_SEEDS=1 in the environment is for all of them, on more meshes.
var quick = []string{
	"norms over the batch", "ssl.BYOL", "ssl.MoCoV2", "ssl.MAE", "ssl.CLIP", "ssl.Supervised", "semi.FixMatch", "compress.Features",
}

// TestLossesAreThoseOfOneDevice: the loss and the norm of the gradient are the same at every step.
func TestLossesAreThoseOfOneDevice(t *testing.T) {
	every := os.Getenv("SSLKIT_SEEDS") != ""
	all := recipes(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if !every && !slices.Contains(quick, name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			recipe := all[name]
			meshes := []kit.Mesh{{Data: 2, Model: 2}}
			if _, ok := recipe.Encoder.(encoder.Divisible); !ok {
				meshes = []kit.Mesh{{Data: 4}}
			}
			if every {
				meshes = append(meshes, kit.Mesh{Data: 2})
			}
			_, want := pretrained(t, recipe)
			for _, mesh := range meshes {
				recipe.Mesh = mesh
				_, got := pretrained(t, recipe)
				for step := 1; step <= steps; step++ {
					near(t, mesh, step, "loss", got[step].Loss, want[step].Loss, want[1].Loss, 1e-4)
					near(t, mesh, step, "gradient's norm", got[step].GradientNorm, want[step].GradientNorm, want[1].GradientNorm, 1e-2)
				}
			}
		})
	}
}

// near fails where a number of a step differs by more than a part of it, or of that of the first
// step where it has come nearer to 0.
func near(t *testing.T, mesh kit.Mesh, step int, what string, got, want, first, part float64) {
	t.Helper()
	if !(math.Abs(got-want) <= part*max(math.Abs(want), math.Abs(first))) {
		t.Fatalf("%s: step %d: the %s is %g, on one device %g", mesh, step, what, got, want)
	}
}

// pretrained is a new run's directory and its metrics, one a step.
func pretrained(t *testing.T, recipe kit.Recipe) (rundir.Dir, []rundir.Metrics) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	if _, err := kit.Pretrain(dir, recipe); err != nil {
		t.Fatalf("%s: %v", recipe.Mesh, err)
	}
	all, err := rundir.Dir(dir).Metrics()
	if err != nil {
		t.Fatal(err)
	}
	return rundir.Dir(dir), all
}

// TestRunEndsInTheSameBits: trained again, or resumed, a run on several devices ends in the same
// bits. It begins with the weights of one device, and its checkpoints hold the same variables.
func TestRunEndsInTheSameBits(t *testing.T) {
	recipe := recipe(t, ssl.BYOL{Hidden: 8, Out: 8})
	recipe.Optimizer, recipe.Start, recipe.Encoder = optim.AdamW{}, "", encoder.ViT{Patch: 8, Width: 8, Depth: 1, Heads: 2, StochasticDepth: .5}
	recipe.Steps, recipe.CheckpointEvery = 4, 2
	alone, _ := pretrained(t, recipe)
	recipe.Mesh = kit.Mesh{Data: 2, Model: 2}
	unbroken, _ := pretrained(t, recipe)
	if !bytes.Equal(content(t, alone, rundir.InitialFile), content(t, unbroken, rundir.InitialFile)) {
		t.Error("the initial weights are not those of one device")
	}
	if a, b := variables(t, alone), variables(t, unbroken); !slices.Equal(a, b) {
		t.Errorf("a checkpoint holds\n%s\nand of one device\n%s", strings.Join(b, "\n"), strings.Join(a, "\n"))
	}
	again, _ := pretrained(t, recipe)
	if !bytes.Equal(content(t, again, rundir.EncoderFile), content(t, unbroken, rundir.EncoderFile)) {
		t.Error("a second run's encoder differs")
	}
	checkpoints, err := again.Checkpoints()
	if err != nil || len(checkpoints) != 2 {
		t.Fatal(checkpoints, err)
	}
	if err := errors.Join(os.RemoveAll(checkpoints[1]), os.Remove(again.Path(rundir.EncoderFile)), again.Begin(), again.Seal(rundir.InitialFile)); err != nil {
		t.Fatal(err)
	}
	other := recipe
	other.Mesh.Model = 1
	if _, err := kit.Pretrain(string(again), other); err == nil || !strings.Contains(err.Error(), "Mesh.Model: 0, in the directory 2") {
		t.Errorf("resumed on another mesh: error %v", err)
	}
	if _, err := kit.Pretrain(string(again), recipe); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(content(t, again, rundir.EncoderFile), content(t, unbroken, rundir.EncoderFile)) {
		t.Error("the resumed run's encoder differs from the unbroken one's")
	}
}

// content is a file of a run.
func content(t *testing.T, dir rundir.Dir, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(dir.Path(name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// variables are those of a run's last checkpoint, with their shapes.
func variables(t *testing.T, dir rundir.Dir) []string {
	t.Helper()
	described, err := filepath.Glob(dir.Path("checkpoint/step-000000004/*.json"))
	if err != nil || len(described) != 1 {
		t.Fatal(described, err)
	}
	text, err := os.ReadFile(described[0])
	if err != nil {
		t.Fatal(err)
	}
	var held struct {
		Variables []struct {
			ParameterName, DType string
			Dimensions           []int
		}
	}
	if err := json.Unmarshal(text, &held); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, v := range held.Variables {
		lines = append(lines, fmt.Sprintf("%s %s %v", anyMetric.ReplaceAllString(v.ParameterName, ""), v.DType, v.Dimensions))
	}
	slices.Sort(lines) // One of GoMLX's loop comes before those of the step on one device, and behind them on several.
	return lines
}

// anyMetric tells a metric of one run from that of another.
var anyMetric = regexp.MustCompile(`_uuid_[0-9a-f-]+`)

// TestMeshNeedsDevices: more devices than there are is an error before anything is compiled.
func TestMeshNeedsDevices(t *testing.T) {
	recipe := recipe(t, ssl.SimCLR{})
	for want, mesh := range map[string]kit.Mesh{
		"Mesh.Data is 8; 8 × 1 devices are more than there are on xla:cpu": {Data: 8},
		"Mesh.Data is 4; 4 × 2 devices are more":                           {Data: 4, Model: 2},
	} {
		recipe.Mesh = mesh
		_, err := kit.Pretrain(t.TempDir(), recipe)
		if err = cmp.Or(err, recipe.Check()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v", err)
		}
	}
}

// weights is the file of weights of what build brings into being: random ones, so large that what
// goes in can be told from what comes out.
func weights(t *testing.T, in func(*model.Store) *model.Scope, build func(*model.Scope) error) string {
	t.Helper()
	scope := in(model.NewStore())
	if err := build(scope); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for v := range scope.IterVariables() {
		values := make([]float32, v.Shape().Size())
		for i := range values {
			values[i] = float32(random.Float64() - .5)
			if v.Shape().Rank() == 1 { // Scales and variances are positive.
				values[i]++
			}
		}
		if err := v.SetValue(tensors.FromFlatDataAndDimensions(values, v.Shape().Dimensions...)); err != nil {
			t.Fatal(err)
		}
	}
	all, err := encoder.Weights(scope)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "random.safetensors")
	if err := encoder.WriteSafetensors(path, all, nil); err != nil {
		t.Fatal(err)
	}
	return path
}

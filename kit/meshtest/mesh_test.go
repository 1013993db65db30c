package meshtest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"

	"sslkit/kit"
	"sslkit/kit/device/devicetest"
	"sslkit/kit/encoder"
	"sslkit/kit/methodtest"
	"sslkit/kit/optim"
	"sslkit/kit/rundir"
	"sslkit/kit/ssl"
)

// TestMain shows the CPU as four devices. XLA compiles as soon as it can: compiling is what these
// tests take their time for.
func TestMain(m *testing.M) {
	os.Unsetenv(compute.ConfigEnvVar) // The Go backend has one device.
	os.Setenv("XLA_FLAGS", "--xla_force_host_platform_device_count=4 "+devicetest.CompileSoon)
	os.Exit(m.Run())
}

const steps = 50

// TestLossesAreThoseOfOneDevice: the loss and the norm of the gradient are the same at every step.
func TestLossesAreThoseOfOneDevice(t *testing.T) {
	every := os.Getenv("SSLKIT_SEEDS") != ""
	all := methodtest.Recipes(t, steps)
	inParts := all["ssl.SimCLR"]
	inParts.MicroBatch, inParts.Rematerialize = 8, true
	all["micro-batches"] = inParts
	quick := append([]string{"micro-batches"}, methodtest.Quick...)
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
	recipe := methodtest.Recipe(t, ssl.BYOL{Hidden: 8, Out: 8}, steps)
	recipe.Optimizer, recipe.Start, recipe.Encoder = optim.AdamW{}, "", encoder.ViT{Patch: 8, Width: 8, Depth: 1, Heads: 2, StochasticDepth: .5}
	recipe.Steps, recipe.CheckpointEvery, recipe.EMA = 4, 2, .5
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
	files := []string{rundir.EncoderFile, rundir.TeacherFile, rundir.AverageFile}
	for _, name := range files {
		if !bytes.Equal(content(t, again, name), content(t, unbroken, name)) {
			t.Errorf("a second run's %s differs", name)
		}
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
	for _, name := range files {
		if !bytes.Equal(content(t, again, name), content(t, unbroken, name)) {
			t.Errorf("the resumed run's %s differs from the unbroken one's", name)
		}
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
	recipe := methodtest.Recipe(t, ssl.SimCLR{}, steps)
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

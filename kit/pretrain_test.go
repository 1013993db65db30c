package kit

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/device/devicetest"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/rundir"
	"sslkit/kit/ssl"
	"sslkit/plots"
)

// small is a recipe that trains in half a second. Its crops are half as wide as the images: the Go
// backend's convolutions are what these tests would take their time for.
func small() Recipe {
	return Recipe{
		Data:    data.Shapes{Train: 96, Validation: 32, Test: 32},
		Encoder: encoder.ResNet{Depth: 10, Width: 2, Stem: encoder.HalfStem},
		Method:  ssl.SimCLR{Out: 8},
		Augment: crops(16),
		Batch:   16, Steps: 12, Seed: 3, CheckpointEvery: 3, MonitorEvery: 6,
	}
}

// crops is the augmentation of the small recipe, with crops of a size.
func crops(size int) []augment.Pipeline {
	return []augment.Pipeline{{augment.RandomResizedCrop{Size: size}, augment.Flip{}, augment.Normalize{}}}
}

func pretrained(t *testing.T, dir string, recipe Recipe) *Run {
	t.Helper()
	run, err := Pretrain(dir, recipe)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// smallRun is the small recipe's run, trained once for all tests.
var smallRun = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(shared, "small")
	_, err := Pretrain(dir, small())
	return dir, err
})

// finished is a copy of the small recipe's run, for a test that reads it.
func finished(t *testing.T) *Run {
	t.Helper()
	trained, err := smallRun()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "run")
	if err := os.CopyFS(dir, os.DirFS(trained)); err != nil {
		t.Fatal(err)
	}
	run, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// unfinished is a run of the recipe that has not begun to train.
func unfinished(t *testing.T, recipe Recipe) *Run {
	t.Helper()
	set, err := recipe.Data.Open(data.Train)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	resolved, _, err := recipe.plan(set)
	if err != nil {
		t.Fatal(err)
	}
	return &Run{Dir: t.TempDir(), Recipe: resolved}
}

func content(t *testing.T, elements ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(elements...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// encoderFiles are the files that a training writes when it ends.
var encoderFiles = []string{rundir.EncoderFile, rundir.TeacherFile, rundir.AverageFile}

// loseLastCheckpoint makes a finished run one that was interrupted behind its last checkpoint but
// one.
func loseLastCheckpoint(t *testing.T, dir string) {
	t.Helper()
	checkpoints, err := rundir.Dir(dir).Checkpoints()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(checkpoints[len(checkpoints)-1]); err != nil {
		t.Fatal(err)
	}
	unfinish(t, dir)
}

// unfinish makes a finished run one that was interrupted behind its last checkpoint.
func unfinish(t *testing.T, dir string) {
	t.Helper()
	for _, name := range encoderFiles {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(rundir.Dir(dir).Begin(), rundir.Dir(dir).Seal(rundir.InitialFile)); err != nil {
		t.Fatal(err)
	}
}

// checkResumed checks that a finished run ends in the same bits where it is interrupted and
// resumed, between two checkpoints and behind the last one; with says what is special about it.
func checkResumed(t *testing.T, dir string, recipe Recipe, with string) {
	t.Helper()
	want := map[string][]byte{}
	for _, name := range encoderFiles {
		if rundir.Exists(filepath.Join(dir, name)) {
			want[name] = content(t, dir, name)
		}
	}
	for at, interrupt := range map[string]func(*testing.T, string){
		"between checkpoints": loseLastCheckpoint, "behind the last one": unfinish,
	} {
		interrupt(t, dir)
		pretrained(t, dir, recipe)
		for name, whole := range want {
			if path := filepath.Join(dir, name); !rundir.Exists(path) {
				t.Errorf("with %s, interrupted %s: the resumed run has no %s", with, at, name)
			} else if !bytes.Equal(content(t, path), whole) {
				t.Errorf("with %s, interrupted %s: %s of the resumed run differs from the unbroken one's", with, at, name)
			}
		}
	}
}

func TestPretrainKeepsEverythingInItsDirectory(t *testing.T) {
	dir := t.TempDir()
	run := pretrained(t, dir, small())
	for _, name := range []string{rundir.RecipeFile, rundir.EnvironmentFile, rundir.MetricsFile, rundir.InitialFile, rundir.EncoderFile} {
		if !rundir.Exists(filepath.Join(dir, name)) {
			t.Errorf("no %s", name)
		}
	}
	for _, want := range []string{`"ssl.SimCLR"`, `"Temperature": 0.5`, `"optim.LARS"`, `"Steps": 12`, `"data.Shapes"`, `"Augment": [`} {
		if !strings.Contains(string(content(t, dir, rundir.RecipeFile)), want) {
			t.Errorf("%s does not tell %s", rundir.RecipeFile, want)
		}
	}
	metrics, err := run.Metrics()
	if err != nil {
		t.Fatal(err)
	}
	if seconds, err := run.Seconds(); err != nil || seconds <= 0 {
		t.Errorf("%g seconds of training, %v", seconds, err)
	}
	if last := metrics[len(metrics)-1]; last.Waited <= 0 || last.Waited > last.Seconds {
		t.Errorf("%g of %g seconds waiting for images", last.Waited, last.Seconds)
	}
	if len(metrics) != 13 || metrics[0].Monitor == nil || metrics[6].Monitor == nil || metrics[12].Step != 12 {
		t.Errorf("%d lines of metrics, the first %+v, the last %+v", len(metrics), metrics[0], metrics[len(metrics)-1])
	}
	if metrics[1].Loss <= 0 || metrics[1].GradientNorm <= 0 || metrics[5].LearningRate <= metrics[12].LearningRate {
		t.Errorf("metrics %+v", metrics)
	}
	if bytes.Equal(content(t, dir, rundir.InitialFile), content(t, dir, rundir.EncoderFile)) {
		t.Error("training did not change the encoder")
	}
	if checkpoints, err := rundir.Dir(dir).Checkpoints(); err != nil || len(checkpoints) != 2 {
		t.Errorf("%d checkpoints are kept (%v), want %d", len(checkpoints), err, 2)
	}

	// A finished run is loaded at once, and nothing is written.
	before, err := os.Stat(filepath.Join(dir, rundir.EncoderFile))
	if err != nil {
		t.Fatal(err)
	}
	again := pretrained(t, dir, small())
	after, err := os.Stat(filepath.Join(dir, rundir.EncoderFile))
	if err != nil {
		t.Fatal(err)
	}
	if !again.Finished() || !after.ModTime().Equal(before.ModTime()) {
		t.Error("a finished run was trained again")
	}
}

func TestFeaturesAreCachedAndNameTheirEncoder(t *testing.T) {
	run := finished(t)
	first, err := run.Features(data.Test)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Check(); err != nil {
		t.Error(err)
	}
	if first.N != 32 || first.Dim != 16 || first.Encoder == "" {
		t.Errorf("%d features of %d dimensions, encoder %q", first.N, first.Dim, first.Encoder)
	}
	if hash, err := first.Rehash(); err != nil || hash != first.Encoder {
		t.Errorf("the hash of the encoder changed to %s (%v)", hash, err)
	}
	if files, _ := filepath.Glob(filepath.Join(run.Dir, rundir.FeaturesDir, "*")); len(files) != 1 {
		t.Errorf("%d cached files, want 1", len(files))
	}
	second, err := run.Features(data.Test)
	if err != nil {
		t.Fatal(err)
	}
	for i := range first.X {
		if first.X[i] != second.X[i] {
			t.Fatal("the cached features differ")
		}
	}
	initial, err := run.InitialFeatures(data.Test)
	if err != nil {
		t.Fatal(err)
	}
	if initial.Encoder == first.Encoder {
		t.Error("the encoder before training has the hash of the trained one")
	}
}

func TestFiguresOfARun(t *testing.T) {
	run := finished(t)
	for name, draw := range map[string]func() (*plots.Figure, error){
		"LossCurve":        run.LossCurve,
		"CollapseMonitors": run.CollapseMonitors,
		"Retrieval":        func() (*plots.Figure, error) { return run.Retrieval(2, 3) },
		"Views":            func() (*plots.Figure, error) { return run.Recipe.Views(2, 3) },
	} {
		figure, err := draw()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if png, err := figure.PNG(); err != nil || len(png) == 0 {
			t.Errorf("%s: %d bytes, %v", name, len(png), err)
		}
	}
}

func TestEmbeddingsAreTheMethodsOwn(t *testing.T) {
	recipe := small()
	recipe.Method = ssl.Supervised{Classes: 10}
	recipe.Augment = nil
	run := pretrained(t, t.TempDir(), recipe)
	logits, err := run.Embeddings(data.Test)
	if err != nil {
		t.Fatal(err)
	}
	if logits.N != 32 || logits.Dim != 10 || logits.Check() != nil {
		t.Errorf("logits %d × %d, %v", logits.N, logits.Dim, logits.Check())
	}
}

// trainInChild, in the environment, makes this test binary train in that directory, perhaps to be
// killed.
const trainInChild = "SSLKIT_TEST_TRAIN"

// TestKilledRunEndsInTheSameBits kills children that train. On XLA it is asked once, since it
// compiles the same graph in each.
func TestKilledRunEndsInTheSameBits(t *testing.T) {
	recipe := small()
	recipe.Encoder, recipe.Steps = tiny, 40 // Long enough for the kill to come before the end.
	recipe.Augment = []augment.Pipeline{{augment.Flip{}, augment.Normalize{}}}
	if dir := os.Getenv(trainInChild); dir != "" {
		pretrained(t, dir, recipe)
		return
	}
	for backend, kills := range map[string][]int{
		"go":      {1, 8}, // The steps at which it is killed: before the first checkpoint, and between two.
		"xla:cpu": {8},
	} {
		t.Run(backend, func(t *testing.T) {
			train := func(dir string) *exec.Cmd {
				child := exec.Command(os.Args[0], "-test.run=^TestKilledRunEndsInTheSameBits$")
				child.Env = append(os.Environ(), trainInChild+"="+dir, "GOMLX_BACKEND="+backend, "XLA_FLAGS="+devicetest.CompileSoon)
				return child
			}
			whole := func(dir string) {
				if out, err := train(dir).CombinedOutput(); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
			}
			unbroken, broken := t.TempDir(), t.TempDir()
			whole(unbroken)
			for _, killAt := range kills {
				child := train(broken)
				if err := child.Start(); err != nil {
					t.Fatal(err)
				}
				started := time.Now()
				for reached := 0; reached < killAt; time.Sleep(time.Millisecond) {
					if time.Since(started) > 5*time.Minute {
						t.Fatal("the child does not get on")
					}
					if metrics, err := rundir.Dir(broken).Metrics(); err == nil && len(metrics) > 0 {
						reached = metrics[len(metrics)-1].Step
					}
				}
				child.Process.Kill()
				child.Wait()
				if rundir.Exists(filepath.Join(broken, rundir.EncoderFile)) {
					t.Fatal("the child was done before it was killed")
				}
			}
			whole(broken)
			if !bytes.Equal(content(t, unbroken, rundir.EncoderFile), content(t, broken, rundir.EncoderFile)) {
				t.Error("the resumed run's encoder differs from the unbroken one's")
			}
			metrics, err := rundir.Dir(broken).Metrics()
			if err != nil {
				t.Fatal(err)
			}
			if len(metrics) != recipe.Steps+1 {
				t.Errorf("%d lines of metrics, want %d", len(metrics), recipe.Steps+1)
			}
			for i, m := range metrics {
				if m.Step != i {
					t.Fatalf("line %d of the metrics is of step %d", i, m.Step)
				}
			}
		})
	}
}

func TestBadRecipesAreErrorsBeforeAnythingIsCompiled(t *testing.T) {
	for field, change := range map[string]func(*Recipe){
		"Data":            func(r *Recipe) { r.Data = nil },
		"Encoder":         func(r *Recipe) { r.Encoder = nil },
		"Method":          func(r *Recipe) { r.Method = nil },
		"Epochs":          func(r *Recipe) { r.Steps = 0 },
		"Steps":           func(r *Recipe) { r.Steps = -1 },
		"give one":        func(r *Recipe) { r.Epochs = 1 },
		"Batch is 0":      func(r *Recipe) { r.Batch = 0 },
		"from 1 to 96":    func(r *Recipe) { r.Batch = 97 },
		"Precision":       func(r *Recipe) { r.Precision = 7 },
		"MonitorEvery":    func(r *Recipe) { r.MonitorEvery = -1 },
		"CheckpointEvery": func(r *Recipe) { r.CheckpointEvery = -1 },
		"Augment":         func(r *Recipe) { r.Augment = make([]augment.Pipeline, 3) },
		"Temperature":     func(r *Recipe) { r.Method = ssl.SimCLR{Temperature: -1} },
		"Depth":           func(r *Recipe) { r.Encoder = encoder.ResNet{Depth: 3} },
		"Momentum":        func(r *Recipe) { r.Optimizer = optim.SGD{LR: 1, Momentum: 2} },
		"at least 2":      func(r *Recipe) { r.Batch = 1 },
		"at least 64×64":  func(r *Recipe) { r.Encoder = encoder.ResNet{Stem: encoder.Stem{Kernel: 7, Stride: 8}} },
		"Warmup":          func(r *Recipe) { r.Schedule = optim.WarmupCosine{Warmup: 1} },
	} {
		recipe := small()
		change(&recipe)
		dir := t.TempDir()
		_, err := Pretrain(dir, recipe)
		if err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: error %v", field, err)
		}
		if rundir.Exists(filepath.Join(dir, rundir.RecipeFile)) {
			t.Errorf("%s: the run was begun before the error", field)
		}
	}
}

func TestAnotherRecipeInTheSameDirectoryShowsTheDifference(t *testing.T) {
	dir := finished(t).Dir
	other := small()
	other.Seed = 4
	_, err := Pretrain(dir, other)
	if err == nil || !strings.Contains(err.Error(), "Seed: 4, in the directory 3") {
		t.Errorf("error %v", err)
	}
	if strings.Contains(err.Error(), "Temperature") {
		t.Errorf("the error shows what is the same: %v", err)
	}
}

func TestSecondWriterIsToldOfTheFirst(t *testing.T) {
	dir := t.TempDir()
	held, err := rundir.Dir(dir).Lock()
	if err != nil {
		t.Fatal(err)
	}
	_, err = Pretrain(dir, small())
	if err == nil || !strings.Contains(err.Error(), "process ") {
		t.Errorf("error %v does not name the first writer", err)
	}
	held.Release()
	pretrained(t, dir, small())
}

func TestDirectoryThatCannotBeWrittenIsAnError(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Pretrain(filepath.Join(file, "run"), small()); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("error %v does not name the path", err)
	}
}

func TestDivergenceStopsWithStepAndCause(t *testing.T) {
	recipe := small()
	recipe.Optimizer = optim.SGD{LR: 1e16}
	recipe.Schedule = optim.Constant{}
	dir := t.TempDir()
	_, err := Pretrain(dir, recipe)
	if err == nil || !strings.Contains(err.Error(), "stopped at step") || !strings.Contains(err.Error(), "learning rate") {
		t.Errorf("error %v", err)
	}
	if rundir.Exists(filepath.Join(dir, rundir.EncoderFile)) {
		t.Error("a diverged encoder was written")
	}
}

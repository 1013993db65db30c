package rundir

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/data"
)

// oneWeight is a store with one variable.
func oneWeight() *model.Store {
	store := model.NewStore()
	store.VariableWithValue("w", tensors.FromFlatDataAndDimensions([]float32{1, 2, 3}, 3))
	return store
}

// begun is the directory of a run that has not trained yet.
func begun(t *testing.T) Dir {
	t.Helper()
	set, err := data.Shapes{Train: 96}.Open(data.Train)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	dir := Dir(t.TempDir())
	if err := errors.Join(
		os.WriteFile(dir.Path(RecipeFile), fmt.Appendf(nil, `{"Format": %d}`, SumsSince), 0o644),
		dir.BeginEnvironment(set), dir.Begin(),
	); err != nil {
		t.Fatal(err)
	}
	return dir
}

// trained is the directory of a finished run, as far as this package knows it.
func trained(t *testing.T) Dir {
	t.Helper()
	dir := begun(t)
	log, _, err := dir.OpenMetrics(-1)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(
		os.WriteFile(dir.Path(InitialFile), []byte("initial"), 0o644), dir.Seal(InitialFile),
		log.Write(Metrics{}), log.Close(),
		dir.SaveCheckpoint(oneWeight(), 3),
		os.WriteFile(dir.Path(EncoderFile), []byte("encoder"), 0o644), dir.Finish(),
	); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestSumsThatLackAPart: a line of SHA256SUMS that is gone would let its file go too.
func TestSumsThatLackAPart(t *testing.T) {
	whole := trained(t)
	if err := whole.Check(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(whole.Path(SumsFile))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(strings.TrimSuffix(string(content), "\n"), "\n")
	for i, line := range lines {
		_, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		if name == EncoderFile { // Then the run is not finished.
			continue
		}
		t.Run(name, func(t *testing.T) {
			dir := Dir(filepath.Join(t.TempDir(), "run"))
			if err := os.CopyFS(string(dir), os.DirFS(string(whole))); err != nil {
				t.Fatal(err)
			}
			rest := strings.Join(lines[:i], "") + strings.Join(lines[i+1:], "")
			if err := os.WriteFile(dir.Path(SumsFile), []byte(strings.TrimSuffix(rest, "\n")+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := dir.Check(); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), SumsFile) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// resumeInChild, in the environment, makes this test binary go on elsewhere in that directory, again
// and again, until it is killed.
const resumeInChild = "SSLKIT_TEST_RESUME_ELSEWHERE"

// TestKilledWhileConditionsAreWritten: whatever the moment, what is there can be read.
func TestKilledWhileConditionsAreWritten(t *testing.T) {
	if dir := Dir(os.Getenv(resumeInChild)); dir != "" {
		var err error
		for i := 0; err == nil; i++ {
			os.Setenv("XLA_FLAGS", fmt.Sprint("--", i))
			err = dir.ResumeElsewhere(9)
		}
		t.Fatal(err)
	}
	dir := begun(t)
	for i := range 20 {
		child := exec.Command(os.Args[0], "-test.run=^TestKilledWhileConditionsAreWritten$")
		child.Env = append(os.Environ(), resumeInChild+"="+string(dir))
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		before, _ := os.Stat(dir.Path(SumsFile))
		for now := before; os.SameFile(before, now); now, _ = os.Stat(dir.Path(SumsFile)) {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Duration(i) * 717 * time.Microsecond)
		child.Process.Kill()
		child.Wait()
		if _, err := dir.ResumedUnder(); err != nil {
			t.Fatalf("kill %d: %v", i, err)
		}
	}
}

// TestBeginningAnewForgetsItsSums, which are not those of what is written next: whoever is killed
// in between leaves nothing that seems damaged.
func TestBeginningAnewForgetsItsSums(t *testing.T) {
	dir := begun(t)
	if err := os.WriteFile(dir.Path(EnvironmentFile), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	set, err := data.Shapes{Train: 96, Seed: 9}.Open(data.Train)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	if err := dir.BeginEnvironment(set); err != nil { // And no Begin.
		t.Fatal(err)
	}
	if began, err := dir.Environment(); err != nil || began.DataHash != set.Fingerprint() {
		t.Errorf("%+v, %v", began, err)
	}
}

// TestBeginningAnewLeavesNoOtherRunsHead, which would pass for this run's, and takes no trained
// encoder away.
func TestBeginningAnewLeavesNoOtherRunsHead(t *testing.T) {
	dir := trained(t)
	if err := os.WriteFile(dir.Path(HeadFile), []byte("head"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := dir.Begin(); err == nil || !strings.Contains(err.Error(), dir.Path(EncoderFile)) || !Exists(dir.Path(EncoderFile)) {
		t.Errorf("with a trained encoder: %v", err)
	}
	if err := errors.Join(os.Remove(dir.Path(EncoderFile)), dir.Begin()); err != nil {
		t.Fatal(err)
	}
	if Exists(dir.Path(HeadFile)) {
		t.Error("the head of the run before is still there")
	}
}

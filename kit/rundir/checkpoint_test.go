package rundir

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sslkit/kit/encoder"
	"strings"
	"syscall"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// fillDiskInChild, in the environment, makes this test binary save in that directory on what acts
// like a full disk.
const fillDiskInChild = "SSLKIT_TEST_FULL_DISK"

func TestFullDiskKeepsThePreviousCheckpoint(t *testing.T) {
	store := model.NewStore()
	store.VariableWithValue("w", tensors.FromFlatDataAndDimensions(make([]float32, 1<<16), 1<<16))
	if dir := os.Getenv(fillDiskInChild); dir != "" {
		saveOnFullDisk(t, dir, store)
		return
	}
	dir := t.TempDir()
	if err := Dir(dir).SaveCheckpoint(store, 1); err != nil {
		t.Fatal(err)
	}
	// In a process of its own, since the limit would hold for what the testing package writes too.
	child := exec.Command(os.Args[0], "-test.run=^TestFullDiskKeepsThePreviousCheckpoint$")
	child.Env = append(os.Environ(), fillDiskInChild+"="+dir)
	if out, err := child.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	entries, _ := os.ReadDir(filepath.Join(dir, checkpointDir))
	if len(entries) != 1 || entries[0].Name() != "step-000000001" {
		t.Errorf("in %s: %v, want the checkpoint of step 1 alone", checkpointDir, entries)
	}
	restored := model.NewStore()
	if err := loadCheckpoint(filepath.Join(dir, checkpointDir, "step-000000001"), restored); err != nil {
		t.Fatal(err)
	}
	if v := restored.GetVariable("/w"); v == nil || v.Shape().Size() != 1<<16 {
		t.Error("the checkpoint of step 1 is not whole")
	}
}

// saveOnFullDisk checks that saving is an error where no file may grow past 4 KiB, which fails a
// write as a full disk does.
func saveOnFullDisk(t *testing.T, dir string, store *model.Store) {
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 4096, Max: 4096}); err != nil {
		t.Fatalf("limiting the size of files: %v", err)
	}
	if err := Dir(dir).SaveCheckpoint(store, 2); err == nil || !strings.Contains(err.Error(), "step 2") {
		t.Errorf("error %v", err)
	}
	weights := []encoder.Tensor{{Name: "w", Shape: []int{1 << 16}, Data: make([]float32, 1<<16)}}
	err := encoder.WriteSafetensors(filepath.Join(dir, EncoderFile), weights, nil)
	if err == nil || Exists(filepath.Join(dir, EncoderFile)) {
		t.Errorf("half an encoder was left, with error %v", err)
	}
}

// TestBestCheckpointsStayWhileTheyAreWanted: a training that goes on at a checkpoint finds the one
// that was the best then.
func TestBestCheckpointsStayWhileTheyAreWanted(t *testing.T) {
	dir, store := Dir(t.TempDir()), oneWeight()
	save := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check := func(step int, there bool) {
		t.Helper()
		if err := dir.CheckBest(step); (err == nil) != there {
			t.Errorf("the best checkpoint of step %d: %v", step, err)
		}
	}
	save(dir.SaveBest(store, 1))
	save(dir.SaveBest(store, 2))
	check(1, false) // There is no checkpoint to go on at.
	save(dir.SaveCheckpoint(store, 3))
	save(dir.SaveBest(store, 4))
	save(dir.SaveBest(store, 5))
	check(2, true)
	check(4, false)
	save(dir.SaveCheckpoint(store, 6))
	check(2, true) // Where that of step 6 is damaged.
	save(dir.SaveCheckpoint(store, 9))
	check(2, false)
	check(5, true)
}

// TestWhatIsBehindTheStepIsForgotten where a training goes on at an earlier checkpoint than the
// last: the steps in between are trained anew, under other conditions perhaps.
func TestWhatIsBehindTheStepIsForgotten(t *testing.T) {
	dir, store := begun(t), oneWeight()
	t.Setenv("XLA_FLAGS", "--later")
	if err := errors.Join(
		dir.SaveBest(store, 2), dir.SaveCheckpoint(store, 3), dir.SaveBest(store, 5), dir.SaveCheckpoint(store, 6),
		dir.ResumeElsewhere(6),
	); err != nil {
		t.Fatal(err)
	}
	if err := dir.MatchConditions(6); err != nil {
		t.Errorf("the conditions behind step 6: %v", err)
	}
	var elsewhere *Elsewhere
	if err := dir.MatchConditions(3); !errors.As(err, &elsewhere) {
		t.Errorf("the conditions behind step 3 are those of step 6: %v", err)
	}
	for _, step := range []int{6, 3} {
		if err := dir.ForgetAfter(step); err != nil {
			t.Fatal(err)
		}
		checkpoints, err := dir.Checkpoints()
		resumed, err2 := dir.ResumedUnder()
		if err := errors.Join(err, err2); err != nil || len(checkpoints) != step/3 || len(resumed) != step/6 || len(dir.bests()) != step/3 {
			t.Errorf("behind step %d: %v, best %v, %v, %v", step, checkpoints, dir.bests(), resumed, err)
		}
	}
	if Exists(dir.Path("env-after-6.json")) {
		t.Error("the conditions behind step 6 are still there")
	}
}

// TestUmaskHoldsForCheckpoints as it does for all else in a run directory.
func TestUmaskHoldsForCheckpoints(t *testing.T) {
	for umask, want := range map[int]os.FileMode{0o022: 0o755, 0o002: 0o755, 0o077: 0o700} {
		dir := Dir(t.TempDir())
		before := syscall.Umask(umask)
		err := dir.SaveCheckpoint(oneWeight(), 1)
		syscall.Umask(before)
		if err != nil {
			t.Fatal(err)
		}
		err = filepath.WalkDir(dir.Path(checkpointDir), func(path string, entry os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			want := want
			if !entry.IsDir() {
				want &= 0o644
			}
			if info, err := entry.Info(); err != nil || info.Mode().Perm() != want {
				t.Errorf("umask %o: %s is %v, want %v; %v", umask, path, info.Mode(), want, err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// TestHiddenFilesDamageNothing: macOS leaves them where a folder is looked at, or copied.
func TestHiddenFilesDamageNothing(t *testing.T) {
	dir := trained(t)
	checkpoints, err := dir.Checkpoints()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{".DS_Store", "._checkpoint.bin"} {
		if err := os.WriteFile(filepath.Join(checkpoints[0], name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	_, _, err = dir.Kept()
	if err := errors.Join(err, dir.Check()); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(checkpoints[0], "checkpoint-n9.json"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := dir.Check(); err == nil {
		t.Error("a file that would be loaded is no error")
	}
}

// TestKeptWhileATrainingWrites: a checkpoint that gives way to the next one is not damaged.
func TestKeptWhileATrainingWrites(t *testing.T) {
	dir := begun(t)
	if err := dir.SaveBest(oneWeight(), 1); err != nil {
		t.Fatal(err)
	}
	written := make(chan error)
	go func() {
		var err error
		for step := 2; step < 30 && err == nil; step++ {
			err = dir.SaveBest(oneWeight(), step)
		}
		written <- err
	}()
	for {
		select {
		case err := <-written:
			if err != nil {
				t.Error(err)
			}
			return
		default:
			if _, _, err := dir.Kept(); err != nil {
				t.Errorf("while it is written: %v", err)
				<-written
				return
			}
		}
	}
}

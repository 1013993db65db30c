package rundir

import (
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

package train

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/data"
	"sslkit/kit/interrupt"
	"sslkit/kit/rundir"
)

// TestInterruptWhileAResumedTrainingCompiles says what is kept: compiling may take longer than the
// time that a notebook leaves.
func TestInterruptWhileAResumedTrainingCompiles(t *testing.T) {
	set, err := data.Shapes{Train: 96}.Open(data.Train)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	store := model.NewStore()
	store.VariableWithValue("w", tensors.FromFlatDataAndDimensions([]float32{1}, 1))
	dir := rundir.Dir(t.TempDir())
	log, _, err := dir.OpenMetrics(-1)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(
		os.WriteFile(dir.Path(rundir.RecipeFile), fmt.Appendf(nil, `{"Format": %d}`, rundir.SumsSince), 0o644),
		dir.BeginEnvironment(set), dir.Begin(), dir.SaveCheckpoint(store, 1),
		log.Write(rundir.Metrics{}), log.Write(rundir.Metrics{Step: 1}), log.Close(),
	); err != nil {
		t.Fatal(err)
	}
	training := &training{dir: dir, store: model.NewStore(), user: interrupt.Begin()}
	defer training.user.End()
	if resumed, err := training.resume(); err != nil || !resumed {
		t.Fatal(resumed, err)
	}
	process, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = process.Signal(os.Interrupt)
	}
	if err != nil {
		t.Skip("no interrupt can be sent here:", err)
	}
	for began := time.Now(); !training.user.Asked() && time.Since(began) < time.Minute; {
		time.Sleep(time.Millisecond)
	}
	if err := training.user.Err(); err == nil || !strings.Contains(err.Error(), "after step 1; its checkpoint is kept") {
		t.Errorf("said %v", err)
	}
}

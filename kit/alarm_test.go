package kit

import (
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/encoder"
)

// TestConstantEncoderRaisesTheAlarm: who sees all images black gives them all the same
// representation, the degenerate solution.
func TestConstantEncoderRaisesTheAlarm(t *testing.T) {
	recipe := small()
	recipe.Encoder = blind{encoder.ResNet{Depth: 10, Width: 2, Stem: encoder.HalfStem}}
	recipe.MonitorEvery, recipe.Steps, recipe.Batch = 1, 4, 8
	run := pretrained(t, t.TempDir(), recipe)
	alarm, err := run.Alarm()
	if err != nil || alarm == nil || alarm.Since != 1 {
		t.Errorf("alarm %v, error %v", alarm, err)
	}
	recipe.StopOnCollapse = true
	if _, err := Pretrain(t.TempDir(), recipe); err == nil || !strings.Contains(err.Error(), "COLLAPSE since step 1") {
		t.Errorf("error %v does not tell of the collapse", err)
	}
	healthy := finished(t)
	if alarm, err := healthy.Alarm(); alarm != nil || err != nil {
		t.Errorf("a healthy run has alarm %v, error %v", alarm, err)
	}
}

// blind is an encoder that sees all images black.
type blind struct{ encoder.Encoder }

func (b blind) Encode(scope *model.Scope, images *Node) encoder.Output {
	return b.Encoder.Encode(scope, ZerosLike(images))
}

package semi

import (
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/device/devicetest"
)

func TestSupervisedIsTheCrossEntropyOfThoseWithLabels(t *testing.T) {
	t.Parallel()
	m := resolved(Supervised{Classes: 3, Share: .4})
	loss, logits, _ := lossAndLogits(t, model.NewStore(), m, augment.State(1, 0))
	near(t, "loss", loss, crossEntropy(logits[:2], oneHot([]int{2, 0}, 3)), 1e-4)
}

// What has no label must not pass through the encoder either: its norms would see it.
func TestSupervisedEncodesOnlyWhatHasLabels(t *testing.T) {
	t.Parallel()
	m := resolved(Supervised{Classes: 3, Share: .4})
	exec, err := model.NewExec(devicetest.Backend(t), model.NewStore(), func(scope *model.Scope, in []*Node) []*Node {
		loss := m.Loss(stepOf(scope, in[:1], in[1], nil, nil, in[2]))
		return []*Node{Gradient(loss, in[0])[0]}
	})
	if err != nil {
		t.Fatal(err)
	}
	state := augment.State(1, 0)
	outputs, err := exec.Call(lossStep.views[0], lossStep.labels, state[:])
	if err != nil {
		t.Fatal(err)
	}
	for i, image := range outputs[0].Value().([][][][]float32) {
		var sum float32
		for _, v := range image[0][0] {
			sum += v * v
		}
		if labelled := i < 2; labelled != (sum > 0) {
			t.Errorf("the gradient of image %d has the squared length %g; only images 0 and 1 have labels", i, sum)
		}
	}
}

func TestSupervisedCheck(t *testing.T) {
	t.Parallel()
	if err := checked(Supervised{Classes: 10}, 64, 32, 32); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	for field, bad := range map[string]Supervised{"Classes": {}, "Share": {Classes: 3, Share: 2}} {
		if err := checked(bad, 64, 32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	if err := (Supervised{Classes: 3}).CheckLabels([]string{"a"}); err == nil || !strings.Contains(err.Error(), "Classes is 3") {
		t.Errorf("error %v does not tell the number of classes", err)
	}
}

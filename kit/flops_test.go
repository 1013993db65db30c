package kit

import (
	"testing"

	"sslkit/data"
	"sslkit/kit/encoder"
	"sslkit/kit/ssl"
)

// A step of SimCLR is about three passes, forward and back, over two views; a teacher of BYOL adds
// one forward, and so does what computes activations again.
func TestStepFLOPs(t *testing.T) {
	recipe := small()
	recipe.Encoder, recipe.Augment = encoder.ResNet{Depth: 10, Width: 4}, crops(32)
	pass := 2 * float64(recipe.Batch) * float64(recipe.Encoder.Cost(32, 32).FLOPs())
	count := func(method ssl.Method) float64 {
		recipe.Method = method
		flops, err := unfinished(t, recipe).StepFLOPs()
		if err != nil {
			t.Fatal(err)
		}
		return flops / pass
	}
	if passes := count(ssl.SimCLR{Hidden: 8, Out: 8}); passes < 2.7 || passes > 3.3 {
		t.Errorf("a step of SimCLR is %.2f passes", passes)
	}
	if passes := count(ssl.BYOL{Hidden: 8, Out: 8}); passes < 3.7 || passes > 4.3 {
		t.Errorf("a step of BYOL is %.2f passes", passes)
	}
	plain := count(ssl.SimCLR{Hidden: 8, Out: 8})
	for name, change := range map[string]func(*Recipe){
		"micro-batches": func(r *Recipe) { r.MicroBatch = 4 },
		"rematerialize": func(r *Recipe) { r.Rematerialize = true },
		"both":          func(r *Recipe) { r.MicroBatch, r.Rematerialize = 4, true },
	} {
		whole := recipe
		change(&recipe)
		if more := count(ssl.SimCLR{Hidden: 8, Out: 8}) - plain; more < .8 || more > 1.1 {
			t.Errorf("%s: %.2f passes more, want one forward", name, more)
		}
		recipe = whole
	}
	clip := ssl.CLIP{Out: 8, Text: encoder.Text{Width: 8, Depth: 1, Heads: 1}}
	if passes := count(clip); passes < 1.3 || passes > 2 {
		t.Errorf("a step of CLIP is %.2f passes", passes)
	}
	recipe.Method = ssl.SimCLR{Hidden: 8, Out: 8}
	cost, err := StepCostOf(recipe)
	if flops, _ := unfinished(t, recipe).StepFLOPs(); err != nil || cost.FLOPs != flops {
		t.Errorf("StepCostOf: %+v, error %v; StepFLOPs is %g", cost, err, flops)
	}
	if least := recipe.Encoder.Cost(32, 32).Params; cost.Trained <= least || cost.Kept <= 0 || cost.Bytes <= cost.Kept {
		t.Errorf("%+v of an encoder with %d parameters", cost, least)
	}
	recipe.Precision = BFloat16
	if half, err := StepCostOf(recipe); err != nil || half.Kept > .6*cost.Kept || half.FLOPs != cost.FLOPs {
		t.Errorf("in bfloat16 %+v, error %v, in float32 %+v", half, err, cost)
	}
	recipe.Data = data.Shapes{Train: -1}
	if _, err := StepCostOf(recipe); err == nil {
		t.Error("StepCostOf: images that can't be opened are no error")
	}
	if _, err := (&Run{Dir: "runs/x", Recipe: recipe}).StepFLOPs(); err == nil {
		t.Error("images that can't be opened are no error")
	}
}

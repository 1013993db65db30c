package optim_test

import (
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"sslkit/kit/device/devicetest"
	"sslkit/kit/optim"
)

// 10 epochs of 1000 as warm-up, one step an epoch, as in solo-learn's recipes.
func TestWarmupCosineKnownSteps(t *testing.T) {
	s := optim.WarmupCosine{Warmup: .01, Start: 3e-5}
	const steps, peak = 1000, .4
	for _, test := range []struct {
		name string
		step int
		want float64
	}{
		{"first", 0, 3e-5},
		{"middle of the warm-up", 5, (3e-5 + .4) / 2},
		{"end of the warm-up", 10, .4},
		{"a third of the descent", 340, .3}, // (1 + cos 60°)/2 = 3/4
		{"middle of the descent", 505, .2},
		{"two thirds of the descent", 670, .1},
		{"end", 1000, 0},
		{"past the end", 1500, 0},
		{"far past the end", 1 << 40, 0},
	} {
		if got := s.LR(test.step, steps, peak); math.Abs(got-test.want) > 1e-12 {
			t.Errorf("%s: LR(%d) = %v, want %v", test.name, test.step, got, test.want)
		}
	}
}

func TestWarmupCosineEndsAtFinal(t *testing.T) {
	s := optim.WarmupCosine{Final: .05}
	for step, want := range map[int]float64{0: 1, 50: .525, 100: .05, 101: .05, 300: .05} {
		if got := s.LR(step, 100, 1); math.Abs(got-want) > 1e-12 {
			t.Errorf("LR(%d) = %v, want %v", step, got, want)
		}
	}
}

// The rate rises until the warm-up ends and never rises again, however short training is.
func TestWarmupCosineRisesThenFalls(t *testing.T) {
	for _, steps := range []int{1, 2, 3, 7, 100} {
		for _, warmup := range []float64{0, .01, .5, .999} {
			s := optim.WarmupCosine{Warmup: warmup}
			peaked := false
			for step := range 2 * steps {
				now, next := s.LR(step, steps, 1), s.LR(step+1, steps, 1)
				peaked = peaked || now == 1
				if peaked && next > now || !peaked && next <= now {
					t.Errorf("%d steps, warm-up %v: LR(%d) = %v, LR(%d) = %v", steps, warmup, step, now, step+1, next)
				}
			}
			if !peaked {
				t.Errorf("%d steps, warm-up %v: the rate never reaches its peak", steps, warmup)
			}
		}
	}
}

// The schedule on the host and in the graph agree at every step and past the end, to 1e-6 and,
// where the rate is above its end, to 1e-6 of the rate itself.
func TestScheduleInGraphAgreesWithHost(t *testing.T) {
	backend := devicetest.Backend(t)
	for _, test := range []struct {
		name     string
		schedule optim.Schedule
		steps    int
		peak     float64
		first    int
	}{
		{"constant", optim.Constant{}, 10, .3, 0},
		{"solo-learn", optim.WarmupCosine{Warmup: .01, Start: 3e-5}, 1000, .4, 0},
		{"no warm-up, to a floor", optim.WarmupCosine{Final: 1e-3}, 977, .4, 0},
		{"MAE", optim.WarmupCosine{Warmup: .05}, 1600, 1.5e-4, 0},
		{"one step", optim.WarmupCosine{Warmup: .5}, 1, .3, 0},
		{"past float32's whole numbers", optim.WarmupCosine{Warmup: .1}, 1<<25 + 500, .4, 1 << 25},
	} {
		t.Run(test.name, func(t *testing.T) {
			exec, err := NewExec(backend, func(step *Node) *Node {
				return test.schedule.LRGraph(step, test.steps, test.peak)
			})
			if err != nil {
				t.Fatal(err)
			}
			for step := test.first; step <= test.steps+10; step++ {
				result, err := exec.Call1(int64(step))
				if err != nil {
					t.Fatal(err)
				}
				got, want := float64(tensors.ToScalar[float32](result)), test.schedule.LR(step, test.steps, test.peak)
				if math.Abs(got-want) > 1e-6*min(1, want) {
					t.Fatalf("step %d: %v in the graph, %v on the host", step, got, want)
				}
			}
		})
	}
}

// The first update must use the rate of step 0, although GoMLX's global step is then 1, and updates
// past the end the last rate. The rate reported is the one applied: with a gradient of 1 the weight
// moves by it.
func TestUpdatesFollowSchedule(t *testing.T) {
	schedule := optim.WarmupCosine{Warmup: .25, Start: .125}
	plan := optim.Plan{Schedule: schedule, Steps: 8, Batch: 512}
	gradients := make([]toy, 11)
	for i := range gradients {
		gradients[i] = toy{[][]float32{{1}}, []float32{1}}
	}
	got := train(t, optim.SGD{LR: .5}, plan, toy{[][]float32{{0}}, []float32{0}}, gradients)
	var travelled float64
	for step := range gradients {
		want := schedule.LR(step, 8, 1) // .5 for 256 images is 1 for 512.
		travelled += want
		near(t, "rate", got.rates[step:step+1], want)
		near(t, "bias", got.weights[step].bias, -travelled)
	}
}

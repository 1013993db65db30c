package eval_test

import (
	"fmt"
	"math"
	"math/rand/v2"

	"sslkit/kit/eval"
)

// scenes are features of four classes in front of two backgrounds, which one feature tells. In
// planted ones the background mostly goes with the parity of the class.
func scenes(name string, n int, planted bool, seed uint64) eval.Features {
	random := rand.New(rand.NewPCG(seed, 0))
	f := eval.Features{N: n, Dim: 5, Name: name, Classes: []string{"disc", "square", "star", "cross"},
		GroupNames: []string{"warm", "cool"}}
	for i := range n {
		class, group := i%4, random.IntN(2)
		if planted && random.Float64() < .9 {
			group = class % 2
		}
		row := make([]float32, 5)
		for j := range row {
			row[j] = float32(.6 * random.NormFloat64())
		}
		row[class]++
		row[4] += 3 * float32(group)
		f.X, f.Labels, f.Groups = append(f.X, row...), append(f.Labels, class), append(f.Groups, group)
	}
	return f
}

// Who relies on the background is wrong where it does not go with the class, and a balanced probe
// relies less on it.
func ExampleFairness() {
	train, test := scenes("scenes/train", 1000, true, 1), scenes("scenes/test", 1000, false, 2)
	for _, probe := range []eval.Probe{eval.Linear{L2: []float64{1e-3}},
		eval.GroupBalanced{Linear: eval.Linear{L2: []float64{1e-3}}}} {
		report, err := eval.Fairness{Attribute: "background", Probe: probe}.Evaluate(train, test)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("relies on the background: %v\n", report.Bias.Gap.Low > .1)
	}
	// Output:
	// relies on the background: true
	// relies on the background: false
}

// Few images with many features can be memorised, whatever their labels.
func ExampleOverfit() {
	few := func(name string, n int, seed uint64) eval.Features {
		random := rand.New(rand.NewPCG(seed, 0))
		f := eval.Features{N: n, Dim: 100, Name: name, Classes: []string{"cat", "dog"}}
		for i := range n {
			for range f.Dim {
				f.X = append(f.X, float32(random.NormFloat64()+.1*float64(i%2)))
			}
			f.Labels = append(f.Labels, i%2)
		}
		return f
	}
	report, err := eval.Overfit{Probe: eval.Linear{L2: []float64{1e-3}}}.Evaluate(few("pets/train", 40, 1),
		few("pets/validation", 500, 2))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("on its own images %.0f %%, with shuffled labels %.0f %%, %d warnings\n",
		100*report.Fitted.Value, 100*report.Memorised.Value, len(report.Warnings))
	// Output: on its own images 100 %, with shuffled labels 100 %, 2 warnings
}

// A classifier whose score is always 5, and that is right three times of four.
func ExampleTemperature() {
	t, err := eval.Temperature([]float64{5, 0, 5, 0, 5, 0, 5, 0}, []int{0, 0, 0, 1}, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("temperature %.2f: it says %.2f\n", t, 1/(1+math.Exp(-5/t)))
	// Output: temperature 4.55: it says 0.75
}

// A probe on few images is too sure of itself, which a temperature fitted on validation images
// mends.
func ExampleCalibration() {
	validation := scenes("scenes/validation", 400, false, 3)
	result, err := eval.Calibration{Probe: eval.Linear{L2: []float64{1e-5}}, Validation: &validation}.Evaluate(
		scenes("scenes/train", 40, false, 1), scenes("scenes/test", 1000, false, 2))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(result.Temperature > 1, result.Scaled.ECE.Value < result.Own.ECE.Value,
		result.Scaled.Accuracy == result.Own.Accuracy)
	// Output: true true true
}

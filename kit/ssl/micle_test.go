package ssl

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestMICLeIsSimCLROnTheSameViews(t *testing.T) {
	for _, temperature := range []float64{.1, .5} {
		want, gradients := negfreeStep(t, SimCLR{Temperature: temperature, Hidden: 8, Out: 4}, 0)
		got, same := negfreeStep(t, MICLe{Temperature: temperature, Hidden: 8, Out: 4}, 0)
		if got != want {
			t.Errorf("the loss is %g, SimCLR's is %g", got, want)
		}
		for path, gradient := range gradients {
			if same[path] != gradient {
				t.Errorf("the gradient of %s is %g, SimCLR's is %g", path, same[path], gradient)
			}
		}
	}
	standard, _ := negfreeStep(t, MICLe{Hidden: 8, Out: 4}, 0)
	if tenth, _ := negfreeStep(t, SimCLR{Temperature: .1, Hidden: 8, Out: 4}, 0); standard != tenth {
		t.Errorf("the loss is %g by default, with a temperature of 0.1 it is %g", standard, tenth)
	}
}

func TestReadsOfMethodsAndSums(t *testing.T) {
	for _, c := range []struct {
		method            Method
		frames, instances int
		sources           []int
	}{
		{SimCLR{}, 0, 0, []int{0, 0}},
		{MICLe{}, 0, 2, []int{0, 1}},
		{NextFrame{Context: 3}, 4, 0, []int{0, 1, 2, 3}},
		{Sum{{Method: SimCLR{}}, {Method: NextFrame{}}, {Method: NextFrame{Context: 1}}}, 3, 0, []int{0, 0, 0, 1, 2, 0, 1}},
		{Sum{{Method: Rotation{}}, {Method: MICLe{}}}, 0, 2, []int{0, 0, 1}},
	} {
		got := ReadsOf(c.method.WithDefaults(), 32, 32)
		if got.Frames != c.frames || got.Instances != c.instances || !slices.Equal(got.Sources, c.sources) {
			t.Errorf("%s reads %+v, want %d frames, %d instances, %v", c.method.Name(), got, c.frames, c.instances, c.sources)
		}
	}
}

func TestMICLeCheck(t *testing.T) {
	if err := checked(MICLe{}, 2, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	for field, bad := range map[string]MICLe{
		"ssl.MICLe: Temperature": {Temperature: -1}, "ssl.MICLe: Hidden": {Hidden: -1}, "ssl.MICLe: Out": {Out: -2},
	} {
		if err := checked(bad, 16, 32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	if err := checked(MICLe{}, 1, 32, 32); err == nil {
		t.Error("a batch of one image, which has no negatives, is accepted")
	}
}

// Pairs of two photographs of one patient, who is named in the paths of the images.
func ExampleMICLe() {
	method := MICLe{} // On data.ImageFolder{Path: "scans", Object: `(patient\d+)_`}.
	fmt.Println(method.Name(), len(method.Views(32, 32)), "views of", method.Instances(), "images")
	// Output: micle 2 views of 2 images
}

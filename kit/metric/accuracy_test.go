package metric

import (
	"reflect"
	"testing"
)

func TestAccuracy(t *testing.T) {
	got, err := Accuracy([]int{0, 1, 2, 1}, []int{0, 2, 2, 1})
	if err != nil {
		t.Fatal(err)
	}
	want, _ := Wilson(3, 4)
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestConfusion(t *testing.T) {
	truth, predicted := []int{0, 0, 1, 2, 2, 2}, []int{0, 1, 1, 2, 0, 2}
	got, err := Confusion(truth, predicted, 3)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]int{{1, 1, 0}, {0, 1, 0}, {1, 0, 2}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAccuracyBadInput(t *testing.T) {
	failures := map[string]error{}
	_, failures["Accuracy empty"] = Accuracy(nil, nil)
	_, failures["Accuracy lengths"] = Accuracy([]int{1}, []int{1, 2})
	_, failures["Accuracy unlabelled"] = Accuracy([]int{-1}, []int{-1})
	_, failures["Confusion empty"] = Confusion(nil, nil, 2)
	_, failures["Confusion lengths"] = Confusion([]int{1}, nil, 2)
	_, failures["Confusion classes"] = Confusion([]int{0}, []int{0}, 0)
	_, failures["Confusion truth"] = Confusion([]int{2}, []int{0}, 2)
	_, failures["Confusion predicted"] = Confusion([]int{0}, []int{-1}, 2)
	for name, err := range failures {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

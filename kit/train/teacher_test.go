package train

import (
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/device/devicetest"
)

func TestTeacherFollowsByTheRecurrence(t *testing.T) {
	backend := devicetest.Backend(t)
	store := model.NewStore()
	for path, value := range map[string][]float32{
		"/encoder/weight": {1, 2}, "/teacher/encoder/weight": {3, -2}, "/method/mean": {5, 5}, "/teacher/method/mean": {7, 7},
	} {
		if _, err := store.CreateVariable(path, tensors.FromValue(value)); err != nil {
			t.Fatal(err)
		}
	}
	store.GetVariable("/method/mean").SetTrainable(false)
	exec, err := model.NewExec(backend, store, func(scope *model.Scope, momentum *Node) *Node {
		freezeTeacher(scope)
		moveTeacher(scope, momentum)
		return momentum
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []float64{3, -2}
	for range 3 {
		if _, err := exec.Call(float32(.75)); err != nil {
			t.Fatal(err)
		}
		want[0], want[1] = .75*want[0]+.25*1, .75*want[1]+.25*2
		got := store.GetVariable("/teacher/encoder/weight").MustValue().Value().([]float32)
		if math.Abs(float64(got[0])-want[0]) > 1e-6 || math.Abs(float64(got[1])-want[1]) > 1e-6 {
			t.Errorf("the teacher is at %v, want %v", got, want)
		}
	}
	if got := store.GetVariable("/teacher/method/mean").MustValue().Value().([]float32); got[0] != 7 {
		t.Errorf("the teacher's own statistics moved to %v", got)
	}
	if store.GetVariable("/teacher/encoder/weight").Trainable {
		t.Error("the teacher is trained")
	}
}

func TestAverageFollowsByTheRecurrence(t *testing.T) {
	backend := devicetest.Backend(t)
	store := model.NewStore()
	for path, value := range map[string][]float32{"/encoder/weight": {1, 2}, "/encoder/running_mean": {5, 5}, "/method/weight": {4}} {
		if _, err := store.CreateVariable(path, tensors.FromValue(value)); err != nil {
			t.Fatal(err)
		}
	}
	store.GetVariable("/encoder/running_mean").SetTrainable(false)
	store.SetLoader(twinLoader{})
	plan := Plan{Model: Model{EMA: .75}}
	if err := plan.beginAverage(store); err != nil {
		t.Fatal(err)
	}
	exec, err := model.NewExec(backend, store, func(scope *model.Scope, by *Node) *Node {
		g := by.Graph()
		for _, name := range []string{"weight", "running_mean"} { // As an update of the student would.
			v := scope.Store().GetVariable("/encoder/" + name)
			v.SetNodeValue(Add(v.NodeValue(g), by))
		}
		plan.moveAverage(scope, g)
		return by
	})
	if err != nil {
		t.Fatal(err)
	}
	weight, mean := 1., 1.
	for range 3 {
		if _, err := exec.Call(float32(2)); err != nil {
			t.Fatal(err)
		}
		weight += 2
		mean = .75*mean + .25*weight
		if got := store.GetVariable("/average/encoder/weight").MustValue().Value().([]float32)[0]; math.Abs(float64(got)-mean) > 1e-6 {
			t.Errorf("the running mean is at %g, want %g", got, mean)
		}
	}
	if got := store.GetVariable("/average/encoder/running_mean").MustValue().Value().([]float32)[0]; got != 11 {
		t.Errorf("the statistics beside the running mean are %g, want the student's 11", got)
	}
	if got := store.GetVariable("/average/method/weight").MustValue().Value().([]float32)[0]; got != 4 {
		t.Errorf("the running mean of a weight that stood still is %g, want 4", got)
	}
	for v := range store.Scope("/average").IterVariables() {
		if v.Trainable {
			t.Errorf("%s is trained", v.Path())
		}
	}
}

package train

import (
	"fmt"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/ssl"
)

// studentPath is the path of the variable that a variable of the teacher, or of the running mean,
// follows, if path is one of theirs.
func studentPath(path string) (string, bool) {
	for _, scope := range []string{teacherScope, averageScope} {
		if below, ok := strings.CutPrefix(path, "/"+scope+"/"); ok {
			return "/" + below, true
		}
	}
	return "", false
}

// twinLoader lets the variables of the teacher and of the running mean start at the values of the
// student's, where saved, the loader of a checkpoint, does not hold them. It panics where the student
// has no such variable: graphs are built around it.
type twinLoader struct{ saved model.Loader }

// LoadVariable implements model.Loader.
func (l twinLoader) LoadVariable(store *model.Store, path string) (*tensors.Tensor, bool) {
	if l.saved != nil {
		if value, ok := l.saved.LoadVariable(store, path); ok {
			return value, true
		}
	}
	twin, ok := studentPath(path)
	if !ok {
		return nil, false
	}
	student := store.GetVariable(twin)
	if student == nil || !student.HasValue() {
		panic(fmt.Errorf("variable %s has no twin among those of the student, which HasTeacher.TeacherHead must build", path))
	}
	value, err := student.Value()
	if err == nil {
		value, err = value.Clone()
	}
	if err != nil {
		panic(fmt.Errorf("starting variable %s at the student's: %w", path, err))
	}
	return value, true
}

// DeleteVariable implements model.Loader.
func (l twinLoader) DeleteVariable(store *model.Store, path string) error {
	if l.saved == nil {
		return nil
	}
	return l.saved.DeleteVariable(store, path)
}

// buildTeacherHead brings those of the student's variables into being, and gives them values, that
// the teacher starts at. The first look at the monitors must have done so for the encoder and for
// Method.Embed.
func (m Model) buildTeacherHead(store *model.Store) error {
	method, scope, ok := ssl.FindIn[ssl.HasTeacher](m.Method, MethodScope(store))
	if !ok {
		return nil
	}
	if err := building(scope, func(g *Graph) {
		method.TeacherHead(scope, Parameter(g, "features", shapes.Make(dtypes.Float32, 2, m.Encoder.Dim())))
	}); err != nil {
		return fmt.Errorf("building the teacher's head of %s: %w", method.Name(), err)
	}
	return Initialise(store)
}

// freezeTeacher keeps the optimiser away from the teacher's variables.
func freezeTeacher(scope *model.Scope) {
	for v := range scope.At(teacherScope).IterVariables() {
		v.SetTrainable(false)
	}
}

// moveTeacher builds teacher = momentum × teacher + (1 - momentum) × student for every weight (He
// et al. 2019, equation 2). The running statistics of norms are the teacher's own: it updates them
// from what it sees.
//
//	momentum: scalar
func moveTeacher(scope *model.Scope, momentum *Node) {
	g := momentum.Graph()
	for v := range scope.At(teacherScope).IterVariables() {
		path, _ := studentPath(v.Path())
		student := scope.Store().GetVariable(path)
		if !student.Trainable {
			continue
		}
		momentum := ConvertDType(momentum, v.DType())
		v.SetNodeValue(Add(Mul(v.NodeValue(g), momentum), Mul(student.NodeValue(g), OneMinus(momentum))))
	}
}

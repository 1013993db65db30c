package train

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/rundir"
	"sslkit/kit/ssl"
)

// Weights are which of the weights of a training represent images.
type Weights int

const (
	Default Weights = iota // What the training evaluates; see Model.Evaluated.
	Student                // Those that the optimiser moves.
	Teacher                // The slow twin's, of a method that has one.
	Average                // The running mean, of a training that keeps one.
)

// weightsNames are the names, and those of the scopes and files.
var weightsNames = [...]string{"default", "student", teacherScope, averageScope}

// String is the name, such as "teacher".
func (w Weights) String() string {
	if w < 0 || int(w) >= len(weightsNames) {
		return fmt.Sprintf("Weights(%d)", int(w))
	}
	return weightsNames[w]
}

// Evaluated are the weights that represent images where nobody asks for others: the running mean
// where the training keeps one, else the teacher where the method's authors evaluate it, else the
// student.
func (m Model) Evaluated() Weights {
	if m.EMA > 0 {
		return Average
	}
	if _, ok := ssl.Main(m.Method).(ssl.EvaluatesTeacher); ok {
		return Teacher
	}
	return Student
}

// CheckWeights returns an error where the training has no such weights.
func (m Model) CheckWeights(w Weights) error {
	_, taught := ssl.Find[ssl.HasTeacher](m.Method)
	switch {
	case w < Default || w > Average:
		return fmt.Errorf("weights are %d; they must be kit.Default, kit.Student, kit.Teacher or kit.Average", w)
	case w == Teacher && !taught:
		return fmt.Errorf("weights are those of the teacher, and method %s has none; take kit.Student", m.Method.Name())
	case w == Average && m.EMA == 0:
		return fmt.Errorf("weights are the running mean, and the recipe keeps none; set EMA in the recipe, or take kit.Student")
	}
	return nil
}

// CheckHead returns an error where the weights hold none of the method's Embed.
func (m Model) CheckHead(w Weights) error {
	if _, ok := ssl.Main(m.Method).(ssl.HasTeacher); w == Teacher && !ok {
		return fmt.Errorf("the teacher of %s is that of another term, and has no head of the first one; take kit.Student", m.Method.Name())
	}
	return nil
}

// Scope holds the weights in a store whose root is root, under the names that the student's have
// below the root.
func (w Weights) Scope(root *model.Scope) *model.Scope {
	if w == Teacher || w == Average {
		return root.At("%s", w)
	}
	return root
}

// MethodScope holds the weights of the method's own in a store.
func (w Weights) MethodScope(store *model.Store) *model.Scope {
	return w.Scope(store.RootScope()).At(methodScope)
}

// Of is what of makes of images with these weights.
func (w Weights) Of(of func(scope *model.Scope, images *Node) *Node) func(scope *model.Scope, images *Node) *Node {
	return func(scope *model.Scope, images *Node) *Node { return of(w.Scope(scope), images) }
}

// kept are the weights that a training writes when it ends.
func (m Model) kept() []Weights {
	kept := []Weights{Student}
	for _, w := range []Weights{Teacher, Average} {
		if m.CheckWeights(w) == nil {
			kept = append(kept, w)
		}
	}
	return kept
}

// EncoderFile is the name of the file in a run directory that holds the encoder with these weights.
func (w Weights) EncoderFile() string {
	switch w {
	case Teacher:
		return rundir.TeacherFile
	case Average:
		return rundir.AverageFile
	}
	return rundir.EncoderFile
}

// HeadFile is the name of the file in a run directory that holds the variables of the method's Embed
// with these weights.
func (w Weights) HeadFile() string {
	switch w {
	case Teacher:
		return rundir.TeacherHeadFile
	case Average:
		return rundir.AverageHeadFile
	}
	return rundir.HeadFile
}

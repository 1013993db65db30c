package train

import (
	"strings"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// beginAverage brings the running mean of the weights into being, of all variables of encoder and
// method that there are: those that the representation and Method.Embed are made with. It starts at
// the student's values, or at a checkpoint's.
func (p Plan) beginAverage(store *model.Store) error {
	if p.EMA == 0 {
		return nil
	}
	var students []*model.Variable
	for _, scope := range []*model.Scope{EncoderScope(store), MethodScope(store)} {
		for v := range scope.IterVariables() {
			students = append(students, v)
		}
	}
	return Catch(func() error {
		for _, v := range students {
			at := strings.LastIndex(v.Path(), "/")
			store.Scope("/"+averageScope+v.Path()[:at]).VariableWithShape(v.Path()[at+1:], v.Shape()).SetTrainable(false)
		}
		return nil
	})
}

// moveAverage builds mean = EMA × mean + (1 - EMA) × student for every weight. The running
// statistics of norms are copied: they are means already.
func (p Plan) moveAverage(scope *model.Scope, g *Graph) {
	if p.EMA == 0 {
		return
	}
	for v := range scope.At(averageScope).IterVariables() {
		path, _ := studentPath(v.Path())
		student := scope.Store().GetVariable(path)
		now := student.NodeValue(g)
		if student.Trainable {
			now = Add(MulScalar(v.NodeValue(g), p.EMA), MulScalar(now, 1-p.EMA))
		}
		v.SetNodeValue(now)
	}
}

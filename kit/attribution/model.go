package attribution

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Classifier builds what is said of images, with the variables of the scope.
//
//	images: float32 [batch, height, width, 3] in [0, 1], not normalised
type Classifier func(scope *model.Scope, images *Node) Answer

// Answer is what a classifier says of images.
type Answer struct {
	Scores *Node // [batch, classes], before the softmax.
	// Places are the last feature map, of which Scores must be made: [batch, Rows, Columns, dim], or the
	// same as tokens, [batch, Rows × Columns, dim]. Nil where there is none.
	Places        *Node
	Rows, Columns int
}

// Model is a classifier compiled together with a method.
type Model struct {
	exec                 *model.Exec
	method               Method
	batch, height, width int
	rows, columns        int // Of a heat map.
	classes              int
}

// Explained is what the answers for some images rest on.
type Explained struct {
	Heat          []float32 // [N, Rows, Columns]: how much each place speaks for the class.
	N             int       // Images.
	Rows, Columns int       // Of a heat map.
	Of            []int     // The class of each image that is explained.
	Scores        []float32 // [N, classes]: the classifier's, before the softmax.
	Method        string    // In words.
}

// Compile compiles a classifier and a method for batches of images of height × width pixels. A setting
// out of range and a graph that cannot be built are errors.
func Compile(backend compute.Backend, store *model.Store, batch, height, width int, method Method, classifier Classifier) (*Model, error) {
	if batch < 1 || height < 1 || width < 1 {
		return nil, fmt.Errorf("attribution.Compile: batch, height and width are %d, %d and %d; each must be at least 1", batch, height, width)
	}
	if method == nil {
		return nil, fmt.Errorf("attribution.Compile: method is nil; it must be a Method, such as attribution.GradCAM{}")
	}
	if err := method.Check(); err != nil {
		return nil, err
	}
	m := &Model{method: method, batch: batch, height: height, width: width}
	caught := exceptions.TryCatch[error](func() {
		var err error
		m.exec, err = model.NewExec(backend, store, func(scope *model.Scope, images, classes, at *Node) (heat, scores *Node) {
			scope.Store().SetTraining(images.Graph(), false)
			classify := func(images *Node) Answer {
				answer := classifier(scope, images)
				answer.Scores = ConvertDType(answer.Scores, dtypes.Float32)
				return answer
			}
			scores = classify(images).Scores // [batch, classes]
			m.classes = scores.Shape().Dim(-1)
			said := ArgMax(scores, -1, dtypes.Int32)
			of := OneHot(Where(LessThan(classes, ZerosLike(classes)), said, classes), m.classes, dtypes.Float32)
			heat = ConvertDType(method.heat(classify, images, StopGradient(of), at), dtypes.Float32)
			m.rows, m.columns = heat.Shape().Dim(1), heat.Shape().Dim(2)
			return heat, scores
		})
		if err != nil {
			panic(err)
		}
		// Compiling brings the variables into being; only then can they be set.
		if _, err = m.exec.Compile(shapes.Make(dtypes.Float32, batch, height, width, 3), shapes.Make(dtypes.Int32, batch), shapes.Make(dtypes.Float32)); err != nil {
			panic(err)
		}
	})
	if caught != nil {
		return nil, fmt.Errorf("attribution: compiling the classifier: %w", caught)
	}
	return m, nil
}

// Explain says what the score of a class rests on, for each of any number of images.
//
//	pix: [n, height, width, 3], 0 to 255; classes: n, which may each be -1 for what the classifier says; nil: all are
//
// Errors: sizes that do not fit, a class that there is not.
func (m *Model) Explain(pix []uint8, classes []int) (Explained, error) {
	size := m.height * m.width * 3
	n := len(pix) / size
	switch {
	case n == 0 || len(pix)%size != 0:
		return Explained{}, fmt.Errorf("attribution: pix holds %d bytes; it must hold images of height·width·3 = %d·%d·3, at least one", len(pix), m.height, m.width)
	case classes != nil && len(classes) != n:
		return Explained{}, fmt.Errorf("attribution: classes has %d values; it must be nil or have one for each of the %d images", len(classes), n)
	}
	for i, class := range classes {
		if class < -1 || class >= m.classes {
			return Explained{}, fmt.Errorf("attribution: classes[%d] is %d; it must be from -1 to %d", i, class, m.classes-1)
		}
	}
	out := Explained{N: n, Rows: m.rows, Columns: m.columns, Method: m.method.Name()}
	for start := 0; start < n; start += m.batch {
		end := min(start+m.batch, n)
		images, wanted := make([]float32, m.batch*size), make([]int32, m.batch) // What is too many for the images stays black.
		for i, v := range pix[start*size : end*size] {
			images[i] = float32(v) / 255
		}
		for i := range wanted {
			wanted[i] = -1
			if classes != nil && start+i < end {
				wanted[i] = int32(classes[start+i])
			}
		}
		heat, scores, err := m.mean(images, wanted)
		if err != nil {
			return Explained{}, fmt.Errorf("attribution: images from %d on: %w", start, err)
		}
		out.Heat = append(out.Heat, heat[:(end-start)*m.rows*m.columns]...)
		out.Scores = append(out.Scores, scores[:(end-start)*m.classes]...)
		for i := range end - start {
			class := int(wanted[i])
			if class < 0 {
				class = highest(scores[i*m.classes : (i+1)*m.classes])
			}
			out.Of = append(out.Of, class)
		}
	}
	return out, nil
}

// mean is the mean heat of a batch over the points of the method.
func (m *Model) mean(images []float32, classes []int32) (heat, scores []float32, err error) {
	x, of := tensors.FromFlatDataAndDimensions(images, m.batch, m.height, m.width, 3), tensors.FromFlatDataAndDimensions(classes, m.batch)
	defer x.MustFinalizeAll()
	defer of.MustFinalizeAll()
	points := m.method.points()
	heat = make([]float32, m.batch*m.rows*m.columns)
	for _, at := range points {
		outputs, err := m.exec.Call(x, of, float32(at))
		if err != nil {
			return nil, nil, err
		}
		part, err := tensors.CopyFlatData[float32](outputs[0])
		if err == nil {
			scores, err = tensors.CopyFlatData[float32](outputs[1])
		}
		outputs[0].MustFinalizeAll()
		outputs[1].MustFinalizeAll()
		if err != nil {
			return nil, nil, err
		}
		for i, v := range part {
			heat[i] += v / float32(len(points))
		}
	}
	return heat, scores, nil
}

// highest is the index of the largest value, of equal ones the first.
func highest(values []float32) int {
	best := 0
	for i, v := range values {
		if v > values[best] {
			best = i
		}
	}
	return best
}

// Close gives the device memory back.
func (m *Model) Close() { m.exec.Finalize() }

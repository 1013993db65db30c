package eval

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// AttributeModel is a fitted [AttributeZeroShot], in terms of the features as they come: an
// embedding x has x·Weights + Bias of each attribute, and is of the class whose attributes, less
// the seen classes' mean and scaled to length 1, have the largest product with that.
type AttributeModel struct {
	Weights    []float64 // Weights are [Dim, Attributes], row-major.
	Bias       []float64 // Bias is [Attributes].
	Dim        int       // Dim is the number of features.
	Attributes []string  // Attributes are the names, by column of Weights.
	Classes    []string  // Classes are the names of all classes, as the features have them.
	Seen       []string  // Seen are the classes whose images it was fitted on, as Classes has them in order.
	Unseen     []string  // Unseen are the classes of which it has the attributes only, in order.
	Gamma      float64   // Gamma is the penalty on the embeddings' side that was used.
	Lambda     float64   // Lambda is the penalty on the attributes' side that was used.
	Encoder    string    // Encoder is the hash of the weights whose features it was fitted on.
	Protocol   string    // Protocol is how it was fitted, in words.

	labels     int       // images that it was fitted on
	perClass   []int     // by class
	subsetHash string    // of which ones
	signatures []float64 // [Classes, Attributes]
}

// Predict is the class index of each image of f, one of the classes named in among; of equally
// likely ones the lower. Labels of f are not used.
func (m *AttributeModel) Predict(f Features, among []string) ([]int, error) {
	if len(among) == 0 {
		return nil, fmt.Errorf("eval: among is empty; it must hold at least one class to choose from")
	}
	classes := make([]int, len(among))
	for i, name := range among {
		if classes[i] = slices.Index(m.Classes, name); classes[i] < 0 {
			return nil, fmt.Errorf("eval: among holds %q, and the model knows no such class", name)
		}
	}
	slices.Sort(classes)
	predictions, err := m.linear(classes).Predict(f)
	if err != nil {
		return nil, err
	}
	for i, p := range predictions {
		predictions[i] = classes[p]
	}
	return predictions, nil
}

// linear is the model as a linear one that chooses among the given classes.
func (m *AttributeModel) linear(classes []int) *LinearModel {
	width := len(m.Attributes)
	out := &LinearModel{
		Weights: make([]float64, m.Dim*len(classes)), Bias: make([]float64, len(classes)), Dim: m.Dim, Encoder: m.Encoder,
	}
	for at, class := range classes {
		out.Classes = append(out.Classes, m.Classes[class])
		for a, s := range m.signatures[class*width : (class+1)*width] {
			out.Bias[at] += m.Bias[a] * s
			for j := range m.Dim {
				out.Weights[j*len(classes)+at] += m.Weights[j*width+a] * s
			}
		}
	}
	return out
}

// Fit is the model fitted on those images of train whose classes are not in Unseen.
func (z AttributeZeroShot) Fit(train Features) (*AttributeModel, error) {
	if err := checkLabelled(train); err != nil {
		return nil, err
	}
	z, err := z.withDefaults()
	if err != nil {
		return nil, err
	}
	model, byClass, err := z.newModel(train)
	if err != nil {
		return nil, err
	}
	var rows []int
	for _, members := range byClass {
		rows = append(rows, members...)
	}
	slices.Sort(rows)
	seen := train.rows(rows, train.SubsetSeed)
	model.labels, model.perClass, model.subsetHash = seen.N, seen.perClass(), seen.SubsetHash

	standard := newStandardizer(seen)
	x := standard.apply(train) // of all rows, so that these keep their numbers
	signatures := mat.NewDense(len(byClass), len(model.Attributes), nil)
	for c, class := range model.Seen {
		width := len(model.Attributes)
		at := train.classIndex(class)
		signatures.SetRow(c, model.signatures[at*width:(at+1)*width])
	}
	if err := z.fit(model, standard, x, byClass, signatures); err != nil {
		return nil, fmt.Errorf("eval: attribute zero-shot on features %q: %w", train.Name, err)
	}
	return model, nil
}

// newModel is the model still to be fitted, and the rows of train of each seen class.
func (z AttributeZeroShot) newModel(train Features) (*AttributeModel, [][]int, error) {
	unseen := make([]bool, len(train.Classes))
	for i, name := range z.Unseen {
		c := train.classIndex(name)
		if c < 0 {
			return nil, nil, fmt.Errorf("eval.AttributeZeroShot: Unseen[%d] is %q, and no class of features %q is named so",
				i, name, train.Name)
		}
		if unseen[c] {
			return nil, nil, fmt.Errorf("eval.AttributeZeroShot: Unseen[%d] is %q a second time", i, name)
		}
		unseen[c] = true
	}
	model := &AttributeModel{
		Dim: train.Dim, Attributes: z.Attributes.Names, Classes: train.Classes, Encoder: train.Encoder,
	}
	rows := make([][]int, len(train.Classes))
	for row, c := range train.Labels {
		rows[c] = append(rows[c], row)
	}
	var byClass [][]int
	for c, name := range train.Classes {
		switch {
		case unseen[c]:
			model.Unseen = append(model.Unseen, name)
		case len(rows[c]) > 0:
			model.Seen = append(model.Seen, name)
			byClass = append(byClass, rows[c])
		}
	}
	if len(model.Seen) < 2 {
		return nil, nil, fmt.Errorf("eval.AttributeZeroShot: Unseen leaves %d classes with images in features %q; it must leave at least 2",
			len(model.Seen), train.Name)
	}
	var err error
	model.signatures, err = z.Attributes.signatures(model.Classes, model.Seen)
	return model, byClass, err
}

// fit chooses the penalties on classes held out of x, and sets the model's weights with them.
func (z AttributeZeroShot) fit(model *AttributeModel, standard standardizer, x []float64, byClass [][]int, s *mat.Dense) error {
	// A fold's images are summed once; what it is held out of is the sum of the others.
	folds := z.classFolds(len(byClass))
	groups := make([]imageSums, len(folds))
	for f, classes := range folds {
		rows := make([][]int, len(classes))
		for i, c := range classes {
			rows[i] = byClass[c]
		}
		groups[f] = sumImages(x, model.Dim, rows)
	}
	gamma, lambda, how := z.Gamma[0], z.Lambda[0], "fixed"
	if len(z.Gamma)*len(z.Lambda) > 1 {
		if len(folds) == 1 {
			gamma, lambda, how = FewClassGamma, FewClassLambda, "fixed, fewer than 4 seen classes"
		} else {
			var err error
			if gamma, lambda, err = z.choose(folds, groups, x, byClass, s); err != nil {
				return err
			}
			how = fmt.Sprintf("by %d-fold cross-validation over seen classes", len(folds))
		}
	}
	v, err := newESZSL(groups, rowsOf(s, slices.Concat(folds...))).solve(gamma, lambda)
	if err != nil {
		return err
	}
	model.Gamma, model.Lambda = gamma, lambda
	model.Protocol = fmt.Sprintf("ESZSL, %s attributes, standardised, gamma %g, lambda %g %s",
		thousands(len(model.Attributes)), gamma, lambda, how)
	width := len(model.Attributes)
	model.Weights, model.Bias = make([]float64, model.Dim*width), make([]float64, width)
	for j := range model.Dim {
		for a := range width {
			w := v.At(j, a) / standard.scale[j]
			model.Weights[j*width+a] = w
			model.Bias[a] -= standard.mean[j] * w
		}
	}
	return nil
}

// classFolds deals the seen classes out over folds of at least two, since a single class is always
// recognised: five folds, or fewer for few classes, down to one.
func (z AttributeZeroShot) classFolds(classes int) [][]int {
	folds := make([][]int, max(1, min(foldCount, classes/2)))
	for i, c := range rand.New(rand.NewPCG(z.Seed, 0)).Perm(classes) {
		folds[i%len(folds)] = append(folds[i%len(folds)], c)
	}
	return folds
}

// choose is the pair of penalties with which the classes of each fold, among themselves, are best
// recognised by a model of the others; of equally good ones the strongest gamma, and with it the
// strongest lambda.
func (z AttributeZeroShot) choose(
	folds [][]int, groups []imageSums, x []float64, byClass [][]int, s *mat.Dense,
) (gamma, lambda float64, err error) {
	score := make([]float64, len(z.Gamma)*len(z.Lambda)) // sum over the classes of their accuracies
	for f, held := range folds {
		rest := newESZSL(
			slices.Concat(groups[:f], groups[f+1:]),
			rowsOf(s, slices.Concat(slices.Concat(folds[:f]...), slices.Concat(folds[f+1:]...))))
		signatures := rowsOf(s, held)
		classes := make([]mat.Dense, len(z.Lambda)) // of each lambda, [seen classes of the fit, held classes]
		for l, lambda := range z.Lambda {
			right, err := rest.right(lambda)
			if err != nil {
				return 0, 0, err
			}
			classes[l].Mul(right, signatures.T())
		}
		for g, gamma := range z.Gamma {
			left, err := rest.left(gamma)
			if err != nil {
				return 0, 0, err
			}
			for l := range z.Lambda {
				var weights mat.Dense // [dim, held classes]
				weights.Mul(left, &classes[l])
				score[g*len(z.Lambda)+l] += recognised(&weights, x, byClass, held)
			}
		}
	}
	best := 0
	for i, v := range score {
		// Sums in another order differ in the last digit; that is no reason for a weaker penalty.
		if v > score[best]+1e-9 {
			best = i
		}
	}
	return z.Gamma[best/len(z.Lambda)], z.Lambda[best%len(z.Lambda)], nil
}

// recognised is the sum over the held classes of the share of their images that score highest for
// them.
func recognised(weights *mat.Dense, x []float64, byClass [][]int, held []int) float64 {
	dim, classes := weights.Dims()
	var sum float64
	for at, class := range held {
		correct := make([]bool, len(byClass[class]))
		parallel(len(correct), func(i int) {
			row := byClass[class][i]
			scores := mat.NewVecDense(classes, nil)
			scores.MulVec(weights.T(), mat.NewVecDense(dim, x[row*dim:(row+1)*dim]))
			best := 0
			for c := range classes {
				if scores.AtVec(c) > scores.AtVec(best) {
					best = c
				}
			}
			correct[i] = best == at
		})
		for _, hit := range correct {
			if hit {
				sum += 1 / float64(len(correct))
			}
		}
	}
	return sum
}

// rowsOf are the given rows of m, in that order.
func rowsOf(m *mat.Dense, rows []int) *mat.Dense {
	_, columns := m.Dims()
	out := mat.NewDense(len(rows), columns, nil)
	for i, row := range rows {
		out.SetRow(i, m.RawRowView(row))
	}
	return out
}

// checkPenalties returns an error unless there is a candidate, and all are above 0.
func checkPenalties(field string, values []float64) error {
	if len(values) == 0 {
		return fmt.Errorf("%s is empty; it must hold at least one candidate (nil means the default)", field)
	}
	for _, v := range values {
		if !(v > 0) || math.IsInf(v, 1) {
			return fmt.Errorf("%s holds %g; each must be above 0 and finite", field, v)
		}
	}
	return nil
}

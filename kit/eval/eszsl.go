package eval

import "gonum.org/v1/gonum/mat"

// eszsl is the bilinear model of ESZSL, which scores an embedding x for a class with attributes s
// as xᵀ V s, in closed form. For X [images, dim], the classes' attributes S [classes, attributes],
// and Y [images, classes] with 1 for an image's class and -1 for the others, it is
//
//	V = (XᵀX + gamma·images I)⁻¹ XᵀY S (SᵀS + lambda·classes I)⁻¹
//
// where the paper's γ and λ are the sums' penalties, and here those of means: that way a value says
// the same for any number of images and classes.
//
// B. Romera-Paredes, P. Torr, "An embarrassingly simple approach to zero-shot learning", ICML 2015,
// equation 7.
type eszsl struct {
	images int
	gram   *mat.SymDense // XᵀX, [dim, dim]
	cross  *mat.Dense    // XᵀY, [dim, classes]
	s      *mat.Dense    // S, [classes, attributes]
}

// imageSums is what the images of some classes add to the model. The squares are summed over all of
// them, since a matrix for each class would not fit into memory where classes are many.
type imageSums struct {
	images int
	gram   *mat.SymDense // [dim, dim], over the images of all the classes
	sums   [][]float64   // for each class, [dim]
}

// sumImages sums over the given rows of x, [·, dim], those of each class by themselves.
func sumImages(x []float64, dim int, rows [][]int) imageSums {
	out := imageSums{gram: mat.NewSymDense(dim, nil)}
	const block = 1_024 // rows gathered at a time
	for _, members := range rows {
		sum := make([]float64, dim)
		for start := 0; start < len(members); start += block {
			part := members[start:min(start+block, len(members))]
			gathered := make([]float64, 0, len(part)*dim)
			for _, row := range part {
				gathered = append(gathered, x[row*dim:(row+1)*dim]...)
				for j, v := range x[row*dim : (row+1)*dim] {
					sum[j] += v
				}
			}
			out.gram.SymRankK(out.gram, 1, mat.NewDense(len(part), dim, gathered).T())
		}
		out.images += len(members)
		out.sums = append(out.sums, sum)
	}
	return out
}

// newESZSL is the model of the groups' classes, whose attributes are s [classes, attributes], in
// the order of the groups.
func newESZSL(groups []imageSums, s *mat.Dense) *eszsl {
	classes, _ := s.Dims()
	dim := groups[0].gram.SymmetricDim()
	m := &eszsl{gram: mat.NewSymDense(dim, nil), cross: mat.NewDense(dim, classes, nil), s: s}
	all := make([]float64, dim)
	var sums [][]float64
	for _, group := range groups {
		m.images += group.images
		m.gram.AddSym(m.gram, group.gram)
		sums = append(sums, group.sums...)
	}
	for _, sum := range sums {
		for j, v := range sum {
			all[j] += v
		}
	}
	for c, sum := range sums {
		for j, v := range sum {
			m.cross.Set(j, c, 2*v-all[j]) // 1 for the class's own images, -1 for the others
		}
	}
	return m
}

// left is (XᵀX + gamma·images I)⁻¹ XᵀY, [dim, classes]: all of V that depends on gamma.
func (m *eszsl) left(gamma float64) (*mat.Dense, error) {
	return solvePenalised(m.gram, gamma*float64(m.images), m.cross)
}

// right is S (SᵀS + lambda·classes I)⁻¹, [classes, attributes]: all of V that depends on lambda.
func (m *eszsl) right(lambda float64) (*mat.Dense, error) {
	classes, _ := m.s.Dims()
	var gram mat.SymDense
	gram.SymOuterK(1, m.s.T())
	solved, err := solvePenalised(&gram, lambda*float64(classes), m.s.T()) // [attributes, classes]
	if err != nil {
		return nil, err
	}
	return mat.DenseCopyOf(solved.T()), nil
}

// solve is V, [dim, attributes].
func (m *eszsl) solve(gamma, lambda float64) (*mat.Dense, error) {
	left, err := m.left(gamma)
	if err != nil {
		return nil, err
	}
	right, err := m.right(lambda)
	if err != nil {
		return nil, err
	}
	var v mat.Dense
	v.Mul(left, right)
	return &v, nil
}

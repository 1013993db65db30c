package plots

// quadtree sums the repulsion of t-SNE over cells of points (Barnes and Hut, Nature 1986). Its
// nodes lie in one slice, which is used again for the next iteration.
type quadtree struct{ nodes []cell }

// cell is a square of the plane. A leaf holds one point, or several that no depth of halving would
// part.
type cell struct {
	mass   [2]float64 // the mean of its points
	count  float64
	middle [2]float64
	width  float64
	child  int32 // the first of four children, which lie in a row; 0: a leaf
	depth  int32
}

// maxDepth bounds the tree where points are equal: by then a cell is 2⁻⁴⁰ of the embedding.
const maxDepth = 40

// build makes the tree of the points.
func (t *quadtree) build(points [][2]float64) {
	low, high := points[0], points[0]
	for _, p := range points {
		for axis := range 2 {
			low[axis], high[axis] = min(low[axis], p[axis]), max(high[axis], p[axis])
		}
	}
	root := cell{
		middle: [2]float64{(low[0] + high[0]) / 2, (low[1] + high[1]) / 2},
		width:  max(high[0]-low[0], high[1]-low[1]),
	}
	t.nodes = append(t.nodes[:0], root)
	for _, p := range points {
		t.insert(p)
	}
}

func (t *quadtree) insert(p [2]float64) {
	for at := int32(0); ; {
		node := &t.nodes[at]
		before := *node
		node.count++
		node.mass[0] += (p[0] - node.mass[0]) / node.count
		node.mass[1] += (p[1] - node.mass[1]) / node.count
		if before.count == 0 || before.child == 0 && before.depth == maxDepth {
			return
		}
		if before.child == 0 {
			if before.mass == p {
				return // the same place: one leaf of more weight
			}
			// The leaf's weight, all at one place, goes one level down before the new point does.
			t.split(at)
			down := &t.nodes[t.nodes[at].child+quadrant(before.middle, before.mass)]
			down.mass, down.count = before.mass, before.count
		}
		at = t.nodes[at].child + quadrant(before.middle, p)
	}
}

// split gives a leaf its four children.
func (t *quadtree) split(at int32) {
	parent := &t.nodes[at]
	parent.child = int32(len(t.nodes))
	quarter := parent.width / 4
	middle, width, depth := parent.middle, parent.width/2, parent.depth+1
	for q := range 4 {
		child := cell{middle: [2]float64{middle[0] - quarter, middle[1] - quarter}, width: width, depth: depth}
		if q&1 != 0 {
			child.middle[0] = middle[0] + quarter
		}
		if q&2 != 0 {
			child.middle[1] = middle[1] + quarter
		}
		t.nodes = append(t.nodes, child)
	}
}

func quadrant(middle, p [2]float64) int32 {
	var q int32
	if p[0] > middle[0] {
		q |= 1
	}
	if p[1] > middle[1] {
		q |= 2
	}
	return q
}

// repulsion returns Σ_j w_ij² (y_i−y_j) and Σ_j w_ij over the points j ≠ i, w_ij =
// 1/(1+‖y_i−y_j‖²), for the point i of the tree at y. A cell of width s at distance d stands for
// its points where s/d < theta. Since theta is below 1/√2, no cell around y itself is ever taken
// so: the walk reaches y's own leaf, which adds 0 and 1, and the 1 is taken off again.
func (t *quadtree) repulsion(y [2]float64, theta float64) (force [2]float64, sum float64) {
	var stack [4 * maxDepth]int32
	top := 1 // the root, node 0, is on the stack
	for top > 0 {
		top--
		node := &t.nodes[stack[top]]
		if node.count == 0 {
			continue
		}
		dx, dy := y[0]-node.mass[0], y[1]-node.mass[1]
		squared := dx*dx + dy*dy
		if node.child != 0 && node.width*node.width >= theta*theta*squared {
			for q := range int32(4) {
				stack[top] = node.child + q
				top++
			}
			continue
		}
		w := 1 / (1 + squared)
		sum += node.count * w
		force[0] += node.count * w * w * dx
		force[1] += node.count * w * w * dy
	}
	return force, sum - 1
}

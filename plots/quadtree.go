package plots

// quadtree sums the repulsion of t-SNE over cells of points (Barnes and Hut, Nature 1986). Its cells
// lie in one slice, each before those that it is made of, so that a walk only goes forward; the slices
// are used again for the next iteration.
type quadtree struct {
	points []placed // in the order of the leaves
	cells  []cell
	moved  []placed
}

// placed is a point with its place in the caller's order.
type placed struct {
	at    [2]float64
	index int32
}

// cell is a square of the plane. A leaf holds one point, or several that no depth of halving would
// part.
type cell struct {
	mass  [2]float64 // the mean of its points; of a leaf, the first of them
	count float64
	// reach is the squared distance above which the cell counts as one point; −1 for a leaf, which
	// always does.
	reach float64
	after int32 // the cell that follows where this one's own are left out
}

// maxDepth bounds the tree where points are equal: by then a cell is 2⁻⁴⁰ of the embedding.
const maxDepth = 40

// build makes the tree of the points. A cell of width w at distance d is to stand for its points where
// w/d < theta.
func (t *quadtree) build(points [][2]float64, theta float64) {
	if len(t.points) != len(points) {
		t.points, t.moved = make([]placed, len(points)), make([]placed, len(points))
		for i := range t.points {
			t.points[i].index = int32(i)
		}
	}
	// Points are left in the order of the last tree: where they moved little they are nearly in that
	// of this one.
	low, high := points[0], points[0]
	for i := range t.points {
		p := points[t.points[i].index]
		t.points[i].at = p
		for axis := range 2 {
			low[axis], high[axis] = min(low[axis], p[axis]), max(high[axis], p[axis])
		}
	}
	t.cells = t.cells[:0]
	middle := [2]float64{(low[0] + high[0]) / 2, (low[1] + high[1]) / 2}
	width := max(high[0]-low[0], high[1]-low[1])
	t.add(0, len(points), middle, width, 1/(theta*theta), 0)
}

// add appends the cell of the points [from, to), which it sorts by quadrant, and the cells it is made
// of.
func (t *quadtree) add(from, to int, middle [2]float64, width, reach float64, depth int) {
	points := t.points[from:to]
	at := len(t.cells)
	t.cells = append(t.cells, cell{count: float64(len(points)), reach: -1})
	mass := points[0].at
	if depth < maxDepth && !equal(points) {
		t.cells[at].reach = width * width * reach
		var size, next [4]int
		for _, p := range points {
			size[quadrant(middle, p.at)]++
		}
		for q := 1; q < 4; q++ {
			next[q] = next[q-1] + size[q-1]
		}
		moved := t.moved[:len(points)]
		for _, p := range points {
			q := quadrant(middle, p.at)
			moved[next[q]] = p
			next[q]++
		}
		copy(points, moved)
		mass = [2]float64{}
		for q, n := range size {
			if n == 0 {
				continue
			}
			child := middle
			for axis := range 2 {
				side := width / 4
				if q>>axis&1 == 0 {
					side = -side
				}
				child[axis] += side
			}
			first := len(t.cells)
			t.add(from+next[q]-n, from+next[q], child, width/2, reach, depth+1)
			share := float64(n) / float64(len(points))
			mass[0] += share * t.cells[first].mass[0]
			mass[1] += share * t.cells[first].mass[1]
		}
	}
	t.cells[at].mass, t.cells[at].after = mass, int32(len(t.cells))
}

// equal tells whether all points are at one place.
func equal(points []placed) bool {
	for _, p := range points[1:] {
		if p.at != points[0].at {
			return false
		}
	}
	return true
}

func quadrant(middle, p [2]float64) int {
	q := 0
	if p[0] > middle[0] {
		q |= 1
	}
	if p[1] > middle[1] {
		q |= 2
	}
	return q
}

// repulsion returns Σ_j w_ij² (y_i−y_j) and Σ_j w_ij over the points j ≠ i, w_ij =
// 1/(1+‖y_i−y_j‖²), for the point i of the tree at y. Since theta is below 1/√2, no cell around y
// itself is ever taken as one point: the walk reaches y's own leaf, which adds 0 and 1, and the 1 is
// taken off again.
func (t *quadtree) repulsion(y [2]float64) (force [2]float64, sum float64) {
	cells := t.cells
	for at := 0; at < len(cells); {
		c := &cells[at]
		dx, dy := y[0]-c.mass[0], y[1]-c.mass[1]
		squared := dx*dx + dy*dy
		if squared <= c.reach {
			at++
			continue
		}
		at = int(c.after)
		w := 1 / (1 + squared)
		part := c.count * w
		sum += part
		force[0] += part * w * dx
		force[1] += part * w * dy
	}
	return force, sum - 1
}

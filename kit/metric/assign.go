package metric

import (
	"fmt"
	"math"
)

// Assign gives each row a column of its own so that the sum of their costs is as low as can be: the
// linear assignment problem, which the Hungarian method solves. cost is row-major, [rows, columns],
// of finite numbers. Where there are more rows than columns, the rows left over get -1. It takes time
// in the third power of the sizes. Of several assignments of one cost it gives SciPy's.
//
// It matches clusters with classes, where cost is the negative of what [ConfusePixels] counts, and
// predicted objects with true ones.
//
// D. F. Crouse, "On implementing 2D rectangular assignment algorithms", IEEE Transactions on
// Aerospace and Electronic Systems 52(4), 2016: the method of R. Jonker and A. Volgenant, 1987, by
// shortest augmenting paths, as in SciPy's linear_sum_assignment.
func Assign(cost []float64, rows, columns int) ([]int, error) {
	if rows < 1 || columns < 1 || len(cost) != rows*columns {
		return nil, fmt.Errorf("metric.Assign: cost holds %d values; it must hold rows·columns = %d·%d, at least 1", len(cost), rows, columns)
	}
	for i, v := range cost {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("metric.Assign: cost row %d column %d is %g; it must be finite", i/columns, i%columns, v)
		}
	}
	if rows <= columns {
		return newAssignment(cost, rows, columns).solve(), nil
	}
	turned := make([]float64, len(cost))
	for i, v := range cost {
		turned[i%columns*rows+i/columns] = v
	}
	assigned := make([]int, rows)
	for i := range assigned {
		assigned[i] = -1
	}
	for column, row := range newAssignment(turned, columns, rows).solve() {
		assigned[row] = column
	}
	return assigned, nil
}

// assignment is a partial solution with its dual prices: no cost is less than the sum of the prices
// of its row and column, and those that are assigned are equal to it.
type assignment struct {
	cost                  []float64
	rows, columns         int
	rowPrice, columnPrice []float64
	columnOf, rowOf       []int // -1 where there is none yet.
}

func newAssignment(cost []float64, rows, columns int) *assignment {
	a := &assignment{cost: cost, rows: rows, columns: columns, rowPrice: make([]float64, rows), columnPrice: make([]float64, columns)}
	for range rows {
		a.columnOf = append(a.columnOf, -1)
	}
	for range columns {
		a.rowOf = append(a.rowOf, -1)
	}
	return a
}

func (a *assignment) solve() []int {
	for row := range a.rows {
		a.add(row)
	}
	return a.columnOf
}

// add assigns one more row along the cheapest path of changes that ends at a free column.
func (a *assignment) add(first int) {
	distance, from := make([]float64, a.columns), make([]int, a.columns)
	remaining := make([]int, a.columns) // From the last, so that of equal costs the first columns win.
	for i := range remaining {
		distance[i], remaining[i] = math.Inf(1), a.columns-1-i
	}
	var rows, columns []int // On the way.
	row, reached, end := first, 0., -1
	for end < 0 {
		rows = append(rows, row)
		nearest, at := math.Inf(1), -1
		for i, column := range remaining {
			if d := reached + a.cost[row*a.columns+column] - a.rowPrice[row] - a.columnPrice[column]; d < distance[column] {
				distance[column], from[column] = d, row
			}
			// Of columns as near, a free one ends the path.
			if d := distance[column]; d < nearest || d == nearest && a.rowOf[column] < 0 {
				nearest, at = d, i
			}
		}
		reached = nearest
		column := remaining[at]
		columns = append(columns, column)
		remaining[at] = remaining[len(remaining)-1]
		remaining = remaining[:len(remaining)-1]
		if row = a.rowOf[column]; row < 0 {
			end = column
		}
	}
	a.rowPrice[first] += reached
	for _, row := range rows[1:] {
		a.rowPrice[row] += reached - distance[a.columnOf[row]]
	}
	for _, column := range columns {
		a.columnPrice[column] -= reached - distance[column]
	}
	for column := end; ; {
		row := from[column]
		a.rowOf[column] = row
		a.columnOf[row], column = column, a.columnOf[row]
		if row == first {
			return
		}
	}
}

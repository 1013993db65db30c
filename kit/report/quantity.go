package report

import (
	"fmt"

	"sslkit/kit/metric"
)

// Table is rows of words and figures.
type Table struct {
	Title   string   `json:"title"`   // Title stands above it. May be empty.
	Columns []string `json:"columns"` // Columns are their heads.
	Rows    [][]Cell `json:"rows"`    // Rows hold a cell for each column, or fewer.
	Note    string   `json:"note"`    // Note stands below it. May be empty.
}

// Cell is a place of a table: words, or a figure.
type Cell struct {
	Text   string    `json:"text,omitempty"`   // Text is in words, where Figure is nil.
	Figure *Quantity `json:"figure,omitempty"` // Figure is rounded only where it is shown.
}

// Quantity is a figure with its 95 % interval and its unit.
type Quantity struct {
	metric.Interval      // Interval has no width where there is none.
	Unit            Unit `json:"unit"` // Unit says how it is shown.
}

// Unit says how a figure is to be read.
type Unit int

const (
	Plain  Unit = iota // Plain is a figure as it is.
	Share              // Share is a part of a whole in [0, 1], shown in percent.
	Points             // Points is a difference of shares, shown in percentage points.
	Count              // Count is a whole number.
)

var unitNames = []string{"plain", "share", "points", "count"}

// String is the unit's name.
func (u Unit) String() string {
	if u < Plain || int(u) >= len(unitNames) {
		return fmt.Sprintf("Unit(%d)", int(u))
	}
	return unitNames[u]
}

// MarshalText writes the unit's name.
func (u Unit) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (u *Unit) UnmarshalText(text []byte) error {
	for i, name := range unitNames {
		if name == string(text) {
			*u = Unit(i)
			return nil
		}
	}
	return fmt.Errorf("report: unit is %q; it must be one of %q", text, unitNames)
}

// Words is a cell of words.
func Words(text string) Cell { return Cell{Text: text} }

// Interval is a cell with a figure and its interval.
func Interval(v metric.Interval, unit Unit) Cell { return Cell{Figure: &Quantity{v, unit}} }

// Number is a cell with a figure that has no interval.
func Number(v float64, unit Unit) Cell {
	return Interval(metric.Interval{Value: v, Low: v, High: v, N: 1}, unit)
}

// Counted is a cell with a whole number.
func Counted(n int) Cell { return Number(float64(n), Count) }

// Quantity is the result as a share with its interval.
func (r Result) Quantity() Quantity {
	return Quantity{metric.Interval{Value: r.Value, Low: r.Low, High: r.High, N: r.N}, Share}
}

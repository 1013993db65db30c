package eval

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Attributes describe classes in words that images of other classes share ("striped", "has a
// tail"), so that a class may be recognised of which no image was ever seen.
type Attributes struct {
	Classes []string  // Classes are the class names, one a row.
	Names   []string  // Names are the attributes, one a column.
	Values  []float64 // Values are [Classes, Names], row-major: 0 or 1, or how far an attribute applies. Finite.
}

// ReadAttributes reads a table in CSV: a header, whose first cell is not used and whose others name
// the attributes, then a row for each class with its name and its values.
//
//	class,striped,tail
//	zebra,1,1
//	whale,0,0.8
//
// Errors name the file, the line and the column (the first is 1): a cell that is not a finite
// number, a row of another length than the header, a name that is missing or stands there twice, no
// class or no attribute.
func ReadAttributes(path string) (Attributes, error) {
	file, err := os.Open(path)
	if err != nil {
		return Attributes{}, fmt.Errorf("eval: reading attributes: %w", err)
	}
	defer file.Close()
	a, err := parseAttributes(file)
	if err != nil {
		return Attributes{}, fmt.Errorf("eval: reading attributes of %s: %w", path, err)
	}
	return a, nil
}

// parseAttributes is [ReadAttributes] of a file's content.
func parseAttributes(content io.Reader) (Attributes, error) {
	table := csv.NewReader(content)
	table.FieldsPerRecord = -1 // a row of the wrong length is told in this package's words
	table.TrimLeadingSpace = true
	header, err := table.Read()
	if errors.Is(err, io.EOF) {
		return Attributes{}, errors.New("line 1: there is no header")
	}
	if err != nil {
		return Attributes{}, lineOf(err)
	}
	if len(header) < 2 {
		return Attributes{}, errors.New("line 1: the header has 1 column; it must have the class names' and at least one attribute's")
	}
	var a Attributes
	for column, cell := range header[1:] {
		name, err := newName(cell, a.Names)
		if err != nil {
			return Attributes{}, fmt.Errorf("line 1, column %d: attribute %w", column+2, err)
		}
		a.Names = append(a.Names, name)
	}
	for {
		row, err := table.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Attributes{}, lineOf(err)
		}
		line, _ := table.FieldPos(0)
		if err := a.add(row); err != nil {
			return Attributes{}, fmt.Errorf("line %d, %w", line, err)
		}
	}
	if len(a.Classes) == 0 {
		return Attributes{}, errors.New("line 2: there is no class")
	}
	return a, nil
}

// add takes in a row of the table.
func (a *Attributes) add(row []string) error {
	if want := len(a.Names) + 1; len(row) != want {
		return fmt.Errorf("column %d: the row has %d columns, the header %d", min(len(row), want)+1, len(row), want)
	}
	class, err := newName(row[0], a.Classes)
	if err != nil {
		return fmt.Errorf("column 1: class %w", err)
	}
	a.Classes = append(a.Classes, class)
	for column, cell := range row[1:] {
		v, err := strconv.ParseFloat(strings.TrimSpace(cell), 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("column %d: attribute %q of class %q is %q; it must be finite", column+2, a.Names[column], class, cell)
		}
		a.Values = append(a.Values, v)
	}
	return nil
}

// newName is the name in a cell, which must be none of those before it.
func newName(cell string, before []string) (string, error) {
	name := strings.TrimSpace(cell)
	if name == "" {
		return "", errors.New("name is empty")
	}
	if slices.Contains(before, name) {
		return "", fmt.Errorf("%q is there twice", name)
	}
	return name, nil
}

// lineOf says where the CSV is malformed, as this package says it.
func lineOf(err error) error {
	if at := new(csv.ParseError); errors.As(err, &at) {
		return fmt.Errorf("line %d, character %d: %w", at.Line, at.Column, at.Err)
	}
	return err
}

// Check says what is wrong with a, naming the field.
func (a Attributes) Check() error {
	if len(a.Classes) == 0 || len(a.Names) == 0 {
		return fmt.Errorf("eval: Attributes has %d Classes and %d Names; it must have at least 1 of both", len(a.Classes), len(a.Names))
	}
	if len(a.Values) != len(a.Classes)*len(a.Names) {
		return fmt.Errorf("eval.Attributes: Values holds %d values; it must hold Classes*Names = %d*%d",
			len(a.Values), len(a.Classes), len(a.Names))
	}
	for i, class := range a.Classes {
		if slices.Contains(a.Classes[:i], class) {
			return fmt.Errorf("eval.Attributes: Classes[%d] is %q a second time", i, class)
		}
	}
	for i, v := range a.Values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("eval.Attributes: Values: %q of class %q is %g; it must be finite",
				a.Names[i%len(a.Names)], a.Classes[i/len(a.Names)], v)
		}
	}
	return nil
}

// Row is the attributes of the class of that name, shared with Values, or nil where there is none.
func (a Attributes) Row(class string) []float64 {
	i := slices.Index(a.Classes, class)
	if i < 0 {
		return nil
	}
	return a.Values[i*len(a.Names) : (i+1)*len(a.Names)]
}

// signatures are the attributes of the named classes, less their mean over the seen ones, each
// scaled to length 1: [len(classes), len(a.Names)].
func (a Attributes) signatures(classes, seen []string) ([]float64, error) {
	if err := a.Check(); err != nil {
		return nil, err
	}
	for _, class := range classes {
		if a.Row(class) == nil {
			return nil, fmt.Errorf("eval: Attributes has no class %q", class)
		}
	}
	mean := make([]float64, len(a.Names))
	for _, class := range seen {
		for j, v := range a.Row(class) {
			mean[j] += v / float64(len(seen))
		}
	}
	var out []float64
	for _, class := range classes {
		var squared, size float64
		for j, v := range a.Row(class) {
			squared += (v - mean[j]) * (v - mean[j])
			size += v*v + mean[j]*mean[j]
		}
		if squared <= 1e-24*size { // nothing but the mean's rounding
			return nil, fmt.Errorf("eval: Attributes of class %q are the mean of the seen classes': there is nothing to recognise it by",
				class)
		}
		for j, v := range a.Row(class) {
			out = append(out, (v-mean[j])/math.Sqrt(squared))
		}
	}
	return out, nil
}

package rundir

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"sslkit/kit/wholefile"
)

// CSVFile is the metrics as a table for other programs.
const CSVFile = "metrics.csv"

// WriteCSV writes metrics.csv: a line for each step of metrics.jsonl, which is verified first, and a
// column for the step and each of Scalars, in full precision. A cell is empty where a step did not
// report the scalar. It returns the path.
//
// It is made when it is asked for, and a training that goes on removes it, so that it is never out of
// step with metrics.jsonl.
func (d Dir) WriteCSV() (path string, err error) {
	path = d.Path(CSVFile)
	all, err := d.Metrics()
	if err != nil {
		return path, fmt.Errorf("writing %s: %w", path, err)
	}
	return path, wholefile.Write(path, func(w io.Writer) error { return writeCSV(w, all) })
}

func writeCSV(w io.Writer, all []Metrics) error {
	table, scalars := csv.NewWriter(w), Scalars()
	line := []string{"step"}
	for _, scalar := range scalars {
		line = append(line, scalar.Name)
	}
	if err := table.Write(line); err != nil {
		return err
	}
	for _, m := range all {
		line[0] = strconv.Itoa(m.Step)
		for i, scalar := range scalars {
			line[i+1] = ""
			if value, ok := scalar.Of(m); ok {
				line[i+1] = strconv.FormatFloat(value, 'g', -1, 64)
			}
		}
		if err := table.Write(line); err != nil {
			return err
		}
	}
	table.Flush()
	return table.Error()
}

// removeCSV removes metrics.csv of a run that goes on.
func (d Dir) removeCSV() error {
	if err := os.Remove(d.Path(CSVFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("removing the table of a training that goes on: %w", err)
	}
	return nil
}

package kit

import (
	"cmp"
	"fmt"
	"html"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
)

// RunTable are runs side by side. fmt.Println prints it as text; Show shows it in a notebook. Of the
// settings it has those in which the runs differ, so that it depends on which runs are kept.
type RunTable struct {
	Folder string    // That was looked through.
	Rows   []RunInfo // By name, unless sorted otherwise.
}

// Keep is the table of the runs for which keep is true.
func (t RunTable) Keep(keep func(RunInfo) bool) RunTable {
	t.Rows = slices.DeleteFunc(slices.Clone(t.Rows), func(row RunInfo) bool { return !keep(row) })
	return t
}

// Sort is the table in the order of compare, which is as for slices.SortFunc.
func (t RunTable) Sort(compare func(a, b RunInfo) int) RunTable {
	t.Rows = slices.Clone(t.Rows)
	slices.SortStableFunc(t.Rows, compare)
	return t
}

// Runs are the runs that can be opened, for CompareCurves.
func (t RunTable) Runs() []*Run {
	var runs []*Run
	for _, row := range t.Rows {
		if row.Run != nil {
			runs = append(runs, row.Run)
		}
	}
	return runs
}

// column is one of the table.
type column struct {
	name  string
	words bool // Aligned left; numbers are aligned right.
	of    func(RunInfo) string
}

// columns are those in which a row says anything.
func (t RunTable) columns() []column {
	columns := []column{
		{"run", true, func(r RunInfo) string { return r.Name }},
		{"state", true, func(r RunInfo) string {
			if r.Alarm != nil && r.State != Collapsed {
				return r.State.String() + ", collapsed"
			}
			return r.State.String()
		}},
		{"method", true, func(r RunInfo) string { return cmp.Or(r.Method, r.settings["Method"].value) }},
		{"encoder", true, func(r RunInfo) string { return cmp.Or(r.Encoder, r.settings["Encoder"].value) }},
		{"data", true, func(r RunInfo) string { return cmp.Or(r.Data, r.settings["Data"].value) }},
	}
	var read []map[string]leaf
	for _, row := range t.Rows {
		if row.settings != nil {
			read = append(read, row.settings)
		}
	}
	for _, path := range differing(read) {
		if path == "Method" || path == "Encoder" || path == "Data" {
			continue
		}
		columns = append(columns, column{path, false, func(r RunInfo) string { return r.settings[path].value }})
	}
	columns = append(columns,
		column{"steps", false, func(r RunInfo) string {
			if r.Planned == 0 || r.Steps == r.Planned {
				return fmt.Sprint(r.Steps)
			}
			return fmt.Sprintf("%d of %d", r.Steps, r.Planned)
		}},
		column{"loss", false, func(r RunInfo) string { return figureOf("%.4g", r.Loss, !math.IsNaN(r.Loss)) }},
		column{"embedding std", false, func(r RunInfo) string {
			return figureOf("%.3g", orZero(r.Monitor).EmbeddingStd, r.Monitor != nil)
		}},
		column{"RankMe", false, func(r RunInfo) string { return figureOf("%.1f", orZero(r.Monitor).RankMe, r.Monitor != nil) }},
		column{"online k-NN, %", false, func(r RunInfo) string { return figureOf("%.1f", 100*orZero(r.Probe).KNN, r.Probe != nil) }},
		column{"online linear, %", false, func(r RunInfo) string { return figureOf("%.1f", 100*orZero(r.Probe).Linear, r.Probe != nil) }},
		column{"best in its report, %", true, func(r RunInfo) string {
			if r.Best == nil {
				return ""
			}
			return fmt.Sprintf("%.1f [%.1f, %.1f], %s", 100*r.Best.Value, 100*r.Best.Low, 100*r.Best.High, r.Best.Name)
		}},
		column{"seconds", false, func(r RunInfo) string { return figureOf("%.0f", r.Seconds, r.Seconds > 0) }},
		column{"images/s", false, func(r RunInfo) string { return figureOf("%.0f", r.ImagesPerSecond, r.ImagesPerSecond > 0) }},
		column{"FLOP", false, func(r RunInfo) string { return figureOf("%.2g", r.FLOP, r.FLOP > 0) }},
		column{"began", true, func(r RunInfo) string {
			if r.Began.IsZero() {
				return ""
			}
			return r.Began.Local().Format(time.DateTime)
		}},
		column{"what is wrong", true, func(r RunInfo) string {
			if r.Err != nil {
				return oneLine(r.Err.Error())
			}
			return oneLine(r.Why)
		}},
	)
	return slices.DeleteFunc(columns, func(c column) bool {
		return !slices.ContainsFunc(t.Rows, func(row RunInfo) bool { return c.of(row) != "" })
	})
}

// figureOf is a figure where there is one.
func figureOf(format string, value float64, there bool) string {
	if !there {
		return ""
	}
	return fmt.Sprintf(format, value)
}

// orZero is what a pointer points to.
func orZero[T any](p *T) (value T) {
	if p != nil {
		value = *p
	}
	return value
}

// oneLine is a text of several lines in one.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// String is the table as text: a line for each run, and in columns the settings in which they differ,
// where "-" is zero or none.
func (t RunTable) String() string {
	if len(t.Rows) == 0 {
		return fmt.Sprintf("no runs in %s", t.Folder)
	}
	var out strings.Builder
	lines := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	columns := t.columns()
	for i, c := range columns {
		fmt.Fprintf(lines, "%s%s", c.name, behind(i, columns))
	}
	for _, row := range t.Rows {
		for i, c := range columns {
			fmt.Fprintf(lines, "%s%s", cmp.Or(c.of(row), "-"), behind(i, columns))
		}
	}
	lines.Flush()
	return strings.TrimSuffix(out.String(), "\n")
}

// behind is what stands behind the i-th column.
func behind(i int, columns []column) string {
	if i == len(columns)-1 {
		return "\n"
	}
	return "\t"
}

// HTML is the table as a part of a page, which needs nothing else.
func (t RunTable) HTML() string {
	if len(t.Rows) == 0 {
		return "<p>" + html.EscapeString(t.String()) + "</p>"
	}
	var out strings.Builder
	columns := t.columns()
	out.WriteString("<div style=\"overflow-x: auto\"><table>\n<tr>")
	for _, c := range columns {
		fmt.Fprintf(&out, `<th style="text-align: %s">%s</th>`, c.align(), html.EscapeString(c.name))
	}
	for _, row := range t.Rows {
		out.WriteString("</tr>\n<tr>")
		for _, c := range columns {
			fmt.Fprintf(&out, `<td style="text-align: %s">%s</td>`, c.align(), html.EscapeString(cmp.Or(c.of(row), "–")))
		}
	}
	out.WriteString("</tr>\n</table></div>")
	return out.String()
}

func (c column) align() string {
	if c.words {
		return "left"
	}
	return "right"
}

// Show shows the table in the notebook cell that is running, or prints it as text.
func (t RunTable) Show() error {
	if !gonbui.IsNotebook {
		_, err := fmt.Println(t)
		return err
	}
	gonbui.DisplayHTML(t.HTML())
	gonbui.Sync() // A cell is a process of its own: what is still in the pipe when it ends would be lost.
	if err := gonbui.Error(); err != nil {
		return fmt.Errorf("showing the runs in %s in the notebook: %w", t.Folder, err)
	}
	return nil
}

package result

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"sslkit/kit/rundir"
)

// Check lists what a sceptical reader misses, a line each: the images that a row is of, as they
// are; the recipe, the commit and the cost of what was trained; the value of each run.
func (r Result) Check() []string {
	var missing []string
	miss := func(row Row, what string, args ...any) {
		missing = append(missing, fmt.Sprintf("%s, %s: ", row.Case, row.Metric)+fmt.Sprintf(what, args...))
	}
	for _, d := range r.Data {
		for _, s := range d.Splits {
			if s.Images == 0 || s.Fingerprint == "" {
				missing = append(missing, fmt.Sprintf("images %s: %s has %d images with the hash %q", d.Name, s.Name, s.Images, s.Fingerprint))
			}
		}
		if len(d.Splits) == 0 {
			missing = append(missing, fmt.Sprintf("images %s: no split is told", d.Name))
		}
	}
	for i, row := range r.Rows {
		if row.Case == "" || row.Metric == "" || !(row.Low <= row.Value && row.Value <= row.High) {
			miss(row, "%g [%g, %g]", row.Value, row.Low, row.High)
		}
		if row.Data != "" && !slices.ContainsFunc(r.Data, func(d Data) bool { return d.Name == row.Data }) {
			miss(row, "its images are %q, of which the result does not tell", row.Data)
		}
		if row.Untrained {
			continue
		}
		trained, ok := r.Trained(i)
		switch {
		case !ok:
			miss(row, "no row of its case has a recipe")
			continue
		case row.Data == "":
			miss(row, "it does not say of which images it is")
		case len(row.Runs) == 0:
			miss(row, "it does not tell what each run gave")
		case row.Measure != nil && len(row.Runs) != len(trained.Patches):
			miss(row, "%d runs, and recipes of %d", len(row.Runs), len(trained.Patches))
		}
		if trained.Commit == "" || strings.Contains(trained.Commit, rundir.Changed) {
			miss(row, "it was trained by commit %q", trained.Commit)
		}
		if c := trained.Cost; c == nil || c.ImagesSeen == 0 || c.FLOPs == 0 || c.Seconds == 0 || c.PeakMemoryGiB == 0 {
			miss(row, "its cost is %+v", trained.Cost)
		}
		for _, recipe := range []json.RawMessage{trained.Recipe, trained.Start} {
			if found := foldersIn(recipe); found != nil {
				miss(row, "its recipe names files of one machine: %q", found)
			}
		}
	}
	return missing
}

// foldersIn are the paths of a recipe that are more than a base name.
func foldersIn(recipe json.RawMessage) (found []string) {
	tree, err := parse(recipe)
	if err != nil {
		return nil
	}
	eachFile(tree, func(file map[string]any) error {
		if name := fmt.Sprint(file["path"]); name != filepath.Base(name) {
			found = append(found, name)
		}
		return nil
	})
	return found
}

package kit

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sslkit/data"
	"sslkit/kit/rundir"
	"sslkit/kit/ssl"
)

// logged is a run of a recipe in a directory, with a loss for each step, that nobody has trained.
func logged(t *testing.T, dir string, recipe Recipe, losses ...float64) rundir.Dir {
	t.Helper()
	set, err := recipe.Data.Open(data.Train)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	resolved, _, err := recipe.plan(set)
	if err != nil {
		t.Fatal(err)
	}
	d := rundir.Dir(dir)
	if err := errors.Join(d.Make(), matchRecipe(d, resolved), d.BeginEnvironment(set), d.Begin()); err != nil {
		t.Fatal(err)
	}
	log, _, err := d.OpenMetrics(-1)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	for step, loss := range append([]float64{0}, losses...) {
		m := rundir.Metrics{Step: step, Loss: loss, Seconds: float64(step)}
		if step%2 == 0 {
			m.Monitor = &rundir.Monitor{EmbeddingStd: .3, EmbeddingDim: 8, RankMe: 5}
		}
		if err := log.Write(m); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// byName are the rows of the runs in a folder.
func byName(t *testing.T, folder string) map[string]RunInfo {
	t.Helper()
	table, err := Runs(folder)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]RunInfo{}
	for _, row := range table.Rows {
		rows[row.Name] = row
	}
	return rows
}

// TestRunsTellsStates: every state that a directory may be in is a row, and damage is no error of the
// table.
func TestRunsTellsStates(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	logged(t, at("killed"), small(), 3, 2)
	for name, why := range map[string]rundir.Stopped{
		"diverged": {Diverged: true, Error: "the loss is not a number"}, "collapsed": {Collapsed: true, Error: "all the same"},
		"stopped": {Interrupted: true, Error: "interrupted after step 2"}, "failed": {Error: "the disk is full"},
	} {
		if err := logged(t, at(name), small(), 3, 2).Stop(why); err != nil {
			t.Fatal(err)
		}
	}
	own := small()
	own.Method = interrupting{ssl.SimCLR{Out: 8}}
	logged(t, at("own type"), own, 3, 2)
	lock, err := logged(t, at("deep/er/running"), small(), 3).Lock()
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release()
	for name, damage := range map[string]string{"recipe": rundir.RecipeFile, "metrics": rundir.MetricsFile, "report": "report.json"} {
		dir := logged(t, at("damaged "+name), small(), 3, 2)
		if err := os.WriteFile(dir.Path(damage), []byte("{\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	logged(t, at("no recipe"), small(), 3)
	if err := os.Remove(filepath.Join(at("no recipe"), rundir.RecipeFile)); err != nil {
		t.Fatal(err)
	}
	rows := byName(t, folder)
	for name, want := range map[string]struct {
		state RunState
		said  string
	}{
		"killed": {Interrupted, ""}, "stopped": {Interrupted, "after step 2"}, "diverged": {Diverged, "not a number"},
		"own type":  {Interrupted, "type kit.interrupting is not known"},
		"collapsed": {Collapsed, "all the same"}, "failed": {Failed, "disk is full"}, "deep/er/running": {Running, ""},
		"damaged recipe": {Damaged, "recipe.json is damaged"}, "damaged metrics": {Damaged, "step 0"},
		"damaged report": {Damaged, "report.json"}, "no recipe": {Damaged, "there is no"},
	} {
		row, ok := rows[name]
		said := row.Why
		if row.Err != nil {
			said = row.Err.Error()
		}
		if !ok || row.State != want.state || !strings.Contains(said, want.said) || (want.said == "") != (said == "") {
			t.Errorf("%s: found %v, state %v, said %q; want %v, %q", name, ok, row.State, said, want.state, want.said)
		}
	}
	if len(rows) != 11 {
		t.Errorf("%d rows, want 11", len(rows))
	}
	if row := rows["own type"]; row.Steps != 2 || row.Run != nil {
		t.Errorf("of a run with a type that is not known, the row holds %+v", row)
	}
	handed, err := Runs(at("own type"), interrupting{})
	if err != nil || len(handed.Rows) != 1 || handed.Rows[0].Run == nil || handed.Rows[0].Err != nil || handed.Rows[0].Name != "." {
		t.Errorf("with its type handed over: %+v, %v", handed.Rows, err)
	}
	if row := rows["killed"]; row.Steps != 2 || row.Planned != 12 || row.Loss != 2 || row.Monitor.RankMe != 5 || row.ImagesPerSecond != 16 {
		t.Errorf("a row holds %+v", row)
	}
	if row := rows["damaged recipe"]; row.Loss != 2 {
		t.Error("what is not damaged is not read")
	}
}

// TestRunsOfATraining: the state is that of the training through its life.
func TestRunsOfATraining(t *testing.T) {
	run := finished(t)
	row := byName(t, filepath.Dir(run.Dir))["run"]
	if row.State != Finished || row.Err != nil || row.Steps != 12 || row.Method != "simclr" || row.Why != "" {
		t.Errorf("a finished run is %v (%v), %d steps of %q, %q", row.State, row.Err, row.Steps, row.Method, row.Why)
	}
	recipe := small()
	recipe.Encoder, recipe.Steps = tiny, 40
	recipe.Method = interrupting{ssl.SimCLR{Out: 8}}
	dir := t.TempDir()
	if _, err := Pretrain(dir, recipe); err == nil {
		t.Fatal("it was not interrupted")
	}
	stopped, err := rundir.Dir(dir).Stopped()
	if err != nil || stopped == nil || !stopped.Interrupted || stopped.Diverged {
		t.Errorf("an interrupted run says %+v, %v", stopped, err)
	}
}

// TestTableShowsWhereRunsDiffer: columns are the settings in which those differ that are kept.
func TestTableShowsWhereRunsDiffer(t *testing.T) {
	t.Parallel()
	folder, one, other, byol := t.TempDir(), small(), small(), small()
	other.Seed, other.Method = 4, ssl.SimCLR{Out: 8, Temperature: .2}
	byol.Method, byol.Augment = ssl.BYOL{Out: 8}, nil
	byol.Augment = one.Augment
	logged(t, filepath.Join(folder, "b"), one, 3)
	logged(t, filepath.Join(folder, "a<i>"), other, 2)
	logged(t, filepath.Join(folder, "c"), byol, 1)
	table, err := Runs(folder)
	if err != nil {
		t.Fatal(err)
	}
	simclr := table.Keep(func(r RunInfo) bool { return r.Method == "simclr" })
	for name, test := range map[string]struct {
		table         RunTable
		want, without []string
	}{
		"all":      {table, []string{"Seed", "Method.Temperature", "0.2", "Optimizer"}, []string{"Batch", "Method.Tau", "Steps", "FLOP"}},
		"one kind": {simclr, []string{"Seed", "Method.Temperature", "1 of 12"}, []string{"Optimizer", "Method.Out", "Encoder."}},
		"one":      {simclr.Keep(func(r RunInfo) bool { return r.Seed == 4 }), []string{"a<i>"}, []string{"Seed", "Temperature"}},
		"none":     {RunTable{Folder: "there"}, []string{"no runs in there"}, nil},
	} {
		text := test.table.String()
		for _, want := range test.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%s", name, want, text)
			}
		}
		for _, without := range test.without {
			if strings.Contains(text, without) {
				t.Errorf("%s: %q in\n%s", name, without, text)
			}
		}
	}
	sorted := table.Sort(func(a, b RunInfo) int { return cmp.Compare(a.Loss, b.Loss) })
	if got := sorted.Rows[0].Name + sorted.Rows[2].Name; got != "cb" || table.Rows[0].Name != "a<i>" {
		t.Errorf("sorted by loss the first and last are %q; before, the first was %q", got, table.Rows[0].Name)
	}
	if page := table.HTML(); !strings.Contains(page, "a&lt;i&gt;") || strings.Contains(page, "<i>") || strings.Count(page, "<tr>") != 4 {
		t.Errorf("the page is\n%s", page)
	}
	if _, err := Runs(filepath.Join(folder, "none")); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("of a folder that is not there: %v", err)
	}
}

// TestCompareCurves: runs that differ only in their seed are one line with an interval.
func TestCompareCurves(t *testing.T) {
	t.Parallel()
	folder, one, seed, slow := t.TempDir(), small(), small(), small()
	seed.Seed, slow.Batch = 4, 8
	logged(t, filepath.Join(folder, "a"), one, 3, 2, 1)
	logged(t, filepath.Join(folder, "b"), seed, 5, 4)
	logged(t, filepath.Join(folder, "c"), slow, 9)
	table, err := Runs(folder)
	if err != nil {
		t.Fatal(err)
	}
	groups, names, err := groupBySeed(table.Runs())
	if err != nil || len(groups) != 2 || names[0] != "Batch 16, 2 seeds" || names[1] != "Batch 8" {
		t.Fatalf("%d groups %q, %v", len(groups), names, err)
	}
	var curves []curve
	for _, run := range groups[0] {
		c, err := curveOf(run, rundir.Loss, AgainstImages)
		if err != nil {
			t.Fatal(err)
		}
		curves = append(curves, c)
	}
	line, err := meanCurve(curves, 1)
	if err != nil || len(line.X) != 2 || line.X[1] != 32 || line.Y[1] != 3 || line.Low[1] >= 2 || line.High[1] <= 4 {
		t.Errorf("the mean over seeds is %+v, %v", line, err)
	}
	if line, err = meanCurve(curves[:1], 2); err != nil || len(line.X) != 2 || line.Y[0] != 2.5 || line.Y[1] != 1 || line.Low != nil {
		t.Errorf("averaged over two steps it is %+v, %v", line, err)
	}
	for name, test := range map[string]struct {
		of    rundir.Scalar
		axis  CurveAxis
		runs  []*Run
		wrong string
	}{
		"loss":      {rundir.Loss, AgainstSteps, table.Runs(), ""},
		"monitors":  {rundir.RankMe, AgainstMinutes, table.Runs(), ""},
		"no probe":  {rundir.ProbeKNN, AgainstSteps, table.Runs(), "has reported no probe/knn"},
		"no runs":   {rundir.Loss, AgainstSteps, nil, "there are no runs"},
		"no axis":   {rundir.Loss, 7, table.Runs(), "the axis is 7"},
		"one twice": {rundir.Loss, AgainstSteps, append(table.Runs()[:1:1], table.Runs()[0]), "one run twice is no repetition"},
	} {
		figure, err := CompareCurves(test.of, test.axis, test.runs...)
		if test.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), test.wrong) {
				t.Errorf("%s: %v", name, err)
			}
		} else if err != nil || figure == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTableGoesWhenTheTrainingGoesOn: it would be out of step with the metrics.
func TestTableGoesWhenTheTrainingGoesOn(t *testing.T) {
	t.Parallel()
	dir := logged(t, filepath.Join(t.TempDir(), "run"), small(), 3, 2)
	if _, err := dir.WriteCSV(); err != nil {
		t.Fatal(err)
	}
	if err := dir.GoOn(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir.Path(rundir.CSVFile)); !os.IsNotExist(err) {
		t.Errorf("metrics.csv: %v", err)
	}
}

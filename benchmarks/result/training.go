package result

import (
	"encoding/json"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"sslkit/kit"
	"sslkit/kit/rundir"
)

// Training is what a row tells of one run.
type Training struct {
	Recipe json.RawMessage `json:"recipe"`
	Start  json.RawMessage `json:"start,omitempty"` // Recipe of the run whose weights it starts from.
	Commit string          `json:"commit"`
	Cost   Cost            `json:"cost"` // Of both.
}

// trainingFile is that of TrainingOf in a run directory.
const trainingFile = "training.json"

// TrainingOf is that of a run, and of the run whose weights it starts from; nil where there is none.
func TrainingOf(run, start *kit.Run) (Training, error) {
	fail := func(err error) (Training, error) {
		return Training{}, fmt.Errorf("telling of the training in %s: %w", run.Dir, err)
	}
	// Kept, since operations are counted in a graph that takes its time to build.
	t, err := Kept(filepath.Join(run.Dir, trainingFile), func() (t Training, err error) {
		if t.Recipe, err = RecipeOf(run); err != nil {
			return t, err
		}
		began, err := rundir.Dir(run.Dir).Environment()
		if err != nil {
			return t, err
		}
		t.Commit = began.Commit
		cost, err := CostOf(run)
		if err == nil {
			t.Cost = *cost
		}
		return t, err
	})
	if err != nil {
		return fail(err)
	}
	if start == nil {
		return t, nil
	}
	before, err := TrainingOf(start, nil)
	if err != nil {
		return fail(err)
	}
	t.Start, t.Cost = before.Recipe, before.Cost.Plus(t.Cost)
	if before.Commit != t.Commit {
		t.Commit = before.Commit + " and " + t.Commit
	}
	return t, nil
}

// RecipeOf is the recipe of a run without the folders of this machine: files by their base names.
func RecipeOf(run *kit.Run) (json.RawMessage, error) {
	content, err := rundir.Dir(run.Dir).Read(rundir.RecipeFile)
	if err != nil {
		return nil, err
	}
	tree, err := parse(content)
	if err != nil {
		return nil, err
	}
	eachFile(tree, func(file map[string]any) error {
		file["path"] = path.Base(filepath.ToSlash(fmt.Sprint(file["path"])))
		return nil
	})
	return json.Marshal(tree)
}

// eachFile calls what is done with each file of a recipe's tree: an object with its path, and of
// weights their hash.
func eachFile(tree any, do func(file map[string]any) error) error {
	switch tree := tree.(type) {
	case []any:
		for _, item := range tree {
			if err := eachFile(item, do); err != nil {
				return err
			}
		}
	case map[string]any:
		if _, ok := tree["path"].(string); ok {
			return do(tree)
		}
		for _, item := range tree {
			if err := eachFile(item, do); err != nil {
				return err
			}
		}
	}
	return nil
}

// Located is a recipe with other paths: those that locate gives for the base name of each of its
// files, and of weights for their hash, which is empty of other files.
func Located(recipe json.RawMessage, locate func(name, hash string) (string, error)) (json.RawMessage, error) {
	tree, err := parse(recipe)
	if err != nil {
		return nil, err
	}
	if err := eachFile(tree, func(file map[string]any) error {
		hash, _ := file["hash"].(string)
		path, err := locate(fmt.Sprint(file["path"]), hash)
		file["path"] = path
		return err
	}); err != nil {
		return nil, err
	}
	return json.Marshal(tree)
}

// Tell makes the row tell of the trainings of its runs, in their order.
func (r *Row) Tell(trainings []Training) error {
	costs := make([]*Cost, len(trainings))
	var commits []string
	r.Recipe, r.Start, r.Patches, r.StartPatches = trainings[0].Recipe, trainings[0].Start, nil, nil
	for i, t := range trainings {
		costs[i] = &t.Cost
		if !slices.Contains(commits, t.Commit) {
			commits = append(commits, t.Commit)
		}
		patch, err := Patch(r.Recipe, t.Recipe)
		if err != nil {
			return fmt.Errorf("%s: %w", r.Case, err)
		}
		r.Patches = append(r.Patches, patch)
		if r.Start == nil {
			continue
		}
		if patch, err = Patch(r.Start, t.Start); err != nil {
			return fmt.Errorf("%s: %w", r.Case, err)
		}
		r.StartPatches = append(r.StartPatches, patch)
	}
	r.Commit, r.Cost = strings.Join(commits, " and "), MeanCost(costs)
	return nil
}

// Trained is the row that tells of the trainings of row i: the first of its case that does.
func (r Result) Trained(i int) (Row, bool) {
	for _, row := range r.Rows {
		if row.Case == r.Rows[i].Case && row.Recipe != nil {
			return row, true
		}
	}
	return Row{}, false
}

// Case makes rows those of one case: the first tells of its trainings, all of their images and their
// commit.
func Case(rows []Row, images string, trainings []Training) error {
	if err := rows[0].Tell(trainings); err != nil {
		return err
	}
	for i := range rows {
		rows[i].Data, rows[i].Commit = images, rows[0].Commit
	}
	return nil
}

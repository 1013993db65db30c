package kit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"sslkit/kit/rundir"
)

// Open gives the run in a directory, finished or not, with the recipe that it was trained with. Any
// notebook may ask for it.
//
//	run, err := kit.Open("runs/simclr")
//	test, err := run.Features(data.Test)
//
// A recipe may hold values of types of your own, such as a method that a notebook defines. Hand one
// of each to Open, so that they can be read: kit.Open(dir, Mine{}). Where images or weights were
// given by a path, the recipe holds that same path.
//
// Errors: there is no run in dir; recipe.json is damaged; it holds a type or a field that is not
// known, or has a newer format. The error names it.
func Open(dir string, own ...any) (*Run, error) {
	content, err := rundir.Dir(dir).Read(rundir.RecipeFile)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("opening the run in %s: there is none, no %s; kit.Pretrain makes one, and kit.Runs(%q) shows those that there are",
			dir, rundir.RecipeFile, filepath.Dir(filepath.Clean(dir)))
	}
	if err != nil {
		return nil, fmt.Errorf("opening the run in %s: %w", dir, err)
	}
	recipe, err := decodeRecipe(content, own...)
	if err != nil {
		return nil, fmt.Errorf("opening the run in %s: reading %s: %w", dir, rundir.RecipeFile, err)
	}
	return &Run{Dir: dir, Recipe: recipe}, nil
}

// ReadRecipe reads what a run directory has as recipe.json, such as from the result of a benchmark,
// with values of types of the user's own as Open takes them. Errors are those of Open.
func ReadRecipe(content []byte, own ...any) (Recipe, error) {
	recipe, err := decodeRecipe(content, own...)
	if err != nil {
		return Recipe{}, fmt.Errorf("reading a recipe: %w", err)
	}
	return recipe, nil
}

// check returns an error where a run was made by hand, without a recipe.
func (r *Run) check() error {
	if r.Recipe.Data == nil || r.Recipe.Encoder == nil || r.Recipe.Method == nil || r.Recipe.Augment == nil {
		return fmt.Errorf("the run in %s has no recipe, or not the whole of it; open it by kit.Open", r.Dir)
	}
	return nil
}

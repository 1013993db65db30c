package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"

	"sslkit/benchmarks/result"
	"sslkit/kit"
	"sslkit/kit/rundir"
	"sslkit/kit/wholefile"
)

// lightlyRun is what lightly_side.py writes.
type lightlyRun struct {
	Recipe    any               `json:"recipe"` // That it followed.
	Versions  map[string]string `json:"versions"`
	KNN       float64           `json:"knn"`
	SSLKitKNN float64           `json:"sslkit_knn"` // Of the encoder trained here, measured there.
	Seconds   float64           `json:"seconds"`
	PeakGiB   float64           `json:"peak_gib"` // Of the process that trains, without those that make views.
	Losses    []float64         `json:"losses"`   // Of every step.
	Commit    string            `json:"commit"`   // Of the script.
}

// lightly trains by a recipe, and measures that and the encoder of a run here, or reads what an
// earlier call did of the same recipe.
func (s *side) lightly(run, images, recipeFile, path string) (there lightlyRun, err error) {
	var recipe any
	if err := readJSON(recipeFile, &recipe); err != nil {
		return there, err
	}
	err = readJSON(path, &there)
	if err == nil && reflect.DeepEqual(there.Recipe, recipe) {
		s.versions = there.Versions
		return there, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return there, err
	}
	process := exec.Command(s.python, s.script, "--run", run, "--recipe", recipeFile, "--images", images, "--commit", rundir.Commit(), "--out", path)
	process.Stdout, process.Stderr = os.Stdout, os.Stderr
	if err := process.Run(); err != nil {
		return there, fmt.Errorf("%s: %w", filepath.Base(s.script), err)
	}
	there = lightlyRun{}
	err = readJSON(path, &there)
	s.versions = there.Versions
	return there, err
}

// trainThere trains with lightly by the recipe of a run here, at a rate of its own.
func (s *side) trainThere(run *kit.Run, here outcome, images string, rate float64) (outcome, error) {
	written, err := rundir.Dir(run.Dir).Read(rundir.RecipeFile)
	if err != nil {
		return outcome{}, err
	}
	recipe, err := withRate(written, rate)
	if err != nil {
		return outcome{}, err
	}
	path := run.Dir + "-lightly-recipe.json"
	if err := wholefile.WriteBytes(path, recipe); err != nil {
		return outcome{}, err
	}
	there, err := s.lightly(run.Dir, images, path, run.Dir+"-lightly.json")
	if err != nil {
		return outcome{}, err
	}
	if math.Abs(there.SSLKitKNN-here.knn) > .25 { // Rounding may change the neighbours of a few images.
		return outcome{}, fmt.Errorf("the encoder trained here has a k-NN accuracy of %.2f %% here and of %.2f %% there: "+
			"the sides do not measure the same", here.knn, there.SSLKitKNN)
	}
	told, err := withRate(here.training.Recipe, rate) // Without folders of this machine.
	if err != nil {
		return outcome{}, err
	}
	seen := len(there.Losses) * batch
	return outcome{
		knn: there.KNN, losses: ends(there.Losses), training: result.Training{
			Recipe: told, Commit: there.Commit, Cost: result.Cost{
				ImagesSeen: seen, Seconds: there.Seconds, ImagesPerSecond: float64(seen) / there.Seconds, PeakMemoryGiB: there.PeakGiB,
				FLOPs: here.training.Cost.FLOPs, // The same networks, views and steps.
			},
		},
	}, nil
}

// withRate is a recipe with another learning rate.
func withRate(recipe []byte, rate float64) ([]byte, error) {
	patch, err := json.Marshal(map[string]any{"Optimizer": map[string]any{"optim.SGD": map[string]any{"LR": rate}}})
	if err != nil {
		return nil, err
	}
	return result.Patched(recipe, patch)
}

func readJSON(path string, content any) error {
	encoded, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.NewDecoder(bytes.NewReader(encoded)).Decode(content); err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	return nil
}

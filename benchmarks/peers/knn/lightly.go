package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"

	"sslkit/kit"
)

// lightlyRun is what lightly_side.py writes.
type lightlyRun struct {
	Recipe    any               `json:"recipe"` // That it followed.
	Versions  map[string]string `json:"versions"`
	KNN       float64           `json:"knn"`
	SSLKitKNN float64           `json:"sslkit_knn"` // Of the encoder trained here, measured there.
	Seconds   float64           `json:"seconds"`
	Losses    []float64         `json:"losses"` // Of every step.
}

// trainThere trains with lightly by the recipe of a run here, or reads what an earlier call did of
// the same recipe. knn is the accuracy of the run, measured here.
func trainThere(o options, run *kit.Run, images string, knn float64) (outcome, error) {
	var recipe any
	if err := readJSON(filepath.Join(run.Dir, "recipe.json"), &recipe); err != nil {
		return outcome{}, err
	}
	path := run.Dir + "-lightly.json"
	var there lightlyRun
	if err := readJSON(path, &there); err != nil || !reflect.DeepEqual(there.Recipe, recipe) {
		process := exec.Command(o.python, o.script, "--run", run.Dir, "--images", images, "--out", path)
		process.Stdout, process.Stderr = os.Stdout, os.Stderr
		if err := process.Run(); err != nil {
			return outcome{}, err
		}
		there = lightlyRun{}
		if err := readJSON(path, &there); err != nil {
			return outcome{}, err
		}
	}
	if math.Abs(there.SSLKitKNN-knn) > .25 { // Rounding may change the neighbours of a few images.
		return outcome{}, fmt.Errorf("the encoder trained here has a k-NN accuracy of %.2f %% here and of %.2f %% there: "+
			"the sides do not measure the same", knn, there.SSLKitKNN)
	}
	first, last := ends(there.Losses)
	return outcome{
		knn: there.KNN, seconds: there.Seconds, steps: len(there.Losses), first: first, last: last, versions: there.Versions,
	}, nil
}

func readJSON(path string, content any) error {
	encoded, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(encoded, content)
}

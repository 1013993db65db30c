// Command trainings says of the runs in a folder how they came about, as JSON:
//
//	go run ./notebooks/setup/trainings [-open from] folder
//
// What is told of a run is what its directory holds. With -open, its images are opened again, and
// their fingerprint now stands beside the one that the run was trained on; relative paths of images
// begin at the folder from, which is the notebook's. A folder that is not there holds no runs.
package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/report"
	"sslkit/kit/rundir"
)

// Run is what a page tells of a run, and what its being up to date is decided by.
type Run struct {
	Name    string  `json:"name"`            // Path of its directory in the folder, with slashes.
	State   string  `json:"state"`           // As kit.RunState.
	Error   string  `json:"error,omitempty"` // What is wrong with its directory.
	Method  string  `json:"method,omitempty"`
	Encoder string  `json:"encoder,omitempty"`
	Seed    uint64  `json:"seed"`
	Steps   int     `json:"steps"`            // Done.
	Seconds float64 `json:"seconds"`          // Of training.
	Recipe  string  `json:"recipe,omitempty"` // Hash (hex) of recipe.json, its first 16 digits.

	Commit    string            `json:"commit,omitempty"`
	Go        string            `json:"go,omitempty"`
	Modules   map[string]string `json:"modules,omitempty"`
	Backend   string            `json:"backend,omitempty"`
	Machine   rundir.Machine    `json:"machine"`
	Began     *time.Time        `json:"began,omitempty"`
	KWh       float64           `json:"kwh,omitempty"`    // An estimate.
	Energy    string            `json:"energy,omitempty"` // By what it is estimated, or why it is not.
	Data      string            `json:"data,omitempty"`   // Name of the training set.
	Images    int               `json:"images"`           // Number of them.
	DataHash  string            `json:"data_hash,omitempty"`
	DataNow   string            `json:"data_now,omitempty"`   // The hash as they are now.
	DataError string            `json:"data_error,omitempty"` // Why there is none.
}

func main() {
	from := flag.String("open", "", "open the images of the runs again, and give their fingerprints; relative paths begin at this `folder`")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: trainings [-open from] folder")
		os.Exit(2)
	}
	runs, err := of(flag.Arg(0), *from)
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(runs)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// of describes the runs in a folder. Where from is not empty, it becomes the working folder, and the
// images are opened.
func of(folder, from string) ([]Run, error) {
	runs := []Run{}
	folder, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	if from != "" {
		if err := os.Chdir(from); err != nil {
			return nil, err
		}
	}
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		return runs, nil
	}
	table, err := kit.Runs(folder)
	if err != nil {
		return nil, err
	}
	hashes := map[string][2]string{} // Of images that several runs have, by how the recipe names them.
	for _, info := range table.Rows {
		run := Run{
			Name: info.Name, State: info.State.String(), Method: info.Method, Encoder: info.Encoder, Seed: info.Seed,
			Steps: info.Steps, Seconds: info.Seconds,
		}
		if info.Err != nil {
			run.Error = info.Err.Error()
		}
		if recipe, err := os.ReadFile(rundir.Dir(info.Dir).Path(rundir.RecipeFile)); err == nil {
			run.Recipe = fmt.Sprintf("%x", sha256.Sum256(recipe))[:16]
		}
		if env, err := rundir.Dir(info.Dir).Environment(); err == nil {
			if err := run.describe(env); err != nil {
				return nil, err
			}
		}
		if from != "" && info.Run != nil && info.Run.Recipe.Data != nil {
			key := fmt.Sprintf("%#v", info.Run.Recipe.Data)
			now, known := hashes[key]
			if !known {
				if set, err := info.Run.Recipe.Data.Open(data.Train); err != nil {
					now[1] = err.Error()
				} else {
					now[0] = set.Fingerprint()
				}
				hashes[key] = now
			}
			run.DataNow, run.DataError = now[0], now[1]
		}
		runs = append(runs, run)
	}
	return runs, nil
}

// describe takes over what the run kept of where it ran.
func (r *Run) describe(env rundir.Environment) error {
	r.Commit, r.Go, r.Modules, r.Backend, r.Machine = env.Commit, env.Go, env.Modules, env.Backend, env.Machine
	r.Data, r.Images, r.DataHash = env.Data, env.Images, env.DataHash
	if !env.Began.IsZero() {
		r.Began = &env.Began
	}
	energy, unknown, err := report.Power{}.Estimate(r.Seconds, env.Machine.Cores, env.Machine.Accelerator)
	if err != nil {
		return err
	}
	if r.Energy = unknown; energy != nil {
		r.KWh, r.Energy = energy.KWh, energy.Assumption
	}
	return nil
}

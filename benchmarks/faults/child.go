//go:build linux

package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/encoder"
	"sslkit/kit/eval"
	"sslkit/kit/report"
	"sslkit/kit/rundir"
	"sslkit/kit/ssl"
)

// childCall, in the environment, marks the process that is hurt; its value is a call as JSON.
const childCall = "SSLKIT_FAULTS_CHILD"

// call is what a child is to do.
type call struct {
	Do        string // "train"; "whole": train and evaluate; "evaluate" a finished run; "open" a source of images; "download".
	Family    string
	Run       string // The run directory.
	Images    string // The folder of pictures, for family "folder".
	Cache     string // Where they are decoded to.
	Elsewhere bool   // Recipe.ResumeElsewhere.
	Source    string // What to open: "folder", "medmnist", "captions", "weights".
	Path      string // Its path, or that of a download.
	Download  data.Download
}

// state is all that a run gives, as hashes and figures by name.
type state map[string]string

// stateMark begins the line that a child prints its state on.
const stateMark = "STATE "

func runChild(encoded string) error {
	var c call
	if err := json.Unmarshal([]byte(encoded), &c); err != nil {
		return err
	}
	switch c.Do {
	case "open":
		return c.open()
	case "download":
		return c.download()
	}
	r := recipe(c.Family, c.Images, c.Cache)
	r.ResumeElsewhere = c.Elsewhere
	var run *kit.Run
	var err error
	if c.Do == "evaluate" {
		run, err = kit.Open(c.Run)
	} else {
		run, err = kit.Pretrain(c.Run, r)
	}
	if err != nil || c.Do == "train" {
		return err
	}
	found, err := evaluate(run)
	if err != nil {
		return err
	}
	return found.print()
}

func (s state) print() error {
	line, err := json.Marshal(s)
	if err != nil {
		return err
	}
	_, err = fmt.Printf("\n%s%s\n", stateMark, line)
	return err
}

// hash names a value by the beginning of its SHA-256.
func hash(value any) string {
	encoded, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%.16x", sha256.Sum256(encoded))
}

// evaluate takes up all that a finished run gives.
func evaluate(run *kit.Run) (state, error) {
	s := state{}
	for _, name := range []string{rundir.EncoderFile, rundir.TeacherFile, rundir.AverageFile, rundir.InitialFile} {
		weights, err := rundir.HashWeights(filepath.Join(run.Dir, name))
		if errors.Is(err, os.ErrNotExist) { // Few families have them; where the unbroken run has one, its absence shows.
			continue
		}
		if err != nil {
			return nil, err
		}
		s[name] = weights
	}
	train, err := run.Features(data.Train)
	if err != nil {
		return nil, err
	}
	test, err := run.Features(data.Test)
	if err != nil {
		return nil, err
	}
	initial, err := run.InitialFeatures(data.Test)
	if err != nil {
		return nil, err
	}
	embeddings, err := run.Embeddings(data.Test)
	if err != nil {
		return nil, err
	}
	s["features"] = hash([]any{train.X, test.X, initial.X, embeddings.X, train.Labels, test.Labels})
	if test.Labels != nil && !slices.Contains(train.Labels, -1) {
		knn, err := eval.KNN{K: 5}.Evaluate(train, test)
		if err != nil {
			return nil, err
		}
		s["k-NN"] = fmt.Sprint(knn.Value)
	}
	if s["metrics"], err = metricsOf(run); err != nil {
		return nil, err
	}
	if s["head"], err = headOf(run); err != nil {
		return nil, err
	}
	if _, err := kit.Open(run.Dir); err != nil {
		return nil, err
	}
	recipe, err := os.ReadFile(filepath.Join(run.Dir, rundir.RecipeFile))
	if err != nil {
		return nil, err
	}
	s["recipe"] = hash(recipe)
	return s, reportOf(run, s)
}

// metricsOf are the metrics without the times, which differ.
func metricsOf(run *kit.Run) (string, error) {
	all, err := run.Metrics()
	if err != nil {
		return "", err
	}
	for i := range all {
		all[i].Seconds, all[i].Waited = 0, 0
	}
	return fmt.Sprint(len(all), " ", hash(all)), nil
}

// headOf are the weights of the method's head.
func headOf(run *kit.Run) (string, error) {
	frozen, err := run.Frozen()
	if err != nil || frozen.Head == "" {
		return "none", err
	}
	return rundir.HashWeights(frozen.Head)
}

// reportOf reads the report of an earlier process, if there is one, writes one, where that is
// possible, and reads it back.
func reportOf(run *kit.Run, s state) error {
	if _, err := report.Read(filepath.Join(run.Dir, "report.json")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	_, err := report.Of(run, report.Parts{TrainingOnly: true})
	if errors.Is(err, os.ErrPermission) || isReadOnly(err) {
		fmt.Printf("the report is not kept: %v\n", err)
		return nil
	}
	if err != nil {
		return err
	}
	read, err := report.Read(filepath.Join(run.Dir, "report.json"))
	if err != nil {
		return err
	}
	s["report"] = fmt.Sprint(read.Title, read.Cost.Steps, read.Model.Weights, len(read.Sections))
	return nil
}

// open opens a source of images, or a file of weights, and says what it holds.
func (c call) open() error {
	source, ok := map[string]data.Source{
		"folder":   data.ImageFolder{Path: c.Path, Cache: c.Cache},
		"medmnist": data.MedMNIST{Dataset: "pneumoniamnist", Path: c.Path},
		"captions": data.CaptionFile{From: data.ImageFolder{Path: c.Images, Cache: c.Cache}, Path: c.Path},
	}[c.Source]
	if !ok {
		return c.startFrom()
	}
	s := state{}
	for _, split := range []data.Split{data.Train, data.Test} {
		set, err := source.Open(split)
		if err != nil {
			return err
		}
		defer set.Close()
		if left := data.LeftOutOf(set).String(); left != "" {
			fmt.Println(left)
		}
		s[split.String()] = fmt.Sprint(set.Len(), " ", set.Fingerprint())
	}
	return s.print()
}

// startFrom trains a step from a file of weights, and says what it started at.
func (c call) startFrom() error {
	run, err := kit.Pretrain(c.Run, kit.Recipe{
		Data: data.Shapes{Train: 32, Test: 8}, Encoder: encoder.ViT{Patch: 16, Width: 8, Depth: 1, Heads: 1},
		Method: ssl.SimCLR{Out: 8}, Batch: 8, Steps: 1, Start: c.Path,
	})
	if err != nil {
		return err
	}
	initial, err := rundir.HashWeights(filepath.Join(run.Dir, rundir.InitialFile))
	if err != nil {
		return err
	}
	return state{"start": initial}.print()
}

// download fetches a file, and says what it is.
func (c call) download() error {
	if err := c.Download.To(c.Path, os.Stderr); err != nil {
		return err
	}
	content, err := os.ReadFile(c.Path)
	if err != nil {
		return err
	}
	return state{"file": hash(content)}.print()
}

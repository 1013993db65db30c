package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sslkit/data"
	"sslkit/kit/rundir"
)

// describe fills in what is known of the run: title, cost, model card, environment and recipe.
func (p *reporter) describe(out *Report) error {
	recipe := p.run.Recipe
	out.Title = p.with.Title
	if out.Title == "" {
		out.Title = fmt.Sprintf("%s, %s on %s", recipe.Method.Name(), recipe.Encoder.Name(), recipe.Data.Name())
	}
	var env rundir.Environment
	var err error
	if out.Environment, err = compactFile(filepath.Join(p.run.Dir, rundir.EnvironmentFile)); err != nil {
		return err
	}
	if out.Environment != nil {
		if err := json.Unmarshal(out.Environment, &env); err != nil {
			return fmt.Errorf("reading %s: %w", rundir.EnvironmentFile, err)
		}
	}
	if out.Recipe, err = compactFile(filepath.Join(p.run.Dir, rundir.RecipeFile)); err != nil {
		return err
	}
	if out.Model, err = p.card(env, out.Sections); err != nil {
		return fmt.Errorf("model card: %w", err)
	}
	out.Subtitle = fmt.Sprintf("%s steps of %d images of %s, seed %d", counted(p.stepsDone()), recipe.Batch,
		out.Model.Training.Name, recipe.Seed)
	if out.Model.Began != "" {
		out.Subtitle += ", started " + env.Began.Format("2 January 2006")
	}
	out.Cost, err = p.cost(env, out.Model.Training)
	if err != nil {
		return fmt.Errorf("cost: %w", err)
	}
	return nil
}

// compactFile is a file of JSON without white space, or nil where there is none.
func compactFile(path string) (json.RawMessage, error) {
	content, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Compact(&out, content); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return out.Bytes(), nil
}

// cost is what the training took.
func (p *reporter) cost(env rundir.Environment, images Images) (Cost, error) {
	recipe := p.run.Recipe
	network := recipe.Encoder.Cost(images.Height, images.Width)
	c := Cost{
		Steps: p.stepsDone(), Planned: recipe.Steps, Batch: recipe.Batch, Epochs: p.epochs(),
		ImagesSeen: int64(p.stepsDone()) * int64(recipe.Batch),
		Parameters: network.Params, ForwardFLOPs: network.FLOPs(),
	}
	if len(p.metrics) > 0 {
		c.Seconds = p.metrics[len(p.metrics)-1].Seconds
	}
	// The graph is built anew for it, which a network that the method learnt from may have been
	// moved away for.
	if step, err := p.run.StepFLOPs(); err != nil {
		c.FLOPsUnknown = err.Error()
	} else {
		c.StepFLOPs, c.TrainingFLOPs = step, step*float64(c.Steps)
	}
	var err error
	c.Energy, c.EnergyUnknown, err = p.with.Power.Estimate(c.Seconds, env.Machine.Cores, env.Machine.Accelerator)
	return c, err
}

// card is what is known for the model card.
func (p *reporter) card(env rundir.Environment, sections []Section) (ModelCard, error) {
	recipe := p.run.Recipe
	card := ModelCard{
		Card: p.with.Card, Method: recipe.Method.Name(), Encoder: recipe.Encoder.Name(), Dim: recipe.Encoder.Dim(), Seed: recipe.Seed,
		Commit: env.Commit,
	}
	if !env.Began.IsZero() {
		card.Began = env.Began.Format(time.RFC3339)
	}
	if p.run.Finished() {
		_, hash, err := rundir.ReadWeights(filepath.Join(p.run.Dir, rundir.EncoderFile))
		if err != nil {
			return card, err
		}
		card.Weights = hash
	}
	for _, set := range []struct {
		split data.Split
		to    *Images
	}{{data.Train, &card.Training}, {p.with.Split, &card.Judged}} {
		opened, err := p.open(set.split)
		var why absence
		if errors.As(err, &why) {
			set.to.Missing = why.reason
			continue
		}
		if err != nil {
			return card, err
		}
		*set.to = Describe(opened)
		opened.Close()
	}
	var measured []string
	for _, s := range sections {
		for _, r := range s.Results {
			measured = append(measured, r.Name)
		}
	}
	if len(measured) > 0 {
		card.Measured = fmt.Sprintf("on the frozen encoder: %s. Intervals are 95 %% intervals, and each says what it is over",
			strings.Join(measured, "; "))
	}
	return card, nil
}

package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/rundir"
)

// describe fills in what is known of the run: title, cost, model card, environment and recipe.
func (p *reporter) describe(out *Report) error {
	recipe := p.run.Recipe
	out.Title = p.with.Title
	if out.Title == "" {
		out.Title = fmt.Sprintf("%s, %s on %s", recipe.Method.Name(), recipe.Encoder.Name(), recipe.Data.Name())
	}
	env, err := p.environment(out)
	if err != nil {
		return err
	}
	recipeFile, err := rundir.Dir(p.run.Dir).Read(rundir.RecipeFile)
	if err == nil {
		out.Recipe, err = compact(recipeFile)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("reading the recipe: %w", err)
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

// environment is that of the run, zero where there is none, and puts it into a report with the other
// conditions under which the run went on.
func (p *reporter) environment(out *Report) (rundir.Environment, error) {
	dir := rundir.Dir(p.run.Dir)
	env, err := dir.Environment()
	if errors.Is(err, os.ErrNotExist) {
		return env, nil
	}
	if err != nil {
		return env, err
	}
	resumed, err := dir.ResumedUnder()
	if err != nil {
		return env, err
	}
	out.Environment, err = json.Marshal(struct {
		rundir.Environment
		Resumed []rundir.ResumedUnder `json:"resumed,omitempty"`
	}{env, resumed})
	return env, err
}

// compact is JSON without white space.
func compact(content []byte) (json.RawMessage, error) {
	var out bytes.Buffer
	if err := json.Compact(&out, content); err != nil {
		return nil, err
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
		_, hash, err := rundir.ReadWeights(p.run.WeightsFile())
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
		of := map[kit.Weights]string{kit.Teacher: " of the teacher", kit.Average: " of the running mean of the weights"}
		card.Measured = fmt.Sprintf("on the frozen encoder%s: %s. Intervals are 95 %% intervals, and each says what it is over",
			of[p.run.Evaluated()], strings.Join(measured, "; "))
	}
	return card, nil
}

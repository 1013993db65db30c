package main

import (
	"context"
	"fmt"
	"maps"

	"sslkit/benchmarks/result"
)

// The sides, as they are named in rows, and the scripts of the others.
const (
	sslkit  = "sslkit"
	lightly = "lightly"
	pytorch = "pytorch"
	jax     = "jax"

	torchScript = "torch_side.py"
	jaxScript   = "jax_side.py"
)

// sides are the measurements of one turn, taken one after the other.
type sides map[string]measured

// bench takes the turns and keeps what they gave.
type bench struct {
	options
	ctx    context.Context
	images string // The image folder.
	kept   string // Where measurements are kept.

	trials map[string][]trial            // Of a subject.
	turns  map[string]map[string][]sides // By what was done and the subject, a value a turn.
}

// turn measures everything once, or reads what an earlier call did.
func (b *bench) turn(turn int) error {
	for _, s := range compared(b.Quick, b.wide) {
		if err := b.one(turn, doTrain, s, b.trainings); err != nil {
			return err
		}
		if b.devices > 1 {
			continue
		}
		if err := b.one(turn, doStep, s, b.stepsAlone); err != nil {
			return err
		}
	}
	if b.devices > 1 {
		return nil
	}
	for _, s := range alone(b.Quick, b.wide) {
		if err := b.one(turn, doParts, s, b.parts); err != nil {
			return err
		}
	}
	return nil
}

// one measures a subject on all sides.
func (b *bench) one(turn int, do string, s subject, measure func(subject) (sides, error)) error {
	all, err := result.Kept(b.path(turn, do, s.name), func() (sides, error) { return measure(s) })
	if err != nil {
		return fmt.Errorf("turn %d: %w", turn+1, err)
	}
	if err := all.agree(); err != nil {
		return fmt.Errorf("turn %d: %s of %s: %w", turn+1, do, s.name, err)
	}
	if do == doTrain && b.python != "" {
		trials, err := b.tryLoaders(s)
		if err != nil {
			return err
		}
		if b.trials == nil {
			b.trials = map[string][]trial{}
		}
		b.trials[s.name] = trials
	}
	if b.turns == nil {
		b.turns = map[string]map[string][]sides{}
	}
	if b.turns[do] == nil {
		b.turns[do] = map[string][]sides{}
	}
	b.turns[do][s.name] = append(b.turns[do][s.name], all)
	for _, name := range []string{sslkit, lightly, pytorch, jax} {
		m, there := all[name]
		if !there {
			continue
		}
		fmt.Printf("turn %d, %s of %s, %s: first step %.1f s, then %.1f ms each\n", turn+1, do, s.name, name, m.First, 1e3*result.Median(m.Steps))
	}
	return nil
}

// trainings are from the image folder to updated weights.
func (b *bench) trainings(s subject) (sides, error) {
	c := newCall(doTrain, s, b.options, b.images, b.steps)
	if b.python == "" {
		ours, err := here(b.ctx, c)
		return sides{sslkit: ours}, err
	}
	trials, err := b.tryLoaders(s) // Before both, so that they follow each other.
	if err != nil {
		return nil, err
	}
	ours, err := here(b.ctx, c)
	if err != nil {
		return nil, err
	}
	c.loader = fastest(trials).Loader
	theirs, err := there(b.ctx, b.python, torchScript, c)
	return sides{sslkit: ours, lightly: theirs}, err
}

// stepsAlone are of views in memory.
func (b *bench) stepsAlone(s subject) (sides, error) {
	c := newCall(doStep, s, b.options, b.images, b.rounds+1)
	ours, err := here(b.ctx, c)
	if err != nil || b.python == "" {
		return sides{sslkit: ours}, err
	}
	torch, err := there(b.ctx, b.python, torchScript, c)
	if err != nil {
		return nil, err
	}
	if b.cuda {
		return sides{sslkit: ours, pytorch: torch}, nil
	}
	compiled, err := there(b.ctx, b.python, jaxScript, c)
	return sides{sslkit: ours, pytorch: torch, jax: compiled}, err
}

// others are those whose steps are measured.
func (b *bench) others() []string {
	switch {
	case b.python == "":
		return nil
	case b.cuda:
		return []string{pytorch}
	}
	return []string{pytorch, jax}
}

// parts are of the step, here alone.
func (b *bench) parts(s subject) (sides, error) {
	ours, err := here(b.ctx, newCall(doParts, s, b.options, b.images, b.rounds+1))
	return sides{sslkit: ours}, err
}

// agree is an error where the others do not train the same number of parameters on inputs of the
// same shape: their times could not be compared.
func (s sides) agree() error {
	ours := s[sslkit]
	for name, m := range s {
		if m.Parameters != ours.Parameters || m.Input != ours.Input {
			return fmt.Errorf("%s has %d parameters and inputs %v, sslkit %d and %v: they are not the same network on the same views",
				name, m.Parameters, m.Input, ours.Parameters, ours.Input)
		}
	}
	return nil
}

// versions are those of the others' packages; nil where there were none.
func (b *bench) versions() map[string]string {
	var all map[string]string
	for _, subjects := range b.turns {
		for _, turns := range subjects {
			for _, m := range turns[len(turns)-1] {
				if m.Versions == nil {
					continue
				}
				if all == nil {
					all = map[string]string{}
				}
				maps.Copy(all, m.Versions)
			}
		}
	}
	return all
}

package main

import (
	"path/filepath"

	"sslkit/plots"
)

// embedding is t-SNE on both sides.
type embedding struct {
	x           []float32
	n           int
	file        string
	runs        string
	here, there []float64 // Seconds of each turn.

	klHere, klThere       []float64
	trustHere, trustThere []float64
}

func newEmbedding(o options) (*embedding, error) {
	e := &embedding{x: vectors(o.embedding, 3), n: o.embedding, runs: o.runs}
	var err error
	e.file, err = writeNumbers(filepath.Join(o.runs, "embedded.f32"), e.x)
	return e, err
}

// turn embeds on both sides, with a seed of its own, and has both judged by the same measures.
func (e *embedding) turn(there *peer, turn int) error {
	var points [][2]float64
	theirs, err := filepath.Abs(filepath.Join(e.runs, "points-sklearn.f64"))
	if err != nil {
		return err
	}
	err = inTurns(turn, func() error {
		seconds, err := timed(func() (err error) {
			points, err = plots.TSNE{Perplexity: perplexity, Iterations: iterations, Seed: uint64(turn)}.Embed(e.x, e.n, dim)
			return err
		})
		e.here = append(e.here, seconds)
		return err
	}, func() error {
		a, err := there.ask("tsne", map[string]any{
			"x": e.file, "dim": dim, "perplexity": perplexity, "iterations": iterations, "seed": turn, "out": theirs,
		})
		e.there = append(e.there, a.Seconds)
		return err
	})
	if err != nil {
		return err
	}
	ours, err := writeNumbers(filepath.Join(e.runs, "points-sslkit.f64"), points)
	if err != nil {
		return err
	}
	for _, side := range []struct {
		points    string
		kl, trust *[]float64
	}{{ours, &e.klHere, &e.trustHere}, {theirs, &e.klThere, &e.trustThere}} {
		a, err := there.ask("judge", map[string]any{"x": e.file, "dim": dim, "perplexity": perplexity, "points": side.points})
		if err != nil {
			return err
		}
		*side.kl, *side.trust = append(*side.kl, a.KL), append(*side.trust, a.Trustworthiness)
	}
	return nil
}

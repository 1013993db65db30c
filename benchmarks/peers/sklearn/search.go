package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"sslkit/kit/eval"
)

// search is exact k-NN on both sides.
type search struct {
	train, test           eval.Features
	trainFile, testFile   string
	found                 string    // Where scikit-learn writes what it finds.
	here                  []float64 // Seconds of each turn.
	cosine, euclidean     []float64 // Of scikit-learn, which finds the same in two ways.
	neighbours, ties, off int       // Compared; other ones, but as near; farther ones.
}

// tied is how much nearer a neighbour may be than another that counts as equally near: some roundings
// of a float32 similarity.
const tied = 1e-6

func newSearch(o options) (*search, error) {
	s := &search{
		train: eval.Features{X: vectors(o.train, 1), N: o.train, Dim: dim},
		test:  eval.Features{X: vectors(o.test, 2), N: o.test, Dim: dim},
		found: filepath.Join(o.runs, "neighbours.i64"),
	}
	var err error
	if s.trainFile, err = writeNumbers(filepath.Join(o.runs, "train.f32"), s.train.X); err != nil {
		return nil, err
	}
	s.testFile, err = writeNumbers(filepath.Join(o.runs, "test.f32"), s.test.X)
	return s, err
}

// turn searches on both sides, and compares what they found.
func (s *search) turn(there *peer, turn int) error {
	var here eval.Neighborhood
	ask := func(metric string, seconds *[]float64) func() error {
		return func() error {
			a, err := there.ask("neighbours", map[string]any{
				"train": s.trainFile, "test": s.testFile, "dim": dim, "k": k, "metric": metric, "out": s.found + "." + metric,
			})
			*seconds = append(*seconds, a.Seconds)
			return err
		}
	}
	err := inTurns(turn, func() error {
		seconds, err := timed(func() (err error) {
			here, err = eval.Neighbors(s.train, s.test, k)
			return err
		})
		s.here = append(s.here, seconds)
		return err
	}, ask("euclidean", &s.euclidean), ask("cosine", &s.cosine))
	if err != nil {
		return err
	}
	for _, metric := range []string{"cosine", "euclidean"} {
		if err := s.compare(here, s.found+"."+metric); err != nil {
			return err
		}
	}
	return nil
}

// compare counts where scikit-learn's neighbours in a file are other ones.
func (s *search) compare(here eval.Neighborhood, path string) error {
	there := make([]int64, s.test.N*k)
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := binary.Read(file, binary.LittleEndian, there); err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	for at, other := range there {
		s.neighbours++
		switch query := at / k; {
		case int(other) == here.Index[at]:
		case math.Abs(cosine(s.test.Row(query), s.train.Row(int(other)))-here.Similarity[at]) <= tied:
			s.ties++
		default:
			s.off++
		}
	}
	return nil
}

func cosine(a, b []float32) float64 {
	var product, ofA, ofB float64
	for i, v := range a {
		x, y := float64(v), float64(b[i])
		product, ofA, ofB = product+x*y, ofA+x*x, ofB+y*y
	}
	return product / math.Sqrt(ofA*ofB)
}

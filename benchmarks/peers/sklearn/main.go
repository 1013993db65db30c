// Command sklearn asks: are exact k-NN and t-SNE here as fast as scikit-learn's, and do they find the
// same? Run it with run.sh, which makes scikit-learn's environment.
//
// The two sides take turns in the same run, each first in every other one, so that whatever else the
// machine does falls on both alike.
package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"sslkit/kit/eval"
)

const (
	dim        = 512
	classes    = 10
	k          = eval.DefaultK
	perplexity = 30
	iterations = 1_000
)

type options struct {
	python, script, runs, out     string
	turns, train, test, embedding int
}

func main() {
	log.SetFlags(0)
	var o options
	flag.StringVar(&o.python, "python", "python3", "interpreter that has scikit-learn")
	flag.StringVar(&o.script, "script", "sklearn_side.py", "the other side's program")
	flag.StringVar(&o.runs, "runs", filepath.Join("runs", "peers-sklearn"), "where vectors and what was found are kept")
	flag.StringVar(&o.out, "out", filepath.Join("benchmarks", "results"), "directory for the result")
	flag.IntVar(&o.turns, "turns", 3, "turns of each side")
	quick := flag.Bool("quick", false, "run small, to see that it works; the result goes to the runs' directory")
	flag.Parse()
	o.train, o.test, o.embedding = 50_000, 10_000, 10_000
	if *quick {
		o.train, o.test, o.embedding = 5_000, 1_000, 1_000
		o.runs += "-quick"
		o.out = o.runs
	}
	if err := compare(o); err != nil {
		log.Fatal(err)
	}
}

func compare(o options) (err error) {
	if err := os.MkdirAll(o.runs, 0o755); err != nil {
		return err
	}
	there, err := startPeer(o.python, o.script)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, there.Close()) }()
	search, err := newSearch(o)
	if err != nil {
		return err
	}
	embedding, err := newEmbedding(o)
	if err != nil {
		return err
	}
	for turn := range o.turns {
		if err := search.turn(there, turn); err != nil {
			return err
		}
		if err := embedding.turn(there, turn); err != nil {
			return err
		}
		log.Printf("turn %d: k-NN %.1f s, scikit-learn %.1f s (cosine) and %.1f s (euclidean); t-SNE %.1f s, scikit-learn %.1f s",
			turn+1, search.here[turn], search.cosine[turn], search.euclidean[turn], embedding.here[turn], embedding.there[turn])
		if err := write(o, there.Versions, search, embedding); err != nil {
			return err
		}
	}
	return nil
}

// vectors stand for an encoder's features: classes apart from each other, with noise that differs
// in strength from dimension to dimension.
func vectors(n int, seed uint64) []float32 {
	centres, random := rand.New(rand.NewPCG(1, 0)), rand.New(rand.NewPCG(1, seed))
	centre := make([]float64, classes*dim)
	for i := range centre {
		centre[i] = centres.NormFloat64()
	}
	x := make([]float32, n*dim)
	for i := range x {
		d, class := i%dim, i/dim%classes
		noise := 4 / math.Sqrt(1+float64(d)/16)
		x[i] = float32((centre[class*dim+d] + noise*random.NormFloat64()) / 4)
	}
	return x
}

// timed is the seconds that do took.
func timed(do func() error) (float64, error) {
	start := time.Now()
	err := do()
	return time.Since(start).Seconds(), err
}

// inTurns runs the sides in their order, or in the reverse in every other turn.
func inTurns(turn int, sides ...func() error) error {
	for i := range sides {
		if turn%2 == 1 {
			i = len(sides) - 1 - i
		}
		if err := sides[i](); err != nil {
			return err
		}
	}
	return nil
}

// writeNumbers writes plain numbers, as NumPy's fromfile reads them, and tells the absolute path.
func writeNumbers(path string, numbers any) (string, error) {
	file, err := os.Create(path)
	if err != nil {
		return "", err
	}
	buffered := bufio.NewWriter(file)
	err = binary.Write(buffered, binary.LittleEndian, numbers)
	if err := errors.Join(err, buffered.Flush(), file.Close()); err != nil {
		return "", fmt.Errorf("writing %s: %w", path, err)
	}
	return filepath.Abs(path)
}

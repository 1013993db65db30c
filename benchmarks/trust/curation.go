package main

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"slices"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/benchmarks/statistics"
	"sslkit/data"
	"sslkit/kit/curate"
	"sslkit/kit/eval"
	"sslkit/kit/metric"
)

// album is a set in memory.
type album struct {
	name   string
	size   int
	pix    [][]uint8
	labels []int
}

func (a *album) Name() string                  { return a.name }
func (a *album) Len() int                      { return len(a.pix) }
func (a *album) Size() (height, width int)     { return a.size, a.size }
func (a *album) Classes() []string             { return data.ShapeClasses() }
func (a *album) Label(i int) int               { return a.labels[i] }
func (a *album) Read(i int, pix []uint8) error { copy(pix, a.pix[i]); return nil }
func (a *album) Fingerprint() string           { return "" }
func (a *album) Close() error                  { return nil }
func (a *album) add(pix []uint8, label int) {
	a.pix, a.labels = append(a.pix, pix), append(a.labels, label)
}

// albumOf reads the first n images of a split.
func albumOf(source data.Source, split data.Split, n int) (*album, error) {
	set, err := source.Open(split)
	if err != nil {
		return nil, err
	}
	defer set.Close()
	height, _ := set.Size()
	a := &album{name: set.Name(), size: height}
	for i := range min(n, set.Len()) {
		pix := make([]uint8, height*height*3)
		if err := set.Read(i, pix); err != nil {
			return nil, err
		}
		a.add(pix, set.Label(i))
	}
	return a, nil
}

// copies are ways in which an image comes to be in a set twice.
var copies = []struct {
	name string
	of   func(pix []uint8, size int) ([]uint8, error)
}{
	{"the same", func(pix []uint8, _ int) ([]uint8, error) { return slices.Clone(pix), nil }},
	{"JPEG, quality 75", func(pix []uint8, size int) ([]uint8, error) { return recompressed(pix, size, 75) }},
	{"25 levels brighter", func(pix []uint8, _ int) ([]uint8, error) {
		out := make([]uint8, len(pix))
		for i, v := range pix {
			out[i] = uint8(min(int(v)+25, 255))
		}
		return out, nil
	}},
}

func recompressed(pix []uint8, size, quality int) ([]uint8, error) {
	m := image.NewNRGBA(image.Rect(0, 0, size, size))
	for i := range size * size {
		copy(m.Pix[4*i:], pix[3*i:3*i+3])
		m.Pix[4*i+3] = 255
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		return nil, err
	}
	decoded, err := jpeg.Decode(&b)
	if err != nil {
		return nil, err
	}
	out := make([]uint8, len(pix))
	for i := range size * size {
		r, g, b, _ := decoded.At(i%size, i/size).RGBA()
		out[3*i], out[3*i+1], out[3*i+2] = uint8(r>>8), uint8(g>>8), uint8(b>>8)
	}
	return out, nil
}

// curation plants copies and looks for them, and chooses subsets of a bad pool.
func curation(o options, s setting) ([]result.Row, error) {
	rows, err := plantedCopies(s)
	if err != nil {
		return nil, err
	}
	chosen, err := chosenSubsets(o, s)
	return append(rows, chosen...), err
}

// plantedCopies are precision and recall of what is found, for duplicates within the training
// images and for test images among them.
func plantedCopies(s setting) ([]result.Row, error) {
	var rows []result.Row
	for _, leak := range []bool{false, true} {
		train, err := albumOf(s.world(0, 1), data.Train, s.train/2)
		if err != nil {
			return nil, err
		}
		test, err := albumOf(s.world(0, 1), data.Test, s.test)
		if err != nil {
			return nil, err
		}
		clean, from, what := train.Len(), train, "duplicates"
		if leak {
			from, what = test, "leaks"
		}
		each := from.Len() / 20
		var planted []string // The kind of each copy, by its place behind the clean images.
		for k, kind := range copies {
			for n := range each {
				original := (k*each + n) * from.Len() / (each * len(copies))
				pix, err := kind.of(from.pix[original], from.size)
				if err != nil {
					return nil, err
				}
				train.add(pix, from.labels[original])
				planted = append(planted, kind.name)
			}
		}
		for _, finder := range []struct {
			name   string
			groups func() (curate.Groups, error)
			leaks  func() (curate.Leaks, error)
		}{
			{"exact", func() (curate.Groups, error) { return curate.Exact{}.Groups(train) }, func() (curate.Leaks,
				error) {
				return curate.Exact{}.Leaks(train, test)
			}},
			{"perceptual", func() (curate.Groups, error) { return curate.Perceptual{}.Groups(train) },
				func() (curate.Leaks, error) { return curate.Perceptual{}.Leaks(train, test) }},
		} {
			var found []int // Training images that should go.
			if leak {
				leaks, err := finder.leaks()
				if err != nil {
					return nil, err
				}
				found = leaks.Train()
			} else {
				groups, err := finder.groups()
				if err != nil {
					return nil, err
				}
				found = groups.Drop()
			}
			right, ofKind := 0, map[string]int{}
			for _, i := range found {
				if i >= clean {
					right++
					ofKind[planted[i-clean]]++
				}
			}
			of := fmt.Sprintf("%s/shapes/%s", finder.name, what)
			if len(found) > 0 {
				precision, err := metric.Wilson(right, len(found))
				if err != nil {
					return nil, err
				}
				rows = append(rows, planting(result.Percent(of, "precision", precision, 0)))
			}
			for _, kind := range copies {
				recall, err := metric.Wilson(ofKind[kind.name], each)
				if err != nil {
					return nil, err
				}
				rows = append(rows, planting(result.Percent(of, "recall, "+kind.name, recall, 0)))
			}
		}
	}
	return rows, nil
}

// planting makes a row one of images alone.
func planting(r result.Row) result.Row {
	r.Untrained, r.Data, r.Interval = true, imagesName(0), "Wilson's 95 % over the copies"
	return r
}

// chosenSubsets labels equally many images of a pool, chosen in several ways by the features of
// SimCLR, and compares probes on them. In the pool class c has 0.6^c times as many images as class
// 0, and a quarter of it is a few images again and again.
func chosenSubsets(o options, s setting) ([]result.Row, error) {
	var tally result.Tally
	for seed := uint64(1); seed <= uint64(s.seeds); seed++ {
		if err := s.subsetsOf(o, &tally, seed); err != nil {
			return nil, fmt.Errorf("seed %d: %w", seed, err)
		}
	}
	for _, way := range []string{"random without copies", "cluster-balanced", "k-centre"} {
		for _, m := range labelled {
			if err := tally.Less("simclr/shapes-pool/"+way, "simclr/shapes-pool/random", subsetMetric(m), ", less that of random"); err != nil {
				return nil, err
			}
		}
	}
	return tally.Rows()
}

// labelled are the numbers of images that are labelled of a pool; of a small pool it is half of it.
var labelled = []int{100, 300}

func subsetMetric(m int) string { return fmt.Sprintf("accuracy, %d labelled images", m) }

// subsetsOf adds what all choices give with one encoder.
func (s setting) subsetsOf(o options, tally *result.Tally, seed uint64) error {
	run, choice, err := s.pretrain(o, simCLR, 0, seed)
	if err != nil {
		return err
	}
	train, test, err := question.TrainAndTest(run.Features)
	if err != nil {
		return err
	}
	var pool []int // Rows of train.
	taken, share := make([]int, len(train.Classes)), 1.0
	most := train.N / len(train.Classes)
	limits := make([]int, len(train.Classes))
	for c := range limits {
		limits[c] = max(int(share*float64(most)), 5)
		share *= .6
	}
	for i, label := range train.Labels {
		if taken[label] < limits[label] {
			taken[label]++
			pool = append(pool, i)
		}
	}
	random := rand.New(rand.NewPCG(1, 0))
	few := random.Perm(len(pool))[:20]
	for range len(pool) / 3 {
		pool = append(pool, pool[few[random.IntN(len(few))]])
	}
	x := make([]float32, 0, len(pool)*train.Dim)
	for _, i := range pool {
		x = append(x, train.Row(i)...)
	}
	unit := make([]float32, len(x)) // Of length 1, so that distances are those of directions.
	for r := range pool {
		var norm float64
		for _, v := range x[r*train.Dim : (r+1)*train.Dim] {
			norm += float64(v) * float64(v)
		}
		for j := r * train.Dim; j < (r+1)*train.Dim && norm > 0; j++ {
			unit[j] = x[j] / float32(math.Sqrt(norm))
		}
	}
	clearOfCopies := func() ([]int, error) {
		groups, err := curate.Cosine{Threshold: .9999}.Groups(x, len(pool), train.Dim)
		return groups.Keep(len(pool)), err
	}
	const draws = 5
	for _, asked := range labelled {
		m := min(asked, len(pool)/2)
		for _, way := range []struct {
			name   string
			choose func(draw uint64) ([]int, error)
		}{
			{"random", func(seed uint64) ([]int, error) { return rand.New(rand.NewPCG(seed, 1)).Perm(len(pool))[:m], nil }},
			{"random without copies", func(seed uint64) ([]int, error) {
				kept, err := clearOfCopies()
				rand.New(rand.NewPCG(seed, 1)).Shuffle(len(kept), func(i, j int) { kept[i], kept[j] = kept[j], kept[i] })
				return kept[:min(m, len(kept))], err
			}},
			{"cluster-balanced", func(seed uint64) ([]int, error) {
				return curate.Balanced{Seed: seed}.Choose(unit, len(pool), train.Dim, m)
			}},
			{"k-centre", func(seed uint64) ([]int, error) {
				chosen, _, err := curate.KCenter{Seed: seed}.Choose(unit, len(pool), train.Dim, m)
				return chosen, err
			}},
		} {
			for draw := 100 * seed; draw < 100*seed+draws; draw++ { // Other ones for each encoder.
				chosen, err := way.choose(draw)
				if err != nil {
					return err
				}
				few := eval.Features{N: len(chosen), Dim: train.Dim, Classes: train.Classes, Name: "shapes-pool/train",
					Encoder: train.Encoder, Rehash: train.Rehash}
				for _, r := range chosen {
					few.X, few.Labels = append(few.X, x[r*train.Dim:(r+1)*train.Dim]...), append(few.Labels,
						train.Labels[pool[r]])
				}
				measured, err := eval.Linear{L2: []float64{1e-2}, MaxIterations: 100}.Evaluate(few, test)
				if err != nil {
					return err
				}
				tally.Add(result.Value{
					Case: "simclr/shapes-pool/" + way.name, Metric: subsetMetric(asked), Unit: "%", Data: imagesName(0),
					Run: statistics.Run{Seed: seed, Draw: draw, Value: 100 * measured.Value}, Of: run, Choice: choice,
				})
			}
		}
	}
	return nil
}

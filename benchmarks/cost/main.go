// Command cost asks how accuracy grows with images seen and with minutes:
//
//	go run ./benchmarks/cost
//	go run ./benchmarks/cost -legs 7   # goes on from where four legs have come
package main

import (
	"flag"
	"fmt"
	"path/filepath"

	"sslkit/benchmarks/launch"
	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/benchmarks/statistics"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
	"sslkit/plots"
)

const asks = "How does accuracy grow with the images that a training sees, and with its minutes?"

const protocol = "SimCLR, BYOL and VICReg on all training images of CIFAR-10, with ResNet-18s of widths 16 and 32 and half the resolution, in " +
	"batches of 128. A training goes on in legs: the first sees 12,500 images, each further one twice as many as the one before, along a " +
	"warm-up and a cosine of its own, from the encoder that the one before has ended with (warm restarts; heads, moments and teachers " +
	"begin anew). After each leg k-NN (k = 20, cosine, temperature 0.1) on frozen features of the 10,000 test images, with all training " +
	"labels. Each method with each encoder gets the best of as many learning rates, by k-NN on a held-out fifth of the training images " +
	"after a first leg with seed 1. Values are means over the seeds, intervals Student's t over them. Images, seconds and FLOPs are of all legs so far."

// options are the flags.
type options struct {
	question.Options
	launch launch.Flags
	images question.Images
	seeds  int
	legs   int
}

func main() {
	var o options
	o.Register()
	o.launch.Register()
	o.images.Register()
	flag.IntVar(&o.seeds, "seeds", 3, "the number of seeds")
	flag.IntVar(&o.legs, "legs", 4, "the number of legs, of 12,500 images, 25,000, 50,000 and so on; more go on from what is there")
	question.Main("cost", asks, func() error { return measure(o) })
}

// subject is a method with an encoder.
type subject struct {
	name    string // Of its case.
	method  ssl.Method
	encoder encoder.Encoder
}

// setting is where subjects are trained.
type setting struct {
	dir    string // Of the runs.
	source data.Source
	first  int // Images of the first leg.
	batch  int
	seeds  int
	legs   int
}

// rates are those that each subject tries.
var rates = []float64{1, .5, .2}

// subjects are those that are compared.
func subjects(widths ...int) []subject {
	var all []subject
	for _, width := range widths {
		net := encoder.ResNet{Depth: 18, Width: width, Stem: encoder.HalfStem}
		for _, method := range []ssl.Method{
			ssl.SimCLR{Temperature: .2, Hidden: 512}, ssl.BYOL{Hidden: 512, Out: 128, Tau: .99}, ssl.VICReg{Hidden: 512, Out: 512},
		} {
			all = append(all, subject{fmt.Sprintf("%s/cifar10/%s", method.Name(), net.Name()), method, net})
		}
	}
	return all
}

// legImages is the number of images that a leg sees, counted from 0.
func (s setting) legImages(leg int) int { return s.first << leg }

// runDir is the run directory of a leg.
func (s setting) runDir(of subject, leg int, seed uint64) string {
	return filepath.Join(s.dir, of.name, fmt.Sprint(seed), fmt.Sprintf("leg-%d", leg+1))
}

// recipe is the training of a leg. It has its seed's images in another order, and its seed's views
// anew.
func (s setting) recipe(of subject, leg int, seed uint64, rate float64) kit.Recipe {
	recipe := kit.Recipe{
		Data: s.source, Encoder: of.encoder, Method: of.method, Optimizer: optim.SGD{LR: rate, Momentum: .9, WeightDecay: 5e-4},
		Batch: s.batch, Steps: max(s.legImages(leg)/s.batch, 1), Seed: seed + 1000*uint64(leg),
	}
	if leg > 0 {
		recipe.Start = filepath.Join(s.runDir(of, leg-1, seed), "encoder.safetensors")
	}
	return recipe
}

// trials are the rates that a subject tries, for a first leg.
func (s setting) trials(of subject) question.Trials {
	t := question.Rates(of.name, filepath.Join(s.dir, of.name, "trials"), rates, func(rate float64) kit.Recipe {
		return s.recipe(of, 0, question.TrialSeed, rate)
	})
	for i := range t.Settings {
		t.Settings[i].Recipe.Steps = s.recipe(of, 0, question.TrialSeed, rates[i]).Steps
	}
	return t
}

// train trains a leg at the rate that its subject chose, or loads it.
func (s setting) train(of subject, leg int, seed uint64) (*kit.Run, *statistics.Choice, error) {
	best, choice, err := s.trials(of).Choose()
	if err != nil {
		return nil, nil, err
	}
	run, err := result.Pretrain(s.runDir(of, leg, seed), s.recipe(of, leg, seed, rates[best]))
	return run, &choice, err
}

// grids are the trials, then a stage for each leg.
func (s setting) grids(o options, all []subject) []launch.Grid {
	grids := []launch.Grid{{Question: "cost", Folder: o.Runs("launch", "cost-trials")}}
	for _, of := range all {
		grids[0].Cells = append(grids[0].Cells, s.trials(of).Cells()...)
	}
	for leg := range s.legs {
		g := launch.Grid{Question: "cost", Folder: o.Runs("launch", fmt.Sprintf("cost-leg-%d", leg+1))}
		for seed := uint64(1); seed <= uint64(s.seeds); seed++ {
			for _, of := range all {
				g.Cells = append(g.Cells, launch.Cell{
					Name: fmt.Sprintf("%s-%d/leg-%d", of.name, seed, leg+1), Done: (&kit.Run{Dir: s.runDir(of, leg, seed)}).Finished,
					Run: func() error {
						_, _, err := s.train(of, leg, seed)
						return err
					},
				})
			}
		}
		grids = append(grids, g)
	}
	return grids
}

// measure trains all legs and reports.
func measure(o options) error {
	s := setting{dir: o.Runs("cost"), first: 12_500, batch: 128, seeds: o.seeds, legs: o.legs}
	widths, train, test := []int{16, 32}, 0, 0
	if o.Quick {
		s.first, s.batch, s.seeds, s.legs = 64, 32, question.Given("seeds", o.seeds, 2), question.Given("legs", o.legs, 2)
		widths, train, test = []int{4}, 1000, 200
	}
	var err error
	if s.source, err = o.images.CIFAR10(train, test); err != nil {
		return err
	}
	all := subjects(widths...)
	if ready, err := o.launch.Ready(s.grids(o, all)...); err != nil || !ready {
		return err
	}
	out := result.New("cost", protocol)
	images, err := o.Describe("cifar10", s.source)
	if err != nil {
		return err
	}
	out.Data = []result.Data{images}
	out.Notes = []string{fmt.Sprintf("Seeds: %d. Legs: %d.", s.seeds, s.legs)}
	var dirs []string
	for _, of := range all {
		for leg := range s.legs {
			rows, runs, err := s.rows(of, leg)
			if err != nil {
				return err
			}
			out.Rows, dirs = append(out.Rows, rows...), append(dirs, runs...)
		}
	}
	if err := out.TellRuns(dirs); err != nil {
		return err
	}
	if err := out.Write(o.Results()); err != nil {
		return err
	}
	return draw(o.Results(), all, out.Rows)
}

const knnAccuracy = "k-NN accuracy"

// rows are those of a subject after a leg, and the runs that they are of.
func (s setting) rows(of subject, leg int) ([]result.Row, []string, error) {
	var tally result.Tally
	var dirs []string
	total := make([]*result.Cost, s.seeds)
	for i := range s.seeds {
		seed := uint64(i + 1)
		var before *kit.Run
		sum := result.Cost{}
		for l := range leg + 1 {
			run, choice, err := s.train(of, l, seed)
			if err != nil {
				return nil, nil, fmt.Errorf("%s, leg %d, seed %d: %w", of.name, l+1, seed, err)
			}
			took, err := result.TrainingOf(run, nil)
			if err != nil {
				return nil, nil, err
			}
			sum = sum.Plus(took.Cost)
			if l < leg {
				before = run
				continue
			}
			v := result.Value{Case: fmt.Sprintf("%s/leg-%d", of.name, leg+1), Metric: knnAccuracy, Unit: "%", Data: "cifar10", Of: run, Start: before,
				Choice: choice, Run: statistics.Run{Seed: seed}, Measure: &result.Measure{KNN: &question.KNN}}
			if v.Run.Value, err = v.Measure.Of(run, 0); err != nil {
				return nil, nil, err
			}
			tally.Add(v)
			dirs = append(dirs, run.Dir)
		}
		total[i] = &sum
	}
	rows, err := tally.Rows()
	if err != nil {
		return nil, nil, err
	}
	rows[0].Cost = result.MeanCost(total)
	if leg > 1 { // Of a chain of trainings the file tells the last two.
		rows[0].Measure = nil
	}
	return rows, dirs, nil
}

// draw draws accuracy against images and against minutes into a folder.
func draw(folder string, all []subject, rows []result.Row) error {
	var byImages, byMinutes []plots.Line
	for _, of := range all {
		images, minutes := plots.Line{Name: of.name}, plots.Line{Name: of.name}
		for _, r := range rows {
			if filepath.Dir(r.Case) != of.name {
				continue
			}
			for _, to := range []struct {
				line *plots.Line
				at   float64
			}{{&images, float64(r.Cost.ImagesSeen) / 1000}, {&minutes, r.Cost.Seconds / 60}} {
				to.line.X, to.line.Y = append(to.line.X, to.at), append(to.line.Y, r.Value)
				to.line.Low, to.line.High = append(to.line.Low, r.Low), append(to.line.High, r.High)
			}
		}
		byImages, byMinutes = append(byImages, images), append(byMinutes, minutes)
	}
	for _, figure := range []struct {
		name, axis string
		lines      []plots.Line
	}{{"images", "images seen (thousands)", byImages}, {"minutes", "minutes of training", byMinutes}} {
		drawn, err := plots.Curve("What accuracy costs, CIFAR-10", figure.axis, "k-NN accuracy (%)", figure.lines...)
		if err != nil {
			return err
		}
		if err := drawn.Save(filepath.Join(folder, "cost-"+figure.name+".png")); err != nil {
			return err
		}
	}
	return nil
}

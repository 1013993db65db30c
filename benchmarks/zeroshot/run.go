package main

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/benchmarks/statistics"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/eval"
)

// measurement is what one run answered, and what its pretraining cost.
type measurement struct {
	Answers  []answer        `json:"answers"` // In the order of the tasks, then retrieval.
	Training result.Training `json:"training"`
}

// answer is one figure of one run, in percent.
type answer struct {
	Metric string  `json:"metric"`
	Value  float64 `json:"value"`
	Low    float64 `json:"low"` // Low and High are the 95 % interval over images.
	High   float64 `json:"high"`
	Chance float64 `json:"chance"`
	N      int     `json:"n"` // Images, or queries.
}

// measuredFile is that of the measurement in a run directory.
const measuredFile = "answers.json"

// pretrain trains and measures one seed at the rate that its case chose, or reads what an earlier
// call measured.
func pretrain(o question.Options, c training, seed uint64) (measurement, statistics.Choice, error) {
	best, choice, err := trials(o, c).Choose()
	if err != nil {
		return measurement{}, choice, err
	}
	dir := runDir(o, c, seed)
	run, err := result.Pretrain(dir, recipeOf(o, c, seed, rates[best]))
	if err != nil {
		return measurement{}, choice, err
	}
	measured, err := result.Kept(filepath.Join(dir, measuredFile), func() (measurement, error) {
		answers, err := askAll(run, data.Test)
		if err != nil {
			return measurement{}, err
		}
		training, err := result.TrainingOf(run, nil)
		return measurement{answers, training}, err
	})
	return measured, choice, err
}

// askAll gives a run all tasks on a split, and lets it find images by their captions and captions
// by their images.
func askAll(run *kit.Run, split data.Split) ([]answer, error) {
	set, err := run.Recipe.Data.Open(split)
	if err != nil {
		return nil, err
	}
	defer set.Close()
	ofImages, err := data.Captions(set)
	if err != nil {
		return nil, err
	}
	captions := make([]string, len(ofImages))
	for i := range captions {
		captions[i] = ofImages[i][0]
	}
	images, err := run.Embeddings(split)
	if err != nil {
		return nil, err
	}
	var answers []answer
	for _, t := range tasks() {
		result, err := t.ask(run, images, captions)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.name, err)
		}
		answers = append(answers, answer{
			t.name, 100 * result.Value, 100 * result.Low, 100 * result.High, 100 * result.Chance, result.N,
		})
	}
	byText, byImage, err := eval.TextRetrieval{K: []int{1, 10}}.Evaluate(run.TextEmbeddings, images, captions)
	if err != nil {
		return nil, err
	}
	for _, way := range []struct {
		name   string
		result eval.RetrievalResult
	}{{"images by text", byText}, {"texts by image", byImage}} {
		for _, at := range way.result.At {
			answers = append(answers, answer{
				Metric: fmt.Sprintf("recall at %d, %s", at.K, way.name), Value: 100 * at.Recall.Value, Low: 100 * at.Recall.Low,
				High: 100 * at.Recall.High, Chance: 100 * float64(at.K) / float64(way.result.Labels), N: at.Recall.N,
			})
		}
	}
	return answers, nil
}

// ask gives a run one task, on the images that it is about.
func (t task) ask(run *kit.Run, images eval.Features, captions []string) (eval.TextZeroShotResult, error) {
	images.Classes, images.Labels = t.classes, make([]int, images.N)
	for i, caption := range captions {
		images.Labels[i] = t.label(caption)
	}
	about, err := images.Labelled()
	if err != nil {
		return eval.TextZeroShotResult{}, err
	}
	return eval.TextZeroShot{Prompts: t.prompts}.Evaluate(run.TextEmbeddings, about)
}

// shuffledCaptions is another source whose training images have each other's captions, so that
// there is nothing to learn of what is written about an image.
type shuffledCaptions struct {
	From data.Source
	Seed uint64
}

func (s shuffledCaptions) Name() string { return s.From.Name() + "-shuffled-captions" }

func (s shuffledCaptions) Open(split data.Split) (data.Set, error) {
	set, err := s.From.Open(split)
	if err != nil || split != data.Train {
		return set, err
	}
	return &shuffledSet{set, set.(data.Captioned), s.Seed, rand.New(rand.NewPCG(s.Seed, 0)).Perm(set.Len())}, nil
}

// shuffledSet has the caption of image order[i] for image i.
type shuffledSet struct {
	data.Set
	captioned data.Captioned
	seed      uint64
	order     []int
}

func (s *shuffledSet) Captions(i int) []string { return s.captioned.Captions(s.order[i]) }
func (s *shuffledSet) Fingerprint() string {
	return fmt.Sprintf("%s-shuffled-%d", s.Set.Fingerprint(), s.seed)
}

package stages

import (
	"errors"
	"fmt"
	"path/filepath"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/setting"
)

// Hybrid is self-supervised pretraining and then semi-supervised learning, under one budget of
// labels: both stages see all images, and neither sees more labels than those of the subset.
//
//	stages.Hybrid{
//		Data:     data.Shapes{},
//		Labels:   data.Subset{PerClass: 10, Seed: 1},
//		Pretrain: kit.Recipe{Encoder: small, Method: ssl.SimCLR{}, Epochs: 50, Batch: 128},
//		Semi:     kit.Recipe{Method: semi.FixMatch{Classes: 10}, Steps: 2000, Batch: 128},
//	}
type Hybrid struct {
	// Data are the images, with their labels. Required.
	Data data.Source
	// Labels are the images whose labels may be used. The zero value is all.
	Labels data.Subset
	// Pretrain is the first stage. Its Data is left out.
	Pretrain kit.Recipe
	// Semi is the second stage, such as one by semi.FixMatch. Its Data and Start are left out;
	// Encoder may be, since it is Pretrain's.
	Semi kit.Recipe
}

// PretrainThenLabel runs the two stages of a Hybrid, each in a run directory of its own: pretrain
// and semi in dir. The second starts from the encoder of the first. Like Pretrain it is idempotent
// on dir: a stage that is finished is loaded, one that was interrupted goes on.
//
// Errors are those of Pretrain; bad settings of the second stage are told before the first one
// trains.
func PretrainThenLabel(dir string, h Hybrid) (pretrained, labelled *kit.Run, err error) {
	first, second, err := h.stages(filepath.Join(dir, "pretrain"))
	if err != nil {
		return nil, nil, err
	}
	if pretrained, err = kit.Pretrain(filepath.Join(dir, "pretrain"), first); err != nil {
		return nil, nil, err
	}
	labelled, err = kit.Pretrain(filepath.Join(dir, "semi"), second)
	return pretrained, labelled, err
}

// stages are the recipes of both, checked.
func (h Hybrid) stages(pretrainDir string) (first, second kit.Recipe, err error) {
	first, second = h.Pretrain, h.Semi
	switch {
	case h.Data == nil:
		return first, second, setting.Missing("stages.Hybrid: Data", "a data.Source, such as data.Shapes{}")
	case first.Data != nil || second.Data != nil:
		return first, second, errors.New("stages.Hybrid: Data of Pretrain or Semi is given; leave it out, it is the Hybrid's")
	case second.Start != "":
		return first, second, fmt.Errorf("stages.Hybrid: Start of Semi is %s; leave it out, it is Pretrain's encoder", second.Start)
	}
	if second.Encoder == nil {
		second.Encoder = first.Encoder
	}
	budget := data.PartlyLabelled{From: h.Data, Subset: h.Labels}
	first.Data, second.Data = budget, budget
	if err := first.Check(); err != nil {
		return first, second, fmt.Errorf("stages.Hybrid: Pretrain: %w", err)
	}
	if err := second.Check(); err != nil {
		return first, second, fmt.Errorf("stages.Hybrid: Semi: %w", err)
	}
	second.Start = (&kit.Run{Dir: pretrainDir, Recipe: first}).WeightsFile()
	return first, second, nil
}

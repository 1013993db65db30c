package main

import (
	"fmt"

	"sslkit/benchmarks/launch"
	"sslkit/benchmarks/question"
	"sslkit/kit"
)

// grids have a cell for each training: the pretrainings, the trials that start from these, and the
// classifiers at what was chosen.
func grids(o options, s settings, sets []imageSet) ([]launch.Grid, error) {
	folder := func(stage string) launch.Grid {
		return launch.Grid{Question: "labels", Folder: o.Runs("launch", "labels-"+stage)}
	}
	pretrainings, trials, classifiers := folder("pretraining"), folder("trials"), folder("classifiers")
	for _, set := range sets {
		for seed := uint64(1); seed <= uint64(s.seeds); seed++ {
			for _, images := range s.pretrained(set) {
				dir := s.pretrainDir(set, images, seed)
				pretrainings.Cells = append(pretrainings.Cells, launch.Cell{
					Name: fmt.Sprintf("%s/simclr-%d-%d", set.name, images, seed), Done: (&kit.Run{Dir: dir}).Finished,
					Run: func() error {
						_, err := s.pretrain(set, images, seed)
						return err
					},
				})
			}
		}
		all, err := ways(set, s.semi)
		if err != nil {
			return nil, err
		}
		for _, perClass := range set.counts {
			for _, w := range all {
				if w.method == nil {
					continue
				}
				side, dir := s.trialsAt(set, w, perClass)
				trials.Cells = append(trials.Cells, question.TrialCells(side, dir, len(rates), func() (question.Trials, error) {
					return s.trials(set, w, perClass)
				})...)
				for seed := uint64(1); seed <= uint64(s.seeds); seed++ {
					classifiers.Cells = append(classifiers.Cells, launch.Cell{
						Name: fmt.Sprintf("%s/%s-%d-%d", set.name, w.name, perClass, seed),
						Done: (&kit.Run{Dir: s.classifierDir(set, w, perClass, seed)}).Finished,
						Run: func() error {
							_, _, err := s.train(set, w, perClass, seed)
							return err
						},
					})
				}
			}
		}
	}
	return []launch.Grid{pretrainings, trials, classifiers}, nil
}

// pretrained are the numbers of images that SimCLR is trained on: parts of all, and all.
func (s settings) pretrained(set imageSet) []int {
	var all []int
	for _, share := range append(s.shares[:len(s.shares):len(s.shares)], 1) {
		all = append(all, set.images/share)
	}
	return all
}

// runs are the directories of what was trained for the first seeds.
func (s settings) runs(set imageSet, all []way, seeds uint64) []string {
	var dirs []string
	for seed := uint64(1); seed <= seeds; seed++ {
		for _, images := range s.pretrained(set) {
			dirs = append(dirs, s.pretrainDir(set, images, seed))
		}
		for _, w := range all {
			for _, perClass := range set.counts {
				if w.method != nil {
					dirs = append(dirs, s.classifierDir(set, w, perClass, seed))
				}
			}
		}
	}
	return dirs
}

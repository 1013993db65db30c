package track

import (
	"time"

	"sslkit/kit/rundir"
)

// example is a run with a look of each kind.
func example(dir string) Run {
	accuracy := .625
	return Run{
		Name: "simclr", Dir: rundir.Dir(dir), Recipe: []byte("{\n  \"Seed\": 3\n}\n"),
		Settings: []Setting{{"Method", "ssl.SimCLR"}, {"Seed", "3"}},
		Began:    time.Date(2025, 3, 4, 5, 6, 7, 0, time.UTC),
		Metrics: []rundir.Metrics{
			{Monitor: &rundir.Monitor{EmbeddingStd: .1, EmbeddingDim: 8, RankMe: 3.3, Alignment: .7, Uniformity: -1.25}},
			{Step: 1, Epoch: .5, Loss: 1. / 3, LearningRate: 1e-9, GradientNorm: 5.4321, Seconds: 2.25, Waited: .5},
			{Step: 2, Epoch: 1, Loss: 2e-7, LearningRate: .1, GradientNorm: 7, Seconds: 3, Waited: .5,
				Probe: &rundir.Probe{KNN: .123, Linear: .456}, Validation: &accuracy},
		},
	}
}

// Package stages holds what takes several trainings, one after the other: pretraining and then
// learning from few labels ([Hybrid]), a teacher and its students ([NoisyStudent]), and pruning in
// rounds ([Pruning]). Each training is a run in a directory of its own.
package stages

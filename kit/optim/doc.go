// Package optim holds the optimisers and learning-rate schedules of self-supervised learning for
// GoMLX's train.Trainer: SGD with momentum, LARS and AdamW, weight decay that leaves norms and
// biases alone and may rise over the training, clipping by norm, and warm-up with a cosine.
//
// An optimiser and a schedule are plain values that a recipe names; Build turns them into the
// optimiser that the trainer takes, once it is known how long training is:
//
//	optimiser := optim.LARS{LR: .4, Momentum: .9, WeightDecay: 1e-4}
//	plan := optim.Plan{Schedule: optim.WarmupCosine{Warmup: .01, Start: 3e-5}, Steps: 20 * stepsPerEpoch, Batch: 128}
//	built, err := optimiser.Build(plan)
//	if err != nil {
//		return err // "optim.LARS: Momentum is 1.2; it must be in [0, 1)"
//	}
//	trainer := train.NewTrainer(backend, store, modelFn, nil, built, metrics, nil)
//
// Momentum, WeightDecay, ClipNorm, ClipEach, and a schedule's Warmup, Start and Final mean what they
// say, as in PyTorch: 0 is none. Any other setting that is 0 means the default in its comment.
//
// # The learning rate
//
// LR is the rate for 256 images a step, as papers state it; [Scaling] says how it grows with the
// batch. The scaled rate is the schedule's peak. The schedule reads GoMLX's global step, so a run
// that resumes from a checkpoint goes on where it was. A second training on the same store starts
// its own count: call optimizer.DeleteGlobalStep and Clear first.
//
// # What is updated
//
// Each variable under the trainer's scope that is trainable and used by the step, including those
// whose gradient is zero: freeze a part of a model by SetTrainable(false), not by stopping its
// gradient alone, or weight decay still shrinks it.
//
// The arithmetic and the optimiser's state are float32 whatever the variable's type; the result is
// rounded back to that type. There is no float32 copy of the weights: a step smaller than half the
// last place of a bfloat16 weight is lost, so keep variables in float32 and convert activations.
//
// # What is reported
//
// [LearningRate] and [GradientNorm] are scalars to be used as training metrics.
package optim

// Package compress makes a trained encoder smaller and quicker: by distilling it into a smaller
// one, by removing channels, and by setting weights to zero.
//
// Distillation is an ssl.Method, so a recipe trains the student as any other. The teacher is a
// finished run, and stays as it is:
//
//	teacher, err := run.Frozen()
//	student, err := kit.Pretrain("runs/student", kit.Recipe{
//		Data:    data.CIFAR10{},
//		Encoder: encoder.ResNet{Depth: 10, Width: 16},
//		Method:  compress.Features{Teacher: teacher},
//		Epochs:  20, Batch: 128, Seed: 1,
//	})
//
// Pruning takes a file of weights and writes another, which a recipe then starts from, to recover
// by the same distillation or by any other method. Channels makes the network itself smaller;
// Magnitude leaves its shape and sets weights to zero, which KeepZeros then keeps at zero while the
// others are trained:
//
//	small, err := compress.Channels{Remove: .5}.PruneFile(resnet, "runs/simclr/encoder.safetensors", "runs/small.safetensors")
//	recipe.Encoder, recipe.Start = small, "runs/small.safetensors"
//
//	err = compress.Magnitude{Sparsity: .8}.PruneFile("runs/simclr/encoder.safetensors", "runs/sparse.safetensors")
//	recipe.Start, recipe.Optimizer = "runs/sparse.safetensors", compress.KeepZeros{Optimizer: optim.SGD{Momentum: .9}}
//
// stages.PruneGradually does the latter in rounds. Compare measures what all this bought: accuracy,
// parameters, multiply-adds, size of the file and latency. On dense hardware only what makes the
// network's shape smaller makes it quicker: zeros do not.
package compress

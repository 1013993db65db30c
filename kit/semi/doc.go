// Package semi holds the methods that learn from few labels and many images, one file each, written
// as their papers write them. They are an ssl.Method like those of package ssl, and a recipe trains
// them as any other. The data are all images, with the labels of some:
//
//	recipe := kit.Recipe{
//		Data:    data.PartlyLabelled{From: data.CIFAR10{}, Subset: data.Subset{PerClass: 25, Seed: 1}},
//		Encoder: encoder.ResNet{Depth: 18, Width: 16},
//		Method:  semi.FixMatch{Classes: 10},
//		Steps:   20_000, Batch: 128, Seed: 1,
//	}
//	run, err := kit.Pretrain("runs/fixmatch", recipe)
//	logits, err := run.Embeddings(data.Test)
//	predicted := logits.ArgMax()
//
// The first images of a batch have labels; Share says how many these are (ssl.SemiSupervised). The
// labels of the others are not looked at. The embedding is the classes' logits, by a linear
// classifier on the encoder.
//
// An encoder that has been pretrained without labels is a better start than random weights:
// kit.Recipe.Start, and stages.PretrainThenLabel for both stages under one budget of labels. Noisy
// Student trains several networks, so it is stages.TrainNoisyStudent.
package semi

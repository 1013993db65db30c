// Package attribution shows what in an image a classifier's answer rests on: [GradCAM] where in the
// last feature map, [IntegratedGradients] which pixels.
//
//	model, err := attribution.Compile(backend, store, 8, 32, 32, attribution.GradCAM{}, classifier)
//	defer model.Close()
//	explained, err := model.Explain(pix, nil)
//	explained.Heat // [8, rows, columns]
//
// For an encoder with a linear probe, a run's Attribution does all of that and draws it.
//
// A heat map is what this network's score of this class hangs on, which need not be what a person
// would look at, nor what is true of the class: a probe that reads the background shows it here.
package attribution

// Package attack looks for changes of an image, too small to be seen, with which a classifier errs:
// FGSM and PGD, in a ball of the largest pixel change (L-infinity) around the image and within [0,
// 1].
//
//	model, err := attack.Compile(backend, store, 100, 32, 32, classifier)
//	defer model.Close()
//	curve, err := attack.Sweep{Attack: attack.PGD{}, Eps: []float64{0, 2. / 255, 8. / 255}}.Run(model, pix, labels)
//
// For an encoder with a linear probe, a run's Adversarial does all of that.
//
// An attack that fails shows nothing: accuracies are upper bounds of what is left under the
// strongest attack.
package attack

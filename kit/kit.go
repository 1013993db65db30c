// Package kit is what a notebook uses. It pretrains an encoder from one literal, keeps everything
// about the training in a run directory, and hands out the representations of the trained encoder.
//
//	var recipe = kit.Recipe{
//		Data:    data.CIFAR10{Train: 10_000},
//		Encoder: encoder.ResNet{Depth: 18, Width: 16},
//		Method:  ssl.SimCLR{Temperature: 0.2},
//		Epochs:  20, Batch: 128, Seed: 1,
//	}
//
//	run, err := kit.Pretrain("runs/simclr", recipe)
//	train, err := run.Features(data.Train)
//	test, err := run.Features(data.Test)
//	knn, err := eval.KNN{K: 20}.Evaluate(train, test)
//	page, err := report.Of(run, report.Parts{}) // Package report writes a page about all of it.
//
// Pretrain is idempotent on its directory, so a cell that pretrains can be run any number of times.
// A finished run is loaded at once. An interrupted run goes on at its last checkpoint, and ends in
// the same bits as if it had not been interrupted. Another recipe in the same directory is an error
// that shows the difference. Open gives the run in a directory to any notebook. Package rundir
// tells which files lie there.
//
// Recipe.Check tells what is wrong with a recipe, without training. Where the embeddings collapse,
// an alarm says what collapsed, since which step, and what to try: see Run.Alarm and
// Recipe.StopOnCollapse.
//
// Runs shows all runs of a folder side by side, CompareCurves their curves in one figure, and
// Recipe.Track and Run.Track take them to TensorBoard and MLflow: see package track. A notebook cell
// that trains shows loss, monitors and online probe as curves; the notebook's interrupt button ends
// the training behind its step, with a checkpoint to go on from.
//
// FineTune trains a whole encoder on labels, from pretrained weights or from random ones. Package
// stages holds trainings of several stages.
package kit

import (
	"github.com/gomlx/compute"

	"sslkit/kit/device"
)

// Backend returns the backend that everything runs on: what GOMLX_BACKEND names where it is set,
// else an accelerator whose device answers, else the PJRT CPU plugin. Where none opens, the error
// says what to install. GoMLX's Go backend, tens of times slower, is used only where
// GOMLX_BACKEND=go asks for it. The backend is opened once a process.
func Backend() (compute.Backend, error) { return device.Open() }

// DescribeBackend says in one line which backend that is, the plugin's version and how many devices
// it has.
func DescribeBackend() string { return device.Describe() }

package main

import (
	"fmt"
	"log"
	"time"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/attack"
	"sslkit/kit/curate"
	"sslkit/kit/encoder"
	"sslkit/kit/eval"
	"sslkit/kit/report"
	"sslkit/kit/ssl"
)

func main() {
	run, err := kit.Pretrain("/tmp/report-run", kit.Recipe{
		Data:    data.Shapes{Train: 2000, Test: 1000, Validation: 500, Spurious: .5},
		Encoder: encoder.ResNet{Depth: 10, Width: 8, Stem: encoder.HalfStem},
		Method:  ssl.SimCLR{Hidden: 128},
		Epochs:  60, Batch: 64, Seed: 1,
	})
	if err != nil {
		log.Fatal(err)
	}
	began := time.Now()
	r, err := run.Report(kit.Reporting{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("zero value:", time.Since(began))
	began = time.Now()
	r, err = run.Report(kit.Reporting{
		LabelCurve: &eval.LabelCurve{}, FewShot: &eval.FewShot{}, Retrieval: &eval.Retrieval{}, Calibration: &eval.Calibration{},
		Robustness: &eval.Robustness{}, Attack: &attack.Sweep{Images: 200}, Fairness: &eval.Fairness{Attribute: "background"}, Overfit: &eval.Overfit{},
		Curation: &curate.Perceptual{}, Power: report.Power{GridCarbon: 300},
		Card: report.Card{IntendedUse: "Research on learning from few labels.", OutOfScope: "Anything but drawn shapes.", Licence: "MIT"},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("everything:", time.Since(began))
	for _, w := range r.Warnings() {
		fmt.Println(w.Section, w.Text)
	}
}

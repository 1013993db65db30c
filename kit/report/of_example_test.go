package report_test

import (
	"fmt"
	"log"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/encoder"
	"sslkit/kit/eval"
	"sslkit/kit/report"
	"sslkit/kit/ssl"
)

// The page to send to a colleague, runs/simclr/report.html, and the same for programs,
// runs/simclr/report.json.
func ExampleOf() {
	run, err := kit.Pretrain("runs/simclr", kit.Recipe{
		Data: data.Shapes{}, Encoder: encoder.ResNet{}, Method: ssl.SimCLR{}, Epochs: 20, Batch: 128, Seed: 1,
	})
	if err != nil {
		log.Fatal(err)
	}
	done, err := report.Of(run, report.Parts{
		LabelCurve: &eval.LabelCurve{},
		Overfit:    &eval.Overfit{},
		Fairness:   &eval.Fairness{Attribute: "background"},
		Power:      report.Power{Watts: 65, GridCarbon: 300}, // What the meter said, and the grid.
		Card:       report.Card{IntendedUse: "Research on learning from few labels.", Limits: "Has seen drawn shapes only."},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, warning := range done.Warnings() {
		fmt.Println(warning.Section, warning.Text)
	}
}

package report_test

import (
	"bytes"
	"fmt"

	"sslkit/kit/eval"
	"sslkit/kit/metric"
	"sslkit/kit/report"
)

// A report is a value: sections can be added to what a run measured, or made by hand.
func ExampleReport() {
	done := report.Report{Title: "cats & dogs", Sections: []report.Section{{
		Title:    "Our own clinic",
		Text:     []string{"images of 2024, labelled by two readers"},
		Results:  []report.Result{{Name: "k-NN", Result: eval.Result{Value: .613, Low: .603, High: .622, Metric: "top-1 accuracy"}}},
		Warnings: []string{"the readers disagree on one image in ten"},
	}}}
	page, err := done.HTML()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(bytes.Contains(page, []byte("cats &amp; dogs")), done.Warnings()[0].Text)
	// Output: true the readers disagree on one image in ten
}

// What is shown is rounded; the JSON keeps all digits.
func ExampleQuantity() {
	share, err := metric.Wilson(613, 1000)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.Quantity{Interval: share, Unit: report.Share})
	fmt.Println(report.Number(1.2e15, report.Plain).Figure)
	// Output:
	// 61.3 % [58.2, 64.3]
	// 1.20 × 10¹⁵
}

// Two cores for two hours, at the default of twelve watts each.
func ExamplePower() {
	energy, _, err := report.Power{GridCarbon: 300}.Estimate(7200, 2, "none")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.3f kWh, %.1f g\n", energy.KWh, energy.GramsCO2)
	// Output: 0.048 kWh, 14.4 g
}

package main

import (
	"testing"

	"sslkit/benchmarks/result"
)

// Every training of the benchmark can be trained.
func TestRecipesCanBeTrained(t *testing.T) {
	for _, quick := range []bool{true, false} {
		for _, s := range subjects(quick) {
			for i, setting := range settings {
				recipe, err := training{Subject: s.name, Setting: i, Batch: 128, Quick: quick}.recipe()
				if err != nil {
					t.Fatal(err)
				}
				if err := recipe.Check(); err != nil {
					t.Errorf("%s/%s: %v", s.name, setting.name, err)
				}
			}
		}
	}
	if _, err := (training{Subject: "none"}).recipe(); err == nil {
		t.Error("no error for a subject that there is not")
	}
}

// Ratios are those of the same turn.
func TestRows(t *testing.T) {
	all := rows("vit/x", []took{{Step: 2, First: 9, MiB: 50}, {Step: 8, First: 9, MiB: 30}}, []took{{Step: 1, First: 9, MiB: 100}, {Step: 2, First: 9, MiB: 100}})
	for i, want := range []result.Row{
		{Metric: "a step", Value: 5000, Low: 2000, High: 8000, Unit: "ms"},
		{Metric: "a step, of the plain one's", Value: 300, Low: 200, High: 400, Unit: "%"},
		{Metric: "memory of a step", Value: 40, Low: 30, High: 50, Unit: "MiB"},
		{Metric: "memory of a step, of the plain one's", Value: 40, Low: 30, High: 50, Unit: "%"},
	} {
		got := all[i]
		if got.Case != "vit/x" || got.Metric != want.Metric || got.Value != want.Value || got.Low != want.Low || got.High != want.High ||
			got.Unit != want.Unit || got.N != 2 {
			t.Errorf("row %d is %+v, want %+v", i, got, want)
		}
	}
}

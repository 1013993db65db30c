package main

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/device/devicetest"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/rundir"
	"sslkit/kit/ssl"
)

func TestMain(m *testing.M) { devicetest.Main(m) }

// The other side reads nothing of a recipe but what a recipe.json has, and follows it at a rate of
// its own.
func TestTheScriptReadsWhatRecipesHave(t *testing.T) {
	run, err := kit.Pretrain(t.TempDir(), kit.Recipe{
		Data: data.Shapes{Train: 32, Validation: 16, Test: 16}, Encoder: encoder.ResNet{Depth: 10, Width: 2, Stem: encoder.HalfStem},
		Method: ssl.SimCLR{Hidden: 4, Out: 4}, Optimizer: optim.SGD{LR: .5, Momentum: .9}, Batch: 16, Steps: 1, Seed: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	written, err := rundir.Dir(run.Dir).Read(rundir.RecipeFile)
	if err != nil {
		t.Fatal(err)
	}
	other, err := withRate(written, .125)
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile("lightly_side.py")
	if err != nil {
		t.Fatal(err)
	}
	var recipe map[string]any
	if err := json.Unmarshal(other, &recipe); err != nil {
		t.Fatal(err)
	}
	read := regexp.MustCompile(`recipe\["(\w+)"\]`).FindAllStringSubmatch(string(script), -1)
	if len(read) < 8 {
		t.Errorf("the script reads %d fields", len(read))
	}
	for _, match := range read {
		if _, ok := recipe[match[1]]; !ok {
			t.Errorf("the script reads %s, which no recipe.json has", match[1])
		}
	}
	if text := string(other); !strings.Contains(text, `"LR":0.125`) || !strings.Contains(text, `"Momentum":0.9`) || strings.Contains(text, `"LR":0.5`) {
		t.Errorf("at another rate it is %s", text)
	}
}

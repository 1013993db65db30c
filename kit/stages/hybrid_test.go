package stages

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/optim"
	"sslkit/kit/rundir"
	"sslkit/kit/semi"
	"sslkit/kit/ssl"
	"strings"
	"testing"
)

// twoStages is a Hybrid that trains in a few seconds.
func twoStages() Hybrid {
	pretrain, second := small(), small()
	pretrain.Data, second.Data, second.Encoder = nil, nil, nil
	second.Method, second.Optimizer = semi.FixMatch{Classes: 10}, optim.SGD{LR: .1}
	return Hybrid{Data: images, Labels: few, Pretrain: pretrain, Semi: second}
}

func TestStageStartsFromTheFirst(t *testing.T) {
	hybrid := twoStages()
	dir := t.TempDir()
	first, second, err := PretrainThenLabel(dir, hybrid)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(content(t, second.Dir, rundir.InitialFile), content(t, first.Dir, rundir.EncoderFile)) {
		t.Error("the second stage did not start from the first's encoder")
	}
	for _, run := range []*kit.Run{first, second} { // Neither sees more labels than the budget has.
		set, err := run.Recipe.Data.Open(data.Train)
		if err != nil {
			t.Fatal(err)
		}
		labels := slices.DeleteFunc(data.Labels(set), func(label int) bool { return label < 0 })
		if set.Len() != 96 || len(labels) != 20 {
			t.Errorf("%s sees %d labels of %d images", run.Dir, len(labels), set.Len())
		}
		set.Close()
	}
	moved := filepath.Join(t.TempDir(), "moved")
	if err := os.Rename(dir, moved); err != nil {
		t.Fatal(err)
	}
	if _, again, err := PretrainThenLabel(moved, hybrid); err != nil || !again.Finished() {
		t.Errorf("loading the finished stages: %v", err)
	}
}

func TestStagesAreCheckedBeforeTraining(t *testing.T) {
	hybrid := twoStages()
	for what, change := range map[string]func(*Hybrid){
		"Data is missing":   func(h *Hybrid) { h.Data = nil },
		"Data of Pretrain":  func(h *Hybrid) { h.Semi.Data = h.Data },
		"Start of Semi":     func(h *Hybrid) { h.Semi.Start = "there" },
		"Pretrain: ssl.Sim": func(h *Hybrid) { h.Pretrain.Method = ssl.SimCLR{Temperature: -1} },
		"Semi: semi.Fix":    func(h *Hybrid) { h.Semi.Method = semi.FixMatch{} },
		"1000":              func(h *Hybrid) { h.Labels.PerClass = 1000 },
	} {
		bad := hybrid
		change(&bad)
		dir := filepath.Join(t.TempDir(), "run")
		if _, _, err := PretrainThenLabel(dir, bad); err == nil || !strings.Contains(err.Error(), what) || rundir.Exists(dir) {
			t.Errorf("%s: error %v", what, err)
		}
	}
}

package kit

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"sslkit/data"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/rundir"
)

// probing is a probe of a small encoder that takes a second.
func probing(t *testing.T) Probing {
	t.Helper()
	pretraining := small()
	pretraining.Encoder = encoder.ViT{Patch: 8, Width: 8, Depth: 2, Heads: 1}
	return Probing{
		Data: pretraining.Data, Encoder: pretraining.Encoder, Epochs: 4, Batch: 24, Seed: 1,
		Start: filepath.Join(pretrained(t, t.TempDir(), pretraining).Dir, rundir.EncoderFile),
	}
}

func TestProbeLeavesTheEncoderAloneAndLearns(t *testing.T) {
	base := probing(t)
	for name, change := range map[string]func(*Probing){
		"linear":    func(p *Probing) { p.LR = []float64{1e-3, 1} },
		"blocks":    func(p *Probing) { p.LR, p.Blocks, p.Patches = []float64{1}, 2, true },
		"attentive": func(p *Probing) { p.LR, p.Attentive = []float64{1e-2}, true },
	} {
		t.Run(name, func(t *testing.T) {
			p, dir := base, t.TempDir()
			change(&p)
			probed, err := Probe(dir, p)
			if err != nil {
				t.Fatal(err)
			}
			if r := probed.Result; r.N != 32 || r.Labels != 96 || r.Seed != 1 || !strings.Contains(r.Protocol, "4 epochs") {
				t.Errorf("the result does not tell its images, labels, seed and epochs: %+v", r)
			}
			before, _, err := rundir.ReadWeights(p.Start)
			if err != nil {
				t.Fatal(err)
			}
			after, _, err := rundir.ReadWeights(filepath.Join(probed.Run.Dir, rundir.EncoderFile))
			if err != nil {
				t.Fatal(err)
			}
			if len(before) != len(after) {
				t.Errorf("%d weights of the encoder became %d", len(before), len(after))
			}
			for name, w := range before {
				for i, v := range w.Data {
					if after[name].Data[i] != v {
						t.Fatalf("the probe changed %s", name)
					}
				}
			}
			all, err := probed.Run.Metrics()
			if err != nil {
				t.Fatal(err)
			}
			if last := all[len(all)-1]; last.Step != 4*96/24 {
				t.Errorf("%d steps, want %d", last.Step, 4*96/24)
			}
			var early, late float64
			for i := range 4 {
				early, late = early+all[1+i].Loss, late+all[len(all)-1-i].Loss
			}
			if late >= early {
				t.Errorf("the loss goes from %g to %g", early/4, late/4)
			}
			if len(p.LR) == 1 && probed.Rates != nil {
				t.Errorf("rates %v were tried, and one was given", probed.Rates)
			}
			if len(p.LR) > 1 {
				best := probed.Rates[0]
				for _, rate := range probed.Rates {
					if rate.Accuracy > best.Accuracy {
						best = rate
					}
				}
				if len(probed.Rates) != 2 || probed.LR != best.LR {
					t.Errorf("of %v the rate %g was chosen", probed.Rates, probed.LR)
				}
			}
			want := content(t, probed.Run.Dir, rundir.MetricsFile)
			if _, err := Probe(dir, p); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(content(t, probed.Run.Dir, rundir.MetricsFile), want) {
				t.Error("a second call trained again")
			}
		})
	}
}

// Decay and clipping of an attentive probe are V-JEPA's, at the rate that is tried.
func TestAttentiveProbeHasItsMethodsOptimizer(t *testing.T) {
	p := probing(t)
	p.Attentive = true
	recipe, _, err := p.WithDefaults().recipe(.003, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := optim.AdamW{LR: .003, WeightDecay: .001, WeightDecayEnd: 1e-6, ClipNorm: 1}
	if recipe.Optimizer != want {
		t.Errorf("%#v, want %#v", recipe.Optimizer, want)
	}
}

func TestProbeErrorsNameTheField(t *testing.T) {
	good := Probing{Data: small().Data, Encoder: tiny, Start: "nowhere.safetensors", LR: []float64{1}}
	for want, change := range map[string]func(*Probing){
		"Data is missing":              func(p *Probing) { p.Data = nil },
		"Encoder is missing":           func(p *Probing) { p.Encoder = nil },
		"Start is missing":             func(p *Probing) { p.Start = "" },
		"LR[0] is -1":                  func(p *Probing) { p.LR = []float64{-1} },
		"Epochs is -1":                 func(p *Probing) { p.Epochs = -1 },
		"Batch is -1":                  func(p *Probing) { p.Batch = -1 },
		"HeldOut is 1":                 func(p *Probing) { p.HeldOut = 1 },
		"Blocks must be 1":             func(p *Probing) { p.Attentive, p.Blocks = true, 2 },
		"Blocks is 2":                  func(p *Probing) { p.Blocks = 2 },
		"must be an encoder.V":         func(p *Probing) { p.Attentive, p.Encoder = true, small().Encoder },
		"nowhere.safetensors":          func(p *Probing) {},
		"data.Subset: PerClass is 500": func(p *Probing) { p.Labels = data.Subset{PerClass: 500} },
	} {
		bad := good
		change(&bad)
		if _, err := Probe(t.TempDir(), bad); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

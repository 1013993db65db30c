package report

import (
	"strings"
	"testing"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/curate"
	"sslkit/kit/rundir"
)

// Where training saw its images often, the report asks by itself whether the encoder memorised
// them.
func TestReportAsksForFamiliarity(t *testing.T) {
	p := &reporter{metrics: []rundir.Metrics{{Step: 1, Epoch: 49}}}
	if p.seenOften() {
		t.Error("49 times are often")
	}
	if p.metrics[0].Epoch = 50; !p.seenOften() {
		t.Error("50 times are not often")
	}
	s, err := familiaritySection(kit.Familiarity{Seen: 60, Warning: "memorised: pretraining saw each image 60 times"})
	if err != nil || len(s.Warnings) != 1 || !strings.Contains(s.Tables[0].Note, "60 times") {
		t.Errorf("%+v, %v", s, err)
	}
}

// Copies are found, counted, warned of and shown.
func TestReportFindsDuplicatesAndLeaks(t *testing.T) {
	p := &reporter{run: &kit.Run{Recipe: kit.Recipe{Data: leaky{data.Shapes{Train: 40, Test: 20}}}},
		with: Parts{Split: data.Test, Curation: &curate.Perceptual{}}}
	s, err := p.curation()
	if err != nil {
		t.Fatal(err)
	}
	rows := s.Tables[0].Rows
	for row, want := range []float64{1, 1, 1} { // Equal, alike, and of these with different labels.
		if got := rows[row][1].Figure.Value; got != want {
			t.Errorf("%s: %g groups, want %g", rows[row][0].Text, got, want)
		}
	}
	if len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0], "1 image of shapes/test looks the same") || len(s.Figures) != 1 {
		t.Errorf("warnings %q, %d figures", s.Warnings, len(s.Figures))
	}
}

// leaky is a source whose training image 1 is image 0 again, and whose test image 0 is training
// image 7, brighter.
type leaky struct{ data.Source }

func (l leaky) Open(split data.Split) (data.Set, error) {
	set, err := l.Source.Open(split)
	if err != nil {
		return nil, err
	}
	train, err := l.Source.Open(data.Train)
	return leakySet{set, train, split}, err
}

type leakySet struct {
	data.Set
	train data.Set
	split data.Split
}

func (s leakySet) Read(i int, pix []uint8) error {
	switch {
	case s.split == data.Train && i == 1:
		return s.train.Read(0, pix)
	case s.split == data.Test && i == 0:
		err := s.train.Read(7, pix)
		for k := range pix {
			pix[k] = uint8(min(int(pix[k])+8, 255))
		}
		return err
	}
	return s.Set.Read(i, pix)
}

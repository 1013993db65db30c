package report_test

import (
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/data"
	"sslkit/kit/encoder"
	"sslkit/kit/eval"
	"sslkit/kit/report"
	"sslkit/kit/ssl"
)

// titles are the figures of a section.
func titles(s report.Section) string {
	var all []string
	for _, f := range s.Figures {
		all = append(all, f.Title)
	}
	return strings.Join(all, "; ")
}

func TestReportShowsPictures(t *testing.T) {
	recipe := small()
	recipe.Steps = 4
	run := pretrained(t, recipe)
	done, err := report.Of(run, report.Parts{Linear: eval.Linear{L2: []float64{1e-2}}})
	if err != nil {
		t.Fatal(err)
	}
	for part, want := range map[string]string{
		"Training": "Views of shapes", "Nearest images": "nearest training images", "Linear probe": "Errors that the linear probe",
	} {
		if got := titles(section(t, done, part)); !strings.Contains(got, want) {
			t.Errorf("%s shows %q, not %q", part, got, want)
		}
	}
	page := string(content(t, run.Dir, "report.html"))
	for _, want := range []string{"<details><summary>", "prefers-color-scheme: dark"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s", want)
		}
	}
}

// oneClass are images of one class, in a source that knows two.
type oneClass struct{ data.Shapes }

func (o oneClass) Open(split data.Split) (data.Set, error) {
	set, err := o.Shapes.Open(split)
	return alike{set}, err
}

type alike struct{ data.Set }

func (alike) Label(int) int { return 0 }

// Where all images are of one class, or all features are equal, the report says so and shows the
// rest.
func TestReportWithNothingToTellApart(t *testing.T) {
	recipe := small()
	recipe.Steps = 4
	recipe.Data = oneClass{data.Shapes{Train: 96, Validation: 32, Test: 32}}
	done, err := report.Of(pretrained(t, recipe), report.Parts{LabelCurve: &eval.LabelCurve{}, FewShot: &eval.FewShot{}})
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"k-NN", "Linear probe", "Label efficiency", "Few-shot classification"} {
		s := section(t, done, part)
		if len(s.Results) > 0 || !strings.Contains(s.NotMeasured, "nothing to tell apart") && !strings.Contains(s.NotMeasured, "episodes need two classes") {
			t.Errorf("%s of one class: results %v, not measured: %q", part, s.Results, s.NotMeasured)
		}
	}
	if got := titles(section(t, done, "Nearest images")); got == "" {
		t.Error("the nearest images are missing")
	}

	recipe = small()
	recipe.Steps = 4
	recipe.Encoder = blind{recipe.Encoder}
	recipe.Method = ssl.SimCLR{Out: 8}
	collapsed, err := report.Of(pretrained(t, recipe), report.Parts{Retrieval: &eval.Retrieval{Resamples: 100}})
	if err != nil {
		t.Fatal(err)
	}
	if s := section(t, collapsed, "Retrieval"); len(s.Figures) > 0 || !strings.Contains(strings.Join(s.Warnings, " "), "nothing to draw") {
		t.Errorf("retrieval by equal features: figures %q, warnings %q", titles(s), s.Warnings)
	}
}

// blind is an encoder that sees all images black.
type blind struct{ encoder.Encoder }

func (b blind) Encode(scope *model.Scope, images *Node) encoder.Output {
	return b.Encoder.Encode(scope, ZerosLike(images))
}

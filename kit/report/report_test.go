package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/eval"
)

func TestJSONRoundTrip(t *testing.T) {
	report := full(t)
	path := filepath.Join(t.TempDir(), "report.json")
	if err := report.WriteJSON(path); err != nil {
		t.Fatal(err)
	}
	again, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	first, err := report.JSON()
	if err != nil {
		t.Fatal(err)
	}
	second, err := again.JSON()
	if err != nil || !bytes.Equal(first, second) {
		t.Errorf("read and written again it is other JSON (%v)", err)
	}
	if !reflect.DeepEqual(again.Cost, report.Cost) || !reflect.DeepEqual(again.Model, report.Model) ||
		!reflect.DeepEqual(again.Warnings(), report.Warnings()) || !reflect.DeepEqual(again.Sections[0].Tables,
		report.Sections[0].Tables) {
		t.Error("read again it is another report")
	}
	page, err := report.HTML()
	if err != nil {
		t.Fatal(err)
	}
	if pageAgain, err := again.HTML(); err != nil || !bytes.Equal(page, pageAgain) {
		t.Errorf("read again it is another page (%v)", err)
	}
	if !strings.Contains(string(first), `"warnings": [`) || !strings.Contains(string(first), `"unit": "share"`) {
		t.Error("the JSON lacks the warnings or the units")
	}
}

func TestEqualReportsMakeEqualBytes(t *testing.T) {
	var pages, encoded [2][]byte
	for i := range pages {
		report, err := full(t), error(nil)
		if pages[i], err = report.HTML(); err != nil {
			t.Fatal(err)
		}
		if encoded[i], err = report.JSON(); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(pages[0], pages[1]) || !bytes.Equal(encoded[0], encoded[1]) {
		t.Error("the same report has other bytes the second time")
	}
}

func TestWriteErrors(t *testing.T) {
	bad := Report{Title: "bad", Cost: Cost{Seconds: math.NaN()}}
	if err := bad.WriteJSON(filepath.Join(t.TempDir(), "x.json")); err == nil || !strings.Contains(err.Error(), `report "bad"`) {
		t.Errorf("a figure that is not a number: %v", err)
	}
	if err := (Report{}).WriteHTML(filepath.Join(t.TempDir(), "missing", "x.html")); err == nil || !strings.Contains(err.Error(),
		"missing") {
		t.Errorf("a folder that is not there: %v", err)
	}
	if _, err := (Report{Title: "bad", Recipe: []byte("{")}).HTML(); err == nil || !strings.Contains(err.Error(), "recipe") {
		t.Errorf("a recipe that is no JSON: %v", err)
	}
	path := filepath.Join(t.TempDir(), "x.json")
	if _, err := Read(path); err == nil {
		t.Error("a report that is not there can be read")
	}
	if err := os.WriteFile(path, []byte(`{"sections": [{"tables": [{"rows": [[{"figure": {"unit": "miles"}}]]}]}]}`),
		0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path); err == nil || !strings.Contains(err.Error(), `"miles"`) {
		t.Errorf("a unit that is none: %v", err)
	}
}

func TestSectionsWarn(t *testing.T) {
	good, bad := eval.Result{Value: .8, Low: .75, High: .85, N: 100}, eval.Result{Value: .3, Low: .25, High: .35, N: 100}
	s, err := KNN(bad, good)
	if err != nil || len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0], "30.0 % [25.0, 35.0] of the images, and was right on 80.0 %") {
		t.Errorf("%q, %v", s.Warnings, err)
	}
	good.Copies, good.Test, good.Train = 2, "a/test", "a/train"
	if s, err = KNN(good, bad); err != nil || len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0],
		"2 test images of a/test have") {
		t.Errorf("%q, %v", s.Warnings, err)
	}
	bad.Fit, bad.Predictions = &eval.Fit{Iterations: 300}, []int{0, 1}
	if s, err = Linear(bad, []int{0, 1}, []string{"a", "b"}); err != nil || len(s.Warnings) != 1 ||
		!strings.Contains(s.Warnings[0], "not converged after 300") || !strings.Contains(s.Text[1],
		"2 classes would be right on 50.0 %") {
		t.Errorf("%q, %q, %v", s.Warnings, s.Text, err)
	}
	found := false
	for _, w := range (Report{Sections: parts(t)}).Warnings() {
		found = found || w.Section == "Duplicates and leaks" && strings.HasPrefix(w.Text, "1 image of a<b>/test looks the same as")
	}
	if !found {
		t.Error("a leak is not warned of")
	}
}

// Where all draws of labels are the same, the report tells no interval and why.
func TestLabelCurveTellsWhereThereIsNoInterval(t *testing.T) {
	t.Parallel()
	curve, err := eval.LabelCurve{Probe: quick, PerClass: []int{5, 10}}.Evaluate(clouds("train", 30, 2, 1), clouds("test", 90, 2, 2))
	if err != nil {
		t.Fatal(err)
	}
	// As older files have it, with ends that rounding has moved.
	curve.Points[1].NoInterval, curve.Points[1].High = "", curve.Points[1].Value+2e-16
	s, err := LabelCurve(curve)
	if err != nil {
		t.Fatal(err)
	}
	rows := s.Tables[0].Rows
	if some, none := rows[0][2].Figure.String(), rows[1][2].Figure.String(); !strings.Contains(some, "[") || strings.Contains(none, "[") {
		t.Errorf("5 labels a class have %q, and all ten %q", some, none)
	}
	for _, words := range []string{s.Tables[0].Note, s.Figures[0].Caption} {
		if !strings.Contains(words, "At 5 labels per class two draws share 50 % of their images: ") ||
			!strings.Contains(words, "At 10 labels per class there is no interval: all 5 draws take the same images.") {
			t.Errorf("it is not told: %q", words)
		}
	}
	var back eval.Curve
	if err := json.Unmarshal(s.Values, &back); err != nil || back.Table() != curve.Table() {
		t.Errorf("its values read back are another curve: %v", err)
	}
}

// Of a set all is told that a card needs, labelled or not.
func TestDescribe(t *testing.T) {
	set, err := data.Shapes{Train: 25}.Open(data.Train)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	got := Describe(set)
	groups := 0
	for _, g := range got.Groups {
		groups += g.Images
	}
	if got.Number != 25 || got.Height != 32 || len(got.Classes) != 10 || got.Classes[0].Images != 3 ||
		got.Classes[9].Images != 2 ||
		groups != 25 || got.Unlabelled != 0 || got.Fingerprint != set.Fingerprint() {
		t.Errorf("%+v", got)
	}
	partly, err := data.PartlyLabelled{From: data.Shapes{Train: 50}, Subset: data.Subset{PerClass: 1}}.Open(data.Train)
	if err != nil {
		t.Fatal(err)
	}
	defer partly.Close()
	if got := Describe(partly); got.Unlabelled != 40 || got.Classes[3].Images != 1 {
		t.Errorf("%+v", got)
	}
}

func TestLeftOutSectionWarnsOfImages(t *testing.T) {
	t.Parallel()
	one := func(reason string) data.Listed {
		return data.Listed{Reasons: map[string]int{reason: 1}, First: []data.Skipped{{Path: "a<b>.png", Reason: reason}}}
	}
	for _, c := range []struct {
		name     string
		left     data.LeftOut
		warnings int
	}{
		{"a damaged image", data.LeftOut{Of: "pets/train", Skipped: one("damaged"), Ignored: one("no image")}, 1},
		{"a link", data.LeftOut{Of: "pets/train", NotFollowed: one("a link that leads nowhere")}, 1},
		{"a licence", data.LeftOut{Of: "pets/train", Ignored: one("no image")}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := leftOutSection([]data.LeftOut{c.left})
			if err != nil || len(s.Warnings) != c.warnings || len(s.Text) != 1-c.warnings || !strings.Contains(string(s.Values), "pets/train") {
				t.Errorf("warnings %q, text %q, values %s, %v", s.Warnings, s.Text, s.Values, err)
			}
		})
	}
}

// TestLeftOutOfBothSplits: what is of the whole tree is told once.
func TestLeftOutOfBothSplits(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "pets")
	var good bytes.Buffer
	if err := png.Encode(&good, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"train/a/1.png": good.Bytes(), "test/a/1.png": good.Bytes(), "train/a/x.png": []byte("x"), "test/a/y.png": []byte("y"), "LICENSE.txt": nil,
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, content, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	run := &kit.Run{Recipe: kit.Recipe{Data: data.ImageFolder{Path: dir, Cache: t.TempDir()}}}
	left := (&reporter{run: run, with: Parts{Split: data.Test}}).leftOut()
	if len(left) != 2 || left[0].Ignored.Count() != 1 || left[1].Ignored.Count() != 0 || left[0].Skipped.Count() != 1 || left[1].Skipped.Count() != 1 {
		t.Errorf("left out: %v", left)
	}
}

package report

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"io"
	"strings"
	"testing"
)

// element is a start tag of the page.
type element struct {
	name       string
	attributes map[string]string
	inside     []string // Names of the elements around it.
}

// elements parses the page strictly, as XML.
func elements(t *testing.T, page []byte) (all []element, text string) {
	t.Helper()
	decoder := xml.NewDecoder(bytes.NewReader(page))
	var open []string
	var words strings.Builder
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			if len(open) > 0 {
				t.Errorf("left open: %v", open)
			}
			return all, words.String()
		}
		if err != nil {
			t.Fatalf("the page is not well-formed: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			e := element{name: token.Name.Local, attributes: map[string]string{}, inside: append([]string(nil), open...)}
			for _, a := range token.Attr {
				e.attributes[a.Name.Local] = a.Value
			}
			all = append(all, e)
			open = append(open, e.name)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			words.Write(token)
		}
	}
}

func TestPageIsWellFormedAndNeedsNothingElse(t *testing.T) {
	page, err := full(t).HTML()
	if err != nil {
		t.Fatal(err)
	}
	all, _ := elements(t, page)
	ids := map[string]bool{}
	for _, e := range all {
		if id, ok := e.attributes["id"]; ok {
			if ids[id] {
				t.Errorf("two elements have the id %q", id)
			}
			ids[id] = true
		}
	}
	images := 0
	for _, e := range all {
		switch e.name {
		case "script", "link", "iframe", "object", "embed", "svg", "video", "audio", "form":
			t.Errorf("the page has a %s", e.name)
		}
		for name, value := range e.attributes {
			switch {
			case name == "src":
				images++
				svg, ok := strings.CutPrefix(value, "data:image/svg+xml;base64,")
				drawing, err := base64.StdEncoding.DecodeString(svg)
				if !ok || err != nil || xml.Unmarshal(drawing, new(struct{ XMLName xml.Name })) != nil {
					t.Errorf("an image is %.60q (%v)", value, err)
				}
				if strings.Contains(string(drawing), "href=\"http") {
					t.Error("a drawing asks for something from elsewhere")
				}
			case name == "href" && strings.HasPrefix(value, "#"):
				if !ids[value[1:]] {
					t.Errorf("nothing has the id %q", value)
				}
			case name == "href":
				if !strings.HasPrefix(value, "https://") || e.inside[len(e.inside)-1] != "cite" {
					t.Errorf("a link that is no citation: %q", value)
				}
			case strings.HasPrefix(name, "on") || name == "srcset" || name == "action":
				t.Errorf("an attribute %s=%q", name, value)
			}
		}
	}
	if images != 7 {
		t.Errorf("%d drawings, want 7", images)
	}
	if strings.Contains(pageStyle, "url(") || strings.Contains(pageStyle, "@import") {
		t.Error("the style asks for something from elsewhere")
	}
	if strings.Contains(string(page), "ZgotmplZ") {
		t.Error("the template refused a value")
	}
}

// What names hold stands on the page as it is, and makes no element.
func TestPageEscapes(t *testing.T) {
	report := full(t)
	page, err := report.HTML()
	if err != nil {
		t.Fatal(err)
	}
	all, text := elements(t, page)
	for _, want := range []string{"A <report> & more", "what was done <here>", "<b>cat</b>", `"dog" & co`, "</td>", "<warm>",
		"a<b>/test",
		"<script>alert(1)</script>", "To be <tested>", "two <cores>", `"Note": "<pre>"`, "no subgroups of <a> are known",
		"PGD <of> 2",
		"back<ground>", "there are no <test> images"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %s", want)
		}
	}
	for _, e := range all {
		if e.name == "b" || e.name == "warm" || e.name == "report" || e.name == "em" {
			t.Errorf("a name has become the element %s", e.name)
		}
	}
	report.Sections = []Section{{Title: "x", References: []Reference{{"bad", "javascript:alert(1)"}}}}
	if page, err = report.HTML(); err != nil || bytes.Contains(page, []byte("javascript:")) {
		t.Errorf("a script is a link (%v)", err)
	}
}

// Warnings come before all else, with a link to their part; what is not measured is in the summary.
func TestPageHasWarningsFirst(t *testing.T) {
	report := full(t)
	report.Sections[2].Warnings = []string{"take care of this"}
	page, err := report.HTML()
	if err != nil {
		t.Fatal(err)
	}
	order := []string{`<h1>`, `<a href="#label-efficiency">Label efficiency</a>: Take care of this.`, `id="summary"`,
		"Not measured",
		`<a href="#fairness-2">Fairness</a>: no subgroups`, `id="contents"`, `id="k-nn"`, `id="label-efficiency"`, `id="fairness"`,
		`id="fairness-2"`, `id="cost"`, `id="model-card"`, `id="environment"`, `id="recipe"`}
	for rest := string(page); len(order) > 0; order = order[1:] {
		_, behind, found := strings.Cut(rest, order[0])
		if !found {
			t.Fatalf("%s is not where it belongs", order[0])
		}
		rest = behind
	}
	empty, err := Report{Title: "nothing"}.HTML()
	if err != nil {
		t.Fatal(err)
	}
	if _, text := elements(t, empty); !strings.Contains(text, "cause for a warning") || !strings.Contains(text, "not stated") {
		t.Errorf("an empty report says %s", text)
	}
}

// Every headline figure stands there with interval, protocol, subset, seeds and encoder.
func TestPageTellsProvenance(t *testing.T) {
	report := full(t)
	page, err := report.HTML()
	if err != nil {
		t.Fatal(err)
	}
	_, text := elements(t, page)
	for _, s := range report.Sections {
		for _, r := range s.Results {
			for _, want := range []string{r.Quantity().number(), r.Quantity().interval(), r.Protocol, r.Result.Interval, r.SubsetHash,
				"encoder 0123456789ab, the same weights after the probe as before"} {
				if want == "" || !strings.Contains(text, want) {
					t.Errorf("%s: the page does not say %q", r.Name, want)
				}
			}
		}
	}
}

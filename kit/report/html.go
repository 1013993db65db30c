package report

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"unicode"
)

//go:embed page.html
var pageSource string

//go:embed page.css
var pageStyle string

// page is the template. It is well-formed XML too, so that it can be checked and read as such.
var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"number":     func(q Quantity) string { return q.number() },
	"interval":   func(q Quantity) string { return q.interval() },
	"provenance": func(r Result) string { return provenance(r.Result) },
	"duration":   duration,
	"count":      func(n int) string { return thousands(n) },
	"large":      large,
	"amount":     func(v float64) string { return Number(v, Plain).Figure.String() },
	"image":      dataURL,
	"head":       sentence,
}).Parse(pageSource))

// HTML is the page.
func (r Report) HTML() ([]byte, error) {
	view := pageView{Report: r, Style: template.CSS(pageStyle)}
	taken := map[string]bool{"warnings": true, "summary": true, "contents": true, "cost": true, "model-card": true,
		"environment": true, "recipe": true}
	for _, s := range r.Sections {
		section := sectionView{Section: s, ID: address(s.Title, taken)}
		view.Sections = append(view.Sections, section)
		for _, warning := range s.Warnings {
			view.Linked = append(view.Linked, linkedWarning{Warning{s.Title, warning}, section.ID})
		}
	}
	var err error
	if view.Environment, err = flatten(r.Environment); err != nil {
		return nil, fmt.Errorf("report %q: the environment: %w", r.Title, err)
	}
	if view.Recipe, err = indented(r.Recipe); err != nil {
		return nil, fmt.Errorf("report %q: the recipe: %w", r.Title, err)
	}
	var out bytes.Buffer
	if err := page.Execute(&out, view); err != nil {
		return nil, fmt.Errorf("report %q: %w", r.Title, err)
	}
	return out.Bytes(), nil
}

// pageView is what the template sees.
type pageView struct {
	Report      // Its Environment and Recipe are hidden by those below.
	Style       template.CSS
	Linked      []linkedWarning
	Sections    []sectionView
	Environment []fact
	Recipe      string
}

type sectionView struct {
	Section
	ID string
}

type linkedWarning struct {
	Warning
	ID string
}

// fact is a line of the environment.
type fact struct{ Name, Value string }

// Measured tells whether any section has headline figures.
func (v pageView) Measured() bool {
	return slices.ContainsFunc(v.Sections, func(s sectionView) bool { return len(s.Results) > 0 })
}

// Unmeasured are the sections without figures.
func (v pageView) Unmeasured() []sectionView {
	var out []sectionView
	for _, s := range v.Sections {
		if s.NotMeasured != "" {
			out = append(out, s)
		}
	}
	return out
}

// Stated are the fields of the card that people fill in.
func (v pageView) Stated() []fact { return v.Model.stated() }

// Sets are the images of the card.
func (v pageView) Sets() []imagesView {
	return []imagesView{{"Training images", v.Model.Training}, {"Evaluated images", v.Model.Judged}}
}

type imagesView struct {
	What string
	Images
}

// tabled is the number of classes or groups up to which each is listed.
const tabled = 30

// List tells whether parts are few enough to be listed.
func (imagesView) List(parts []Part) bool { return len(parts) <= tabled }

// Range is how many images a part has.
func (imagesView) Range(parts []Part) string {
	least, most := parts[0].Images, parts[0].Images
	for _, p := range parts {
		least, most = min(least, p.Images), max(most, p.Images)
	}
	if least == most {
		return fmt.Sprintf("%s, with %s each", thousands(len(parts)), plural(most, "image", "images"))
	}
	return fmt.Sprintf("%s, with %s to %s images", thousands(len(parts)), thousands(least), thousands(most))
}

// address is the part's place in the page, which no other part has.
func address(title string, taken map[string]bool) string {
	base := strings.Trim(strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			return unicode.ToLower(c)
		}
		return '-'
	}, title), "-")
	if base == "" || !unicode.IsLetter([]rune(base)[0]) {
		base = "part-" + base
	}
	at := base
	for n := 2; taken[at]; n++ {
		at = fmt.Sprintf("%s-%d", base, n)
	}
	taken[at] = true
	return at
}

// dataURL is a drawing as an address. In an <img> it cannot run anything, whoever made it.
func dataURL(f Figure) template.URL {
	return template.URL("data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString([]byte(f.SVG)))
}

// large writes a number that may have many digits.
func large(n int64) string {
	if n < 1e9 {
		return thousands(n)
	}
	return scientific(float64(n))
}

// sentence begins with a capital letter, unless its first word is one such as k-NN, and ends with a
// full stop.
func sentence(text string) string {
	runes := []rune(strings.TrimSpace(text))
	if len(runes) == 0 {
		return ""
	}
	if len(runes) > 1 && unicode.IsLower(runes[1]) {
		runes[0] = unicode.ToUpper(runes[0])
	}
	if !strings.ContainsRune(".!?", runes[len(runes)-1]) {
		runes = append(runes, '.')
	}
	return string(runes)
}

// flatten lists the values of a JSON object, those of objects in it as "outer, inner", by name.
func flatten(encoded json.RawMessage) ([]fact, error) {
	if len(encoded) == 0 {
		return nil, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.UseNumber()
	var content map[string]any
	if err := decoder.Decode(&content); err != nil {
		return nil, err
	}
	var facts []fact
	var walk func(prefix string, fields map[string]any)
	walk = func(prefix string, fields map[string]any) {
		for name, value := range fields {
			name = prefix + strings.ReplaceAll(name, "_", " ")
			if inner, ok := value.(map[string]any); ok {
				walk(name+", ", inner)
				continue
			}
			facts = append(facts, fact{name, fmt.Sprint(value)})
		}
	}
	walk("", content)
	slices.SortFunc(facts, func(a, b fact) int { return strings.Compare(a.Name, b.Name) })
	return facts, nil
}

// indented is JSON as people read it.
func indented(encoded json.RawMessage) (string, error) {
	if len(encoded) == 0 {
		return "", nil
	}
	var out bytes.Buffer
	err := json.Indent(&out, encoded, "", "  ")
	return strings.TrimSpace(out.String()), err
}

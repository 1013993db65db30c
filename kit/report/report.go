package report

import (
	"encoding/json"

	"sslkit/kit/eval"
	"sslkit/plots"
)

// Report is all that is to be said of a run.
type Report struct {
	// Title names the run, such as "simclr, resnet18-w16 on cifar10".
	Title string `json:"title"`
	// Subtitle says in a line what was done. May be empty.
	Subtitle string `json:"subtitle"`
	// Sections are what was asked for, in the order of the page.
	Sections []Section `json:"sections"`
	// Cost is what the training took.
	Cost Cost `json:"cost"`
	// Model is the model card.
	Model ModelCard `json:"model_card"`
	// Environment is where the run ran, any JSON object, such as a run's env.json. May be nil.
	Environment json.RawMessage `json:"environment,omitempty"`
	// Recipe is what was done, any JSON, such as a run's recipe.json. May be nil.
	Recipe json.RawMessage `json:"recipe,omitempty"`
}

// Section is one part of a report.
type Section struct {
	// Title of the part. Its address in the page is the title in lower case, with a hyphen for what
	// is not a letter or digit.
	Title string `json:"title"`
	// NotMeasured says why there are no figures; empty where there are.
	NotMeasured string `json:"not_measured,omitempty"`
	// Warnings are in words. They are shown at the top of the page too.
	Warnings []string `json:"warnings,omitempty"`
	// Text are paragraphs, in front of the figures.
	Text []string `json:"text,omitempty"`
	// Protocol is how the tables came about, where no result says so.
	Protocol string `json:"protocol,omitempty"`
	// Results are the headline figures, which the summary at the top repeats.
	Results []Result `json:"results,omitempty"`
	// Tables come behind the results.
	Tables []Table `json:"tables,omitempty"`
	// Figures come behind the tables.
	Figures []Figure `json:"figures,omitempty"`
	// References are the papers that define what was measured.
	References []Reference `json:"references,omitempty"`
	// Values are the protocol's own result, as package eval writes it: all figures, unrounded. Only
	// in the JSON.
	Values json.RawMessage `json:"values,omitempty"`
}

// Result is a headline figure with where it came from.
type Result struct {
	Name string `json:"name"` // Name says of what, such as "k-NN, before training".
	eval.Result
}

// Figure is a drawing.
type Figure struct {
	Title   string  `json:"title"`   // Title is its text alternative too.
	Caption string  `json:"caption"` // Caption stands below it. May be empty.
	Width   float64 `json:"width"`   // Width in CSS pixels.
	Height  float64 `json:"height"`  // Height in CSS pixels.
	SVG     string  `json:"svg"`     // SVG is the drawing, a document that needs nothing else.
}

// Draw makes a Figure of a plot. A plot that cannot be drawn is an error that names it.
func Draw(plot *plots.Figure, caption string) (Figure, error) {
	svg, err := plot.SVG()
	return Figure{Title: plot.Title, Caption: caption, Width: plot.Width, Height: plot.Height, SVG: svg}, err
}

// Reference is a paper.
type Reference struct {
	Text string `json:"text"` // Text is authors, year and title.
	URL  string `json:"url"`  // URL of it, the only kind of link that leaves the page. May be empty.
}

// Warning is something that the reader must know before the figures.
type Warning struct {
	Section string `json:"section"` // Section is the title of the part that it comes from.
	Text    string `json:"text"`    // Text says what is wrong, and what to do.
}

// Warnings are those of all sections, in their order.
func (r Report) Warnings() []Warning {
	var all []Warning
	for _, s := range r.Sections {
		for _, text := range s.Warnings {
			all = append(all, Warning{s.Title, text})
		}
	}
	return all
}

// raw is a value as JSON, for Section.Values.
func raw(value any) (json.RawMessage, error) { return json.Marshal(value) }

package report

import (
	"cmp"
	"fmt"
	"strings"

	"sslkit/data"
)

// Card is what only people can say of a model: free text, each field a sentence or more. What is
// left empty is shown as not stated.
//
// M. Mitchell et al. 2019, "Model cards for model reporting" (arXiv:1810.03993), section 4.
type Card struct {
	Developers  string `json:"developers,omitempty"`   // Developers are who made the model.
	Contact     string `json:"contact,omitempty"`      // Contact is where to ask.
	Licence     string `json:"licence,omitempty"`      // Licence of the weights.
	Citation    string `json:"citation,omitempty"`     // Citation is how to cite the model.
	IntendedUse string `json:"intended_use,omitempty"` // IntendedUse says for what and for whom.
	OutOfScope  string `json:"out_of_scope,omitempty"` // OutOfScope says what it should not be used for.
	Data        string `json:"data,omitempty"`         // Data says where the images come from, who chose them, and by whose leave.
	Ethics      string `json:"ethics,omitempty"`       // Ethics are considerations of harm and of people in the images.
	Limits      string `json:"limits,omitempty"`       // Limits are caveats and recommendations.
}

// stated are the fields, in the order in which they are shown.
func (c Card) stated() []fact {
	return []fact{{"Intended use", c.IntendedUse}, {"Out of scope", c.OutOfScope}, {"Where the images come from", c.Data},
		{"Ethical considerations", c.Ethics}, {"Limits and recommendations", c.Limits}, {"Developers", c.Developers},
		{"Contact", c.Contact}, {"Licence", c.Licence}, {"Citation", c.Citation}}
}

// ModelCard is a Card with what the run itself knows.
type ModelCard struct {
	Card
	Method  string `json:"method"`  // Method is how it was trained, such as "simclr".
	Encoder string `json:"encoder"` // Encoder is the architecture, such as "resnet18-w16".
	Dim     int    `json:"dim"`     // Dim is the number of features.
	// Weights is the SHA-256 (hex) of the trained weights; empty where there are none yet.
	Weights  string `json:"weights"`
	Seed     uint64 `json:"seed"`               // Seed of weights, order and augmentation.
	Commit   string `json:"commit,omitempty"`   // Commit of the code that trained it.
	Began    string `json:"began,omitempty"`    // Began is when the training was started, RFC 3339.
	Training Images `json:"training"`           // Training are the images that were trained on.
	Judged   Images `json:"judged"`             // Judged are the images that were evaluated.
	Measured string `json:"measured,omitempty"` // Measured says how the figures came about, in words.
}

// Markdown is the card as a table, such as a notebook shows it. The page of the report says more, such
// as the images of each class.
func (m ModelCard) Markdown() string {
	facts := []fact{
		{"Model", fmt.Sprintf("%s, %s features, trained with %s, seed %d", m.Encoder, thousands(m.Dim), m.Method, m.Seed)},
		{"Weights", cmp.Or(m.Weights, "none yet: the training has not finished")},
		{"Trained", strings.TrimSuffix(fmt.Sprintf("%s, commit %s", cmp.Or(m.Began, "date not known"), m.Commit), ", commit ")},
		{"Training images", m.Training.line()}, {"Evaluated images", m.Judged.line()},
	}
	var b strings.Builder
	b.WriteString("| | |\n|---|---|\n")
	cell := strings.NewReplacer("|", "\\|", "\n", " ")
	for _, f := range append(facts, m.stated()...) {
		fmt.Fprintf(&b, "| %s | %s |\n", f.Name, cell.Replace(cmp.Or(f.Value, "*not stated*")))
	}
	return b.String()
}

// Images describe a set.
type Images struct {
	Name        string `json:"name"`                 // Name of the set, such as "cifar10/train".
	Fingerprint string `json:"fingerprint"`          // Fingerprint names images, labels and order.
	Number      int    `json:"number"`               // Number of images.
	Height      int    `json:"height"`               // Height in pixels.
	Width       int    `json:"width"`                // Width in pixels.
	Classes     []Part `json:"classes,omitempty"`    // Classes with the images of each; nil where there are none.
	Unlabelled  int    `json:"unlabelled,omitempty"` // Unlabelled images.
	Groups      []Part `json:"groups,omitempty"`     // Groups with the images of each; nil where they are not known.
	Missing     string `json:"missing,omitempty"`    // Missing says why there is no such set.
}

// line says in a line what the images are.
func (i Images) line() string {
	if i.Missing != "" {
		return "none: " + i.Missing
	}
	text := fmt.Sprintf("%s, %s of %d × %d pixels", i.Name, plural(i.Number, "image", "images"), i.Height, i.Width)
	for _, part := range i.Groups {
		text += fmt.Sprintf(", %s of subgroup %s", thousands(part.Images), part.Name)
	}
	if i.Groups == nil {
		text += ", subgroups not known"
	}
	return text
}

// Part is a class or a subgroup.
type Part struct {
	Name   string `json:"name"`   // Name of it.
	Images int    `json:"images"` // Images in it.
}

// Describe is what a set says of itself. Groups are known of a data.Grouped set.
func Describe(set data.Set) Images {
	out := Images{Name: set.Name(), Fingerprint: set.Fingerprint(), Number: set.Len()}
	out.Height, out.Width = set.Size()
	for _, name := range set.Classes() {
		out.Classes = append(out.Classes, Part{Name: name})
	}
	grouped, ok := set.(data.Grouped)
	if ok {
		for _, name := range grouped.Groups() {
			out.Groups = append(out.Groups, Part{Name: name})
		}
	}
	for i := range set.Len() {
		if label := set.Label(i); label >= 0 {
			out.Classes[label].Images++
		} else {
			out.Unlabelled++
		}
		if ok {
			out.Groups[grouped.Group(i)].Images++
		}
	}
	return out
}

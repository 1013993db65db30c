package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sslkit/kit/rundir"
	"sslkit/kit/wholefile"
)

// plain is a Report without methods.
type plain Report

// withWarnings is what the JSON holds: the report, and the warnings of all sections once more at
// the top.
type withWarnings struct {
	Warnings []Warning `json:"warnings"`
	plain
}

// JSON is the report with all figures unrounded, and with its drawings. [Read] makes the same
// report of it. A figure that is not a number is an error.
func (r Report) JSON() ([]byte, error) {
	content := withWarnings{r.Warnings(), plain(r)}
	if content.Warnings == nil {
		content.Warnings = []Warning{}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false) // It is no part of a page, and drawings are full of angle brackets.
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(content); err != nil {
		return nil, fmt.Errorf("report %q: %w", r.Title, err)
	}
	return out.Bytes(), nil
}

// WriteJSON writes the JSON to a file, whole or not at all.
func (r Report) WriteJSON(path string) error {
	content, err := r.JSON()
	if err != nil {
		return err
	}
	return rundir.WriteEncoded(path, content)
}

// WriteHTML writes the page to a file, whole or not at all.
func (r Report) WriteHTML(path string) error {
	content, err := r.HTML()
	if err != nil {
		return err
	}
	return wholefile.WriteBytes(path, content)
}

// Read reads what WriteJSON wrote. A file that has changed since is an error.
func Read(path string) (Report, error) {
	var read withWarnings
	if err := rundir.ReadJSON(path, &read); err != nil {
		return Report{}, fmt.Errorf("reading a report: %w", err)
	}
	return Report(read.plain), nil
}

package kit

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Report is a file that collects the headline figures of a notebook while its cells run, each of which is a process of its
// own. `make run` prints them.
//
//	report := kit.Report{Path: "runs/quickstart/report.json"}
//	err := report.Headline("knn", "k-NN %.1f %%", 100*knn.Value)
type Report struct {
	Path string // Of the JSON file; its folder is made where it is missing.
}

// reportContent is what the file holds.
type reportContent struct {
	Headline []string `json:"headline"` // A line each.
	Keys     []string `json:"keys"`     // Which figure each line is of.
}

// Headline writes a line to the report, in place of the line that had the same key.
func (r Report) Headline(key, format string, args ...any) error {
	content, err := r.read()
	if err != nil {
		return err
	}
	line := fmt.Sprintf(format, args...)
	if at := slices.Index(content.Keys, key); at >= 0 {
		content.Headline[at] = line
	} else {
		content.Keys, content.Headline = append(content.Keys, key), append(content.Headline, line)
	}
	if err := os.MkdirAll(filepath.Dir(r.Path), directoryPerms); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return writeJSON(r.Path, content)
}

// Reset empties the report.
func (r Report) Reset() error {
	if err := os.Remove(r.Path); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("emptying the report: %w", err)
	}
	return nil
}

// Lines are the headlines, in the order in which their keys first came.
func (r Report) Lines() ([]string, error) {
	content, err := r.read()
	return content.Headline, err
}

func (r Report) read() (content reportContent, err error) {
	encoded, err := os.ReadFile(r.Path)
	if os.IsNotExist(err) {
		return content, nil
	}
	if err != nil {
		return content, fmt.Errorf("reading the report: %w", err)
	}
	if err := json.Unmarshal(encoded, &content); err != nil || len(content.Keys) != len(content.Headline) {
		return content, fmt.Errorf("reading the report %s: it is damaged (%v)", r.Path, err)
	}
	return content, nil
}

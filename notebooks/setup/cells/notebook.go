package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// cell is a code cell.
type cell struct {
	number int // From 1, among the code cells that are not empty.
	lines  []string
}

// readNotebook returns the code cells that would be executed.
func readNotebook(path string) ([]cell, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the notebook: %w", err)
	}
	var notebook struct {
		Format int `json:"nbformat"`
		Cells  []struct {
			Type   string `json:"cell_type"`
			Source source `json:"source"`
		} `json:"cells"`
	}
	if err := json.Unmarshal(text, &notebook); err != nil {
		return nil, fmt.Errorf("%s is not a notebook: %w", path, err)
	}
	if notebook.Format != 4 {
		return nil, fmt.Errorf("%s is not a notebook of format 4", path)
	}
	var cells []cell
	for _, c := range notebook.Cells {
		if c.Type == "code" && strings.TrimSpace(string(c.Source)) != "" {
			cells = append(cells, cell{len(cells) + 1, strings.Split(string(c.Source), "\n")})
		}
	}
	return cells, nil
}

// source is a cell's text, which a notebook holds as one string or as a list of lines with their
// ends.
type source string

func (s *source) UnmarshalJSON(text []byte) error {
	var lines []string
	if err := json.Unmarshal(text, &lines); err == nil {
		*s = source(strings.Join(lines, ""))
		return nil
	}
	return json.Unmarshal(text, (*string)(s))
}

package kit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"sslkit/kit/rundir"
	"sslkit/kit/wholefile"
)

// Headlines is a file that collects the headline figures of a notebook while its cells run, each of
// which is a process of its own. `make run` prints them. The report of a run is package report's.
//
//	headlines := kit.Headlines{Path: "runs/quickstart/headlines.json"}
//	err := headlines.Headline("knn", "k-NN %.1f %%", 100*knn.Value)
//
// A case study also writes what became of the claim that it reproduces: notebooks/README.md has a
// table of these.
type Headlines struct {
	Path string // Of the JSON file; its folder is made where it is missing.
}

// headlinesContent is what the file holds.
type headlinesContent struct {
	Headline []string `json:"headline"` // A line each.
	Keys     []string `json:"keys"`     // Which figure each line is of.
	Claims   []Claim  `json:"claims,omitempty"`
}

// Claim is a published claim and what a case study found of it. No field may be empty.
type Claim struct {
	Claim   string `json:"claim"`   // What the paper claims, and which paper.
	Paper   string `json:"paper"`   // The paper's figure, with its setting.
	Ours    string `json:"ours"`    // The figure measured here, with its interval.
	Verdict string `json:"verdict"` // Whether the claim held at this scale.
}

// Claim writes a claim to the file, in place of the one that has the same Claim.
//
//	err := headlines.Claim(kit.Claim{Claim: "…", Paper: "…", Ours: fmt.Sprintf("%.2f", gain), Verdict: verdict})
func (h Headlines) Claim(claim Claim) error {
	if claim.Claim == "" || claim.Paper == "" || claim.Ours == "" || claim.Verdict == "" {
		return fmt.Errorf("writing a claim to %s: %+v has an empty field; all four must say something", h.Path, claim)
	}
	content, err := h.read()
	if err != nil {
		return err
	}
	same := func(c Claim) bool { return c.Claim == claim.Claim }
	if at := slices.IndexFunc(content.Claims, same); at >= 0 {
		content.Claims[at] = claim
	} else {
		content.Claims = append(content.Claims, claim)
	}
	return h.write(content)
}

// Headline writes a line to the file, in place of the line that had the same key.
func (h Headlines) Headline(key, format string, args ...any) error {
	content, err := h.read()
	if err != nil {
		return err
	}
	line := fmt.Sprintf(format, args...)
	if at := slices.Index(content.Keys, key); at >= 0 {
		content.Headline[at] = line
	} else {
		content.Keys, content.Headline = append(content.Keys, key), append(content.Headline, line)
	}
	return h.write(content)
}

func (h Headlines) write(content headlinesContent) error {
	if err := os.MkdirAll(filepath.Dir(h.Path), wholefile.FolderPerms); err != nil {
		return fmt.Errorf("writing the headlines: %w", err)
	}
	return rundir.WriteJSON(h.Path, content)
}

// Reset empties the file.
func (h Headlines) Reset() error {
	if err := os.Remove(h.Path); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("emptying the headlines: %w", err)
	}
	return nil
}

// Lines are the headlines, in the order in which their keys first came.
func (h Headlines) Lines() ([]string, error) {
	content, err := h.read()
	return content.Headline, err
}

func (h Headlines) read() (content headlinesContent, err error) {
	err = rundir.ReadJSON(h.Path, &content)
	if errors.Is(err, os.ErrNotExist) {
		return content, nil
	}
	if err == nil && len(content.Keys) != len(content.Headline) {
		err = fmt.Errorf("%s is damaged: it holds %d lines and %d keys", h.Path, len(content.Headline), len(content.Keys))
	}
	if err != nil {
		return headlinesContent{}, fmt.Errorf("reading the headlines: %w", err)
	}
	return content, nil
}

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

type cell map[string]any

func markdown(source string) cell {
	return cell{"id": "m", "cell_type": "markdown", "metadata": cell{}, "source": source}
}

func code(source string, outputs ...cell) cell {
	if outputs == nil {
		outputs = []cell{}
	}
	return cell{"id": "c", "cell_type": "code", "metadata": cell{}, "source": source, "execution_count": 1, "outputs": outputs}
}

// writeNotebook writes a notebook of the cells.
func writeNotebook(t *testing.T, path string, metadata cell, cells ...cell) {
	t.Helper()
	notebook, err := json.Marshal(cell{"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells})
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, string(notebook))
}

// python is that of the environment; the test is skipped where there is none.
func python(t *testing.T) string {
	t.Helper()
	programs := "../../.venv/bin"
	if environment := os.Getenv("VIRTUAL_ENV"); environment != "" {
		programs = filepath.Join(environment, "bin")
	}
	if _, err := os.Stat(filepath.Join(programs, "jupyter-nbconvert")); err != nil {
		t.Skip("there is no environment with nbconvert: make setup")
	}
	return filepath.Join(programs, "python")
}

// page is what publish.py makes of an executed notebook.
func page(t *testing.T, metadata cell, cells ...cell) string {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "some.ipynb")
	writeNotebook(t, path, metadata, cells...)
	if said, err := exec.Command(python(t), "publish.py", path, filepath.Join(dir, "out"), "--only-page").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	text, err := os.ReadFile(filepath.Join(dir, "out", "some.html"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestPage(t *testing.T) {
	picture := func(metadata cell) cell {
		return cell{"output_type": "display_data", "data": cell{"image/png": "iVBORw0KGgo="}, "metadata": metadata}
	}
	repository, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	record := cell{
		"executed": "2030-01-02T03:04:05+00:00", "commit": "abc+changes", "go": "go1.2.3", "backend": "xla:cpu",
		"modules": cell{"GoMLX": "v0.1.2"}, "machine": cell{"cores": 2, "processor": "A & B", "accelerator": "none"}, "seeds": []int{7},
	}
	got := page(t, cell{"sslkit": record},
		markdown("# The <b>whole</b>\n## One\ntext $x^2$"), code("x := \"1 < 2\"", picture(cell{"alt": "A \"loss\"", "image/png": cell{"width": 32}})),
		markdown("## Two"), code("y", picture(cell{})),
		code("where", cell{"output_type": "stream", "name": "stdout", "text": "in " + repository + "/runs/simclr"}),
		code("z", cell{"output_type": "display_data", "data": cell{"text/html": `<img alt="" src="data:,">`}, "metadata": cell{}}),
		markdown("### Three"))
	for what, want := range map[string]string{
		"the figure's own text":         `<img alt='A "loss"' src="data:image/png;base64,iVBORw0KGgo=" width="32"/>`,
		"the section of another figure": `<img alt="Figure: Two" src="data:image/png`,
		"one that came as HTML":         `<img alt="Figure: Two" src="data:,"/>`,
		"a section in the contents":     `<li class="level-2"><a href="#One">One</a></li>`,
		"one below it":                  `<li class="level-3"><a href="#Three">Three</a></li>`,
		"a dark page":                   `prefers-color-scheme: dark`,
		"columns only with contents":    `.page:has(> .contents) { display: grid`,
		"long lines that wrap":          `white-space: pre-wrap`,
		"the day":                       `<dt>Executed</dt><dd>2030-01-02 03:04:05 UTC</dd>`,
		"the commit":                    `<dt>Commit</dt><dd>abc+changes</dd>`,
		"the versions":                  `<dt>Versions</dt><dd>go1.2.3, GoMLX v0.1.2</dd>`,
		"the machine":                   `<dt>Machine</dt><dd>A &amp; B, 2 cores, accelerator: none</dd>`,
		"the seeds":                     `<dt>Seeds in the cells</dt><dd>7</dd>`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the page lacks %s: %s", what, want)
		}
	}
	if strings.Contains(got, repository) || !strings.Contains(got, "in runs/simclr") {
		t.Error("the page says where the repository is")
	}
	if strings.Contains(got, "<script") {
		t.Error("the page has a script")
	}
}

func TestPageSaysOnlyWhatWasRecorded(t *testing.T) {
	got := page(t, cell{}, markdown("# Short"), code("r := kit.Recipe{Seed: 3}"))
	for _, absent := range []string{`<nav class="contents"`, "<dt>Executed</dt>", "<dt>Commit</dt>", "<dt>Versions</dt>", "<dt>Machine</dt>"} {
		if strings.Contains(got, absent) {
			t.Errorf("the page has %s", absent)
		}
	}
	if !strings.Contains(got, "<dt>Seeds in the cells</dt><dd>3</dd>") {
		t.Error("the seed of the cell is not told")
	}
}

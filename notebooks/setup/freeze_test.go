package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestOnlyWhatChangedIsExecuted(t *testing.T) {
	t.Parallel()
	program := python(t)
	if _, err := os.Stat(filepath.Join(filepath.Dir(program), "gonb")); err != nil {
		t.Skip("there is no kernel in the environment: make setup")
	}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name+".ipynb") }
	writeNotebook(t, at("bad"), cell{}, code("%%\nnot Go"))
	writeNotebook(t, at("good"), cell{"sslkit": cell{"index": cell{"order": 3}}}, code("!echo said $((40+2))"))
	// freeze executes notebooks, and gives what it says.
	freeze := func(names ...string) (string, error) {
		arguments := []string{"freeze.py"}
		for _, name := range names {
			arguments = append(arguments, at(name))
		}
		command := exec.Command(program, append(arguments, filepath.Join(dir, "out"))...)
		command.Env = append(os.Environ(), "SSLKIT_RUNS="+filepath.Join(dir, "runs"), "PYTHONDONTWRITEBYTECODE=1")
		said, err := command.CombinedOutput()
		return string(said), err
	}
	expect := func(said string, words ...string) {
		t.Helper()
		for _, want := range words {
			if !strings.Contains(said, want) {
				t.Errorf("it does not say %q:\n%s", want, said)
			}
		}
	}

	said, err := freeze("bad", "good")
	if err == nil {
		t.Error("the exit status is 0 though a cell failed")
	}
	expect(said, "executed: it was not executed to its end before", "up to date: 0, executed: 1, failed: 1", "failed: "+at("bad")+"\n")
	executed, err := os.ReadFile(filepath.Join(dir, "out", "good.ipynb"))
	if err != nil || !strings.Contains(string(executed), "said 42") || !strings.Contains(string(executed), `"order": 3`) {
		t.Fatalf("the executed notebook lacks its output or its place in the index: %v\n%s", err, executed)
	}

	said, err = freeze("good")
	expect(said, at("good")+": up to date since ", "up to date: 1, executed: 0, failed: 0")
	if err != nil {
		t.Errorf("error %v", err)
	}
	// Where only the text is another one, the executed notebook and its page get it.
	writeNotebook(t, at("good"), cell{"sslkit": cell{"index": cell{"order": 4}}}, markdown("# New"), code("!echo said $((40+2))"))
	said, _ = freeze("good")
	expect(said, "up to date: 1, executed: 0, failed: 0")
	for name, words := range map[string][]string{"good.ipynb": {"# New", "said 42", `"order": 4`, `"inputs"`}, "good.html": {`<h1 id="New">`, "said 42"}} {
		text, err := os.ReadFile(filepath.Join(dir, "out", name))
		for _, word := range words {
			if err != nil || !strings.Contains(string(text), word) {
				t.Errorf("%s lacks %q: %v", name, word, err)
			}
		}
	}
	// A notebook that was published is up to date too.
	if err := os.Rename(filepath.Join(dir, "out", "good.ipynb"), at("good")); err != nil {
		t.Fatal(err)
	}
	said, _ = freeze("good")
	expect(said, "up to date: 1, executed: 0, failed: 0")
	if _, err := os.Stat(filepath.Join(dir, "out", "good.ipynb")); err != nil {
		t.Error("it is not among the executed ones")
	}

	writeNotebook(t, at("good"), cell{}, code("!echo other"))
	said, _ = freeze("good")
	expect(said, at("good")+": executed: changed: its code cells", "up to date: 0, executed: 1, failed: 0")
}

// inputsScript reads situations, and writes what in each is other than in the first. The packages
// of the same cells are looked up once.
const inputsScript = `
import inputs, json, nbformat, os, sys
from pathlib import Path

path, there, packages, first = Path(sys.argv[1]), dict(os.environ), {}, None
look_up = inputs.packages
inputs.packages = lambda path: packages.get(source) or packages.setdefault(source, look_up(path))
for case in json.load(sys.stdin):
    os.environ.clear()
    os.environ.update(there | case["environment"])
    source = case["source"]
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("text"), nbformat.v4.new_code_cell(source)]), path)
    for name, content in case["files"].items():
        (path.parent / name).parent.mkdir(exist_ok=True)
        (path.parent / name).write_text(content)
    now = inputs.take(nbformat.read(path, as_version=4), path)
    first = first or now
    print(json.dumps(inputs.changes(first, now)))
`

// TestInputs compares what a notebook depends on before and after something changed.
func TestInputs(t *testing.T) {
	t.Parallel()
	program := python(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "notebooks", "some.ipynb")
	write(t, path, "")
	const source = `var own, other, result = os.Getenv("SSLKIT_DATA"), os.Getenv("OTHER"), "../results/" + "a.json"`
	type situation struct {
		Source      string            `json:"source"`
		Environment map[string]string `json:"environment"`
		Files       map[string]string `json:"files"`
	}
	cases := []struct {
		name        string
		source      string
		environment map[string]string
		file        string // Whose content is another one.
		want        []string
	}{
		{"nothing", source, nil, "", nil},
		{"where runs are", source, map[string]string{"SSLKIT_RUNS": "/else/where"}, "", nil},
		{"other cells that reach a package", source + "\nvar k = setting.Must", nil, "", []string{"its code cells", "sslkit/kit/setting"}},
		{"a variable that the cells read", source, map[string]string{"OTHER": "2"}, "", []string{"the environment's OTHER"}},
		{"variables of the backend", source, map[string]string{"GOMLX_BACKEND": "xla", "XLA_FLAGS": "--x"}, "",
			[]string{"the environment's GOMLX_BACKEND", "the environment's XLA_FLAGS"}},
		{"the small version", source, map[string]string{"SSLKIT_QUICK": "1"}, "", []string{"the environment's SSLKIT_QUICK"}},
		{"a file that the cells name by its folder", source, nil, "../results/a.json", []string{"../results/a.json"}},
		{"a file of the user's own images", source, nil, "../images/1.png", []string{"the images in SSLKIT_DATA"}},
	}
	var situations []situation
	for _, c := range cases {
		s := situation{c.source, map[string]string{"SSLKIT_DATA": filepath.Join(dir, "images"), "OTHER": "1", "GOMLX_BACKEND": "go", "SSLKIT_QUICK": "", "SSLKIT_RUNS": ""},
			map[string]string{"../results/a.json": "1"}}
		maps.Copy(s.Environment, c.environment)
		if c.file != "" {
			s.Files[c.file] = "other"
		}
		situations = append(situations, s)
	}
	text, err := json.Marshal(situations)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "images", "1.png"), "1")
	command := exec.Command(program, "-c", inputsScript, path)
	command.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	command.Stdin = bytes.NewReader(text)
	said, err := command.CombinedOutput()
	lines := strings.Split(strings.TrimSpace(string(said)), "\n")
	if err != nil || len(lines) != len(cases) {
		t.Fatalf("%v\n%s", err, said)
	}
	for i, c := range cases {
		var got []string
		if err := json.Unmarshal([]byte(lines[i]), &got); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: changes are %q, want %q; error %v", c.name, got, c.want, err)
		}
	}
}

func TestImagesOfRunsAreCompared(t *testing.T) {
	t.Parallel()
	said, err := exec.Command(python(t), "-B", "-c", `
import inputs, provenance
from pathlib import Path

provenance.from_go = lambda *_: [
    {"name": "same", "data_now": "1"}, {"name": "other", "data_now": "2"}, {"name": "closed", "data_error": "no such folder"}, {"name": "new", "data_now": "3"},
]
print(inputs.other_images({"runs": [{"name": n, "data_now": "1"} for n in ("same", "other", "closed", "gone")] + [{"name": "never"}]}, Path(), Path()))
print(inputs.other_images({}, Path(), Path()))`).CombinedOutput()
	const want = "(['the images of other'], ['closed (no such folder)', 'gone (the run is gone)'])\n([], [])\n"
	if err != nil || string(said) != want {
		t.Errorf("error %v, got %s, want %s", err, said, want)
	}
}

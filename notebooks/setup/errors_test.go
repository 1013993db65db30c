package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// cellsScript runs cells in one kernel, and writes what a person sees of each: the HTML as text.
const cellsScript = `
import html, json, re, sys
from jupyter_client.manager import start_new_kernel

manager, client = start_new_kernel(kernel_name="gonb", cwd=sys.argv[1])
try:
    for source in json.load(sys.stdin):
        seen = []

        def show(message):
            content = message["content"]
            if message["msg_type"] == "stream":  # Which may be a part of a line.
                seen.append(content["text"])
            elif message["msg_type"] == "display_data":
                page = re.sub(r"(?s)<style>.*?</style>", "", content["data"].get("text/html", ""))
                seen.append(html.unescape(re.sub(r"<[^>]+>", "", page)) + "\n")
            elif message["msg_type"] == "error":
                seen.append(content["evalue"] + "\n")

        reply = client.execute_interactive(source, output_hook=show, timeout=600)
        print(json.dumps({"status": reply["content"]["status"], "seen": "".join(seen)}), flush=True)
finally:
    client.stop_channels()
    manager.shutdown_kernel()
`

// kernelOfThisCheckout gives the environment in which Jupyter starts the kernel on this checkout, also
// where the environment was made for another.
func kernelOfThisCheckout(t *testing.T) []string {
	t.Helper()
	installed := filepath.Join(filepath.Dir(filepath.Dir(python(t))), "share", "jupyter", "kernels", "gonb", "kernel.json")
	kernel, err := os.ReadFile(installed)
	if err != nil {
		t.Skip("there is no kernel in the environment: make setup")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	here := regexp.MustCompile(`-go_work=[^"]*`).ReplaceAllLiteralString(string(kernel), "-go_work="+root)
	write(t, filepath.Join(home, "kernels", "gonb", "kernel.json"), here)
	return append(os.Environ(), "JUPYTER_PATH="+home, "JUPYTER_PREFER_ENV_PATH=0", "JUPYTER_DATA_DIR="+filepath.Join(home, "data"),
		"JUPYTER_RUNTIME_DIR="+filepath.Join(home, "runtime"), "IPYTHONDIR="+filepath.Join(home, "ipython"))
}

// TestErrorsInCells makes mistakes of a first hour in one kernel. What a person sees names what is wrong
// and where, and notebooks/README.md tells what to do about the words of the compiler.
func TestErrorsInCells(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a kernel")
	}
	t.Parallel()
	environment, folder := kernelOfThisCheckout(t), t.TempDir()
	page, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	mistakes := []struct {
		name, source string
		want         []string // All of it is seen.
		told         string   // The page says what to do about this part of it.
	}{
		{"no %%", "fmt.Println(1)", []string{"Line 1", "expected declaration, found fmt"}, "`expected declaration, found …`"},
		{"no comma", "var r = kit.Recipe{\n\tSteps: 3\n}", []string{"Line 2", "missing ',' before newline"}, "`missing ',' before newline`"},
		{"wrong folder", "%%\nmust.M1(data.ImageFolder{Path: \"pets/cats\"}.Open(data.Train))",
			[]string{"data: opening train of pets/cats: Path leads nowhere, since " + folder + " has no \"pets\"", "in: must.M1(data.ImageFolder"}, "and `in:` with a line of the cell"},
		{"no method", "%%\nmust.M1(kit.Pretrain(\"run\", kit.Recipe{Data: data.Shapes{}, Encoder: encoder.ViT{}}))",
			[]string{"kit.Recipe: Method is missing; it must be an ssl.Method, such as ssl.SimCLR{}"}, ""},
		{"no such field", "%%\nfmt.Println(kit.Recipe{Encodr: nil})", []string{"Line 2", "unknown field Encodr in struct literal of type kit.Recipe"}, "`unknown field …`"},
		{"no must", "%%\nrun := kit.Open(\"run\")\nfmt.Println(run)", []string{"Line 2", "assignment mismatch: 1 variable but kit.Open returns 2 values"},
			"`assignment mismatch: 1 variable but … returns 2 values`"},
		{"unused", "%%\nx := 3", []string{"Line 2", "declared and not used: x"}, "`declared and not used: x`"},
		{"index", "%%\nfmt.Println(os.Args[len(os.Args)])", []string{"panic: runtime error: index out of range [1] with length 1", "Line 2"}, "`panic:` with `Cell […] Line …`"},
	}
	var sources []string
	for _, m := range mistakes {
		sources = append(sources, m.source)
	}
	asked, err := json.Marshal(sources)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(python(t), "-B", "-c", cellsScript, folder)
	command.Env, command.Stdin = environment, strings.NewReader(string(asked))
	var complaints strings.Builder
	command.Stderr = &complaints
	output, err := command.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, complaints.String())
	}
	lines := strings.Split(strings.TrimSpace(string(output)), "\n")
	if len(lines) != len(mistakes) {
		t.Fatalf("%d of %d cells were answered:\n%s", len(lines), len(mistakes), output)
	}
	for i, m := range mistakes {
		t.Run(m.name, func(t *testing.T) {
			var cell struct{ Status, Seen string }
			if err := json.Unmarshal([]byte(lines[i]), &cell); err != nil {
				t.Fatal(err)
			}
			if cell.Status != "error" {
				t.Errorf("the cell ends with the status %q", cell.Status)
			}
			for _, want := range m.want {
				if !strings.Contains(cell.Seen, want) {
					t.Errorf("it does not say %q:\n%s", want, cell.Seen)
				}
			}
			// The frames of a stack are the program's own, of which there is one.
			if frames := strings.Count(cell.Seen, "goroutine "); frames > 1 || frames > 0 && !strings.Contains(cell.Seen, "panic:") {
				t.Errorf("it shows a stack:\n%s", cell.Seen)
			}
			if !strings.Contains(string(page), m.told) {
				t.Errorf("notebooks/README.md does not tell what to do about %s", m.told)
			}
		})
	}
}

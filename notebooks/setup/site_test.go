package main

import (
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-rod/rod"
	"github.com/go-rod/rod/lib/launcher"
	"github.com/go-rod/rod/lib/proto"

	"sslkit/plots"
)

// makeSite makes the site of notebooks, and gives its folder and what was said.
func makeSite(t *testing.T, notebooks ...string) (folder, said string, err error) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "site")
	command := exec.Command(python(t), append(append([]string{"makesite.py"}, notebooks...), folder)...)
	command.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "SSLKIT_RUNS="+filepath.Join(filepath.Dir(notebooks[0]), "..", "runs"))
	output, err := command.CombinedOutput()
	return folder, string(output), err
}

func TestSite(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	explorer, err := plots.Explorer{
		Title: "Points", Layouts: []plots.Layout{{Name: "plane", Points: [][2]float64{{0, 0}, {1, 1}, {2, 0}}}},
	}.Page()
	if err != nil {
		t.Fatal(err)
	}
	run := cell{
		"name": "one/simclr", "state": "finished", "method": "simclr", "encoder": "resnet10", "seed": 7, "steps": 300, "seconds": 100.0, "recipe": "0123456789abcdef",
		"data": "shapes/train", "images": 40, "data_hash": "fedcba", "kwh": 0.0012, "energy": "2 cores", "backend": "xla:cpu", "began": "2030-01-01T00:00:00Z",
		"machine": cell{"cores": 2, "processor": "A", "accelerator": "none"},
	}
	first, second := filepath.Join(root, "notebooks", "zeroth.ipynb"), filepath.Join(root, "notebooks", "other.ipynb")
	writeNotebook(t, first, cell{"sslkit": cell{
		"executed": "2030-01-02T03:04:05+00:00", "commit": "abc", "machine": cell{"cores": 2}, "seconds": 80, "runs": []cell{run},
		"index":  cell{"order": 1, "full": "3 h on one accelerator"},
		"claims": []cell{{"claim": "It <claims>", "paper": "77 %", "ours": "70 %", "verdict": "it held"}},
	}},
		markdown("# The first\n\nIt shows *this*. And more.\n\n## A section\n\nWith a formula $x^2$, [the other](other.ipynb#There) and [a file](../doc/text.md).\n\n"+
			strings.Repeat("wide", 100)+"\n\n## Two\n\n## Three"),
		code(`x := must.M1(result.Read("../results/a.json")); headlines := kit.Headlines{Path: folder + "/headlines.json"}`,
			cell{"output_type": "display_data", "data": cell{"text/html": fmt.Sprintf(`<iframe title="Points" srcdoc="%s"></iframe>`, html.EscapeString(string(explorer.HTML())))}, "metadata": cell{}}))
	writeNotebook(t, second, cell{}, markdown("# The second\n\n## There\n\nNothing."))
	write(t, filepath.Join(root, "results", "a.json"), "{}")
	write(t, filepath.Join(root, "doc", "text.md"), "text")
	write(t, filepath.Join(root, "runs", "zeroth", "headlines.json"), "{}")
	folder, said, err := makeSite(t, second, first)
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for name, words := range map[string][]string{
		"index.html": {
			`<a href="zeroth.html">`, "<p>It shows this.</p>", "3 min on 2 cores; in full: 3 h on one accelerator", "not executed yet",
			"<td>It &lt;claims&gt;</td><td>77 %</td><td>70 %</td><td>it held</td>", `"anchor": "A-section"`, "default-src 'none'",
		},
		"zeroth.html": {
			`<a href="other.html" rel="next">The second →</a>`, `href="other.html#There"`, "<math", "<dt>Recipe</dt><dd>0123456789abcdef</dd>",
			"<dd>40 of shapes/train, fingerprint fedcba</dd>", "0.0012 kWh, an estimate: 2 cores", "title        = {The first}", "year         = {2030}",
			`href="files/zeroth/zeroth.ipynb"`, `href="files/zeroth/results/a.json"`, `href="files/zeroth/runs/headlines.json"`, "default-src 'none'",
		},
		"other.html":                  {`<a href="zeroth.html" rel="prev">← The first</a>`, "script-src 'none'"},
		"files/zeroth/results/a.json": {"{}"},
		"files/zeroth/zeroth.ipynb":   {"nbformat"},
		// By its folder beside the notebooks', however deep the repository lies on this machine.
		"files/repository/doc/text.md": {"text"},
	} {
		for _, word := range words {
			if !strings.Contains(read(name), word) {
				t.Errorf("%s lacks %q", name, word)
			}
		}
	}
	if index := read("index.html"); strings.Index(index, "The first") > strings.Index(index, "The second") {
		t.Error("the index is not in reading order")
	}

	t.Run("in a browser", func(t *testing.T) { look(t, folder) })
	t.Run("links that lead nowhere", func(t *testing.T) {
		writeNotebook(t, second, cell{}, markdown("# The second\n\n[none](none.ipynb), [no section](zeroth.ipynb#None), [no file](../none.md), [elsewhere](https://example.org/x)"))
		_, said, err := makeSite(t, first, second)
		for _, want := range []string{
			"other.html: none.html\n", "other.html: zeroth.html#None (there is no such section)", "other.html: ../none.md", "zeroth.html: other.html#There (there is no such section)",
		} {
			if err == nil || !strings.Contains(said, want) {
				t.Errorf("error %v, it does not say %q:\n%s", err, want, said)
			}
		}
		if strings.Contains(said, "example.org") {
			t.Errorf("it looks at other sites:\n%s", said)
		}
	})
}

// TestSiteOfTheNotebooks makes the site of all notebooks that there are, and looks at it.
func TestSiteOfTheNotebooks(t *testing.T) {
	t.Parallel()
	notebooks, err := filepath.Glob("../*.ipynb")
	if err != nil || len(notebooks) == 0 {
		t.Fatalf("%v, %v", notebooks, err)
	}
	folder, said, err := makeSite(t, notebooks...)
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	look(t, folder)
}

// look opens the pages of a site in a browser. They must ask for nothing but themselves, run all
// their scripts, and fit into narrow windows, light and dark. Pictures of them go to the folder that
// SSLKIT_SHOTS names.
func look(t *testing.T, folder string) {
	bin, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("there is no Chromium: the pages are not looked at")
	}
	start := launcher.New().Bin(bin).Leakless(false).NoSandbox(true).UserDataDir(t.TempDir())
	address, err := start.Launch()
	if err != nil {
		t.Fatal(err)
	}
	browser := rod.New().ControlURL(address)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(browser.Connect())
	t.Cleanup(func() { browser.Close(); start.Cleanup() })
	pages, err := filepath.Glob(filepath.Join(folder, "*.html"))
	must(err)
	for _, path := range pages {
		name := strings.TrimSuffix(filepath.Base(path), ".html")
		page, err := browser.Page(proto.TargetCreateTarget{URL: "about:blank"})
		must(err)
		page = page.Timeout(2 * time.Minute)
		var wrong []string
		must(proto.NetworkEnable{}.Call(page))
		must(proto.LogEnable{}.Call(page))
		done := make(chan struct{})
		stop, cancel := page.WithCancel()
		wait := stop.EachEvent(func(e *proto.NetworkRequestWillBeSent) {
			if url := e.Request.URL; url != "file://"+path && !strings.HasPrefix(url, "data:") && !strings.HasPrefix(url, "blob:") {
				wrong = append(wrong, "it asks for "+url)
			}
		}, func(e *proto.LogEntryAdded) {
			if e.Entry.Level == proto.LogLogEntryLevelError {
				wrong = append(wrong, e.Entry.Text)
			}
		}, func(e *proto.RuntimeExceptionThrown) { wrong = append(wrong, e.ExceptionDetails.Text) })
		go func() { wait(); close(done) }()
		must(page.Navigate("file://" + path))
		must(page.WaitLoad())
		for _, width := range []int{1280, 600} {
			must(page.SetViewport(&proto.EmulationSetDeviceMetricsOverride{Width: width, Height: 900, DeviceScaleFactor: 1}))
			for _, scheme := range []string{"light", "dark"} {
				must(proto.EmulationSetEmulatedMedia{Features: []*proto.EmulationMediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}.Call(page))
				seen, err := page.Eval(`() => {
					const luminance = (colour) => { const [r, g, b] = colour.match(/[\d.]+/g).map(Number); return 0.3 * r + 0.6 * g + 0.1 * b };
					const style = getComputedStyle(document.body);
					return [document.scrollingElement.scrollWidth - innerWidth, luminance(style.color) - luminance(style.backgroundColor)];
				}`)
				must(err)
				if over := seen.Value.Get("0").Int(); over > 0 {
					t.Errorf("%s is %d pixels wider than a window of %d", name, over, width)
				}
				if contrast := seen.Value.Get("1").Num(); (contrast > 100) != (scheme == "dark") || contrast < 100 && contrast > -100 {
					t.Errorf("%s is not %s: its text is lighter than its background by %.0f of 255", name, scheme, contrast)
				}
				if shots := os.Getenv("SSLKIT_SHOTS"); shots != "" {
					png, err := page.Screenshot(false, nil)
					must(err)
					must(os.WriteFile(filepath.Join(shots, fmt.Sprintf("%s-%d-%s.png", name, width, scheme)), png, 0o644))
				}
			}
		}
		if name == "index" {
			found, err := page.Eval(`() => {
				const query = document.getElementById("query"), results = () => [...document.querySelectorAll("#results a")].map((a) => a.getAttribute("href"));
				const search = (text) => { query.value = text; query.dispatchEvent(new Event("input")); return results().length };
				const entry = JSON.parse(document.getElementById("entries").textContent).find((e) => e.anchor);
				const all = JSON.parse(document.getElementById("entries").textContent);
				if (!all.every((e) => search(e.heading) > 0)) return ["a section is not found by its heading"];
				search(entry.heading.toUpperCase());
				return [results().includes(entry.page + ".html#" + encodeURIComponent(entry.anchor)), search("no such <word>"), search("")];
			}`)
			must(err)
			if got := found.Value.JSON("", ""); got != "[true,0,0]" {
				t.Errorf("the search finds %s, want [true,0,0]", got)
			}
		}
		if frames, err := page.Elements("iframe"); err == nil {
			for _, element := range frames {
				frame, err := element.Frame()
				must(err)
				canvas, err := frame.Eval(`() => typeof panels === "undefined" ? 0 : panels.length`)
				must(err)
				if canvas.Value.Int() == 0 {
					t.Errorf("%s: the scripts of its explorer do not run", name)
				}
			}
		}
		cancel()
		<-done
		if len(wrong) > 0 {
			t.Errorf("%s: %s", name, strings.Join(wrong, "\n  "))
		}
		must(page.Context(browser.GetContext()).Close())
	}
}

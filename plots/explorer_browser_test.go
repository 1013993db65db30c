package plots

import (
	"encoding/json"
	"fmt"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-rod/rod"
	"github.com/go-rod/rod/lib/input"
	"github.com/go-rod/rod/lib/launcher"
	"github.com/go-rod/rod/lib/proto"
)

// window is a page in a headless Chromium without a network.
type window struct {
	*rod.Page
	t     *testing.T
	asked chan string // What it asked a network for.
}

// openBrowser starts a browser, or skips the test where there is none.
func openBrowser(t *testing.T) *rod.Browser {
	t.Helper()
	var bin string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			bin = path
			break
		}
	}
	if bin == "" {
		t.Skip("there is no Chromium: the scripts of the explorer are not tested")
	}
	start := launcher.New().Bin(bin).Leakless(false).NoSandbox(true).UserDataDir(t.TempDir())
	address, err := start.Launch()
	if err != nil {
		t.Fatalf("starting %s: %v", bin, err)
	}
	browser := rod.New().ControlURL(address)
	if err := browser.Connect(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := browser.Close(); err != nil {
			t.Error(err)
		}
		start.Cleanup()
	})
	return browser
}

// open opens a page from a file, in a window of that width.
func open(t *testing.T, browser *rod.Browser, page []byte, width int) *window {
	t.Helper()
	path := filepath.Join(t.TempDir(), "explorer.html")
	if err := os.WriteFile(path, page, 0o600); err != nil {
		t.Fatal(err)
	}
	tab, err := browser.Page(proto.TargetCreateTarget{URL: "about:blank"})
	if err != nil {
		t.Fatal(err)
	}
	w := &window{Page: tab.Timeout(4 * time.Minute), t: t, asked: make(chan string, 100)}
	w.check(proto.NetworkEnable{}.Call(w))
	w.check(proto.NetworkEmulateNetworkConditions{Offline: true, DownloadThroughput: -1, UploadThroughput: -1}.Call(w))
	go w.EachEvent(func(e *proto.NetworkRequestWillBeSent) {
		if url := e.Request.URL; !strings.HasPrefix(url, "file:") && !strings.HasPrefix(url, "data:") && !strings.HasPrefix(url, "blob:") {
			w.asked <- url
		}
	})()
	w.check(w.SetViewport(&proto.EmulationSetDeviceMetricsOverride{Width: width, Height: 900, DeviceScaleFactor: 1}))
	w.check(w.Navigate("file://" + path))
	w.check(w.WaitLoad())
	return w
}

func (w *window) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// value is that of a JavaScript expression, after the frame that is being drawn.
func value[T any](w *window, expression string) T {
	w.t.Helper()
	result, err := w.Eval(`async () => {
		await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
		return JSON.stringify(await (` + expression + `));
	}`)
	if err != nil {
		w.t.Fatalf("%s: %v", expression, err)
	}
	var out T
	if err := json.Unmarshal([]byte(result.Value.Str()), &out); err != nil {
		w.t.Fatalf("%s: %v", expression, err)
	}
	return out
}

func (w *window) text(selector string) string {
	w.t.Helper()
	return value[string](w, fmt.Sprintf("document.querySelector(%q).textContent", selector))
}

func (w *window) do(script string) {
	w.t.Helper()
	value[int](w, "(() => { "+script+"; return 0 })()")
}

// at is where a point is in the window.
func (w *window) at(panel, i int) proto.Point {
	w.t.Helper()
	xy := value[[2]float64](w, fmt.Sprintf(`(() => {
		const p = panels[%d], box = p.canvas.getBoundingClientRect();
		return [box.left + p.pixelX(%d), box.top + p.pixelY(%d)];
	})()`, panel, i, i))
	return proto.Point{X: xy[0], Y: xy[1]}
}

func (w *window) drag(corners ...proto.Point) {
	w.t.Helper()
	w.check(w.Mouse.MoveTo(corners[0]))
	w.check(w.Mouse.Down(proto.InputMouseButtonLeft, 1))
	for _, p := range corners[1:] {
		w.check(w.Mouse.MoveLinear(p, 4))
	}
	w.check(w.Mouse.Up(proto.InputMouseButtonLeft, 1))
}

func (w *window) click(selector string) {
	w.t.Helper()
	w.do(fmt.Sprintf("document.querySelector(%q).click()", selector))
}

func (w *window) picks() []int {
	w.t.Helper()
	return value[[]int](w, "indices(state.picked)")
}

// shot keeps a picture of the window where SSLKIT_SHOTS names a folder, to be looked at.
func (w *window) shot(name string) {
	w.t.Helper()
	folder := os.Getenv("SSLKIT_SHOTS")
	if folder == "" {
		return
	}
	value[int](w, "0")
	png, err := w.Screenshot(false, nil)
	w.check(err)
	w.check(os.WriteFile(filepath.Join(folder, name+".png"), png, 0o644))
}

// busy is the processor's time that the page's thread has taken, in seconds.
func (w *window) busy() float64 {
	w.t.Helper()
	metrics, err := proto.PerformanceGetMetrics{}.Call(w)
	w.check(err)
	for _, m := range metrics.Metrics {
		if m.Name == "TaskDuration" {
			return m.Value
		}
	}
	w.t.Fatal("the browser does not tell its TaskDuration")
	return 0
}

func around(p proto.Point, reach float64) []proto.Point {
	return []proto.Point{{X: p.X - reach, Y: p.Y - reach}, {X: p.X + reach, Y: p.Y - reach}, {X: p.X + reach, Y: p.Y + reach}, {X: p.X - reach, Y: p.Y + reach}}
}

func TestExplorerInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a browser")
	}
	browser := openBrowser(t)
	e := explored(200)
	e.Names[7] = `<img src=x onerror="document.title='hostile'">.png`
	for i := range 200 {
		e.Indices = append(e.Indices, 10*i) // Every tenth image of a set is shown.
	}
	page, err := e.Page()
	if err != nil {
		t.Fatal(err)
	}
	w := open(t, browser, page.HTML(), 1280)
	// The steps go on from each other, so that they are in one window and in this order.
	step := func(name string, f func(t *testing.T)) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			outer := w.t
			w.t = t
			defer func() { w.t = outer }()
			f(t)
		})
	}
	same := func(t *testing.T, what string, got, want any) {
		t.Helper()
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}

	step("hover", func(t *testing.T) {
		w.check(w.Mouse.MoveTo(w.at(0, 7)))
		same(t, "the point under the pointer", value[int](w, "state.hover"), 7)
		same(t, "the card", w.text("#card dl"), "file"+e.Names[7]+"index70labeldogerrorwrongscore7")
		red := value[int](w, `document.querySelector("#card canvas").getContext("2d").getImageData(16, 16, 1, 1).data[0]`)
		if red > 7+6 {
			t.Errorf("the picture's red is %d, want about 7", red)
		}
		same(t, "the page's title", value[string](w, "document.title"), e.Title)
		w.shot("hover-1280")
	})
	step("neighbours", func(t *testing.T) {
		w.check(w.Mouse.Click(proto.InputMouseButtonLeft, 1))
		same(t, "the neighbours", value[[]int](w, "state.near"), []int{5, 6, 8, 9})
		same(t, "the strip", value[int](w, `document.querySelectorAll("#neighbors li").length`), 5)
	})
	step("rectangle", func(t *testing.T) {
		w.click(`input[value="rectangle"]`)
		a := w.at(0, 50)
		w.drag(proto.Point{X: a.X - 6, Y: a.Y - 6}, proto.Point{X: a.X + 6, Y: a.Y + 6})
		same(t, "picks", w.picks(), []int{50})
		same(t, "status", w.text("#status"), "1 point picked.")
	})
	step("add and take away", func(t *testing.T) {
		w.check(w.Keyboard.Press(input.ShiftLeft))
		a := w.at(0, 90)
		w.drag(proto.Point{X: a.X - 6, Y: a.Y - 6}, proto.Point{X: a.X + 6, Y: a.Y + 6})
		w.check(w.Keyboard.Release(input.ShiftLeft))
		same(t, "picks", w.picks(), []int{50, 90})
		w.check(w.Keyboard.Press(input.AltLeft))
		a = w.at(0, 50)
		w.drag(proto.Point{X: a.X - 6, Y: a.Y - 6}, proto.Point{X: a.X + 6, Y: a.Y + 6})
		w.check(w.Keyboard.Release(input.AltLeft))
		same(t, "picks", w.picks(), []int{90})
	})
	step("lasso", func(t *testing.T) {
		w.click(`input[value="lasso"]`)
		w.drag(around(w.at(0, 0), 60)...)
		got := w.picks()
		if !slices.Contains(got, 0) || len(got) < 3 || len(got) > 100 {
			t.Errorf("picks are %v, want point 0 and some around it", got)
		}
		w.shot("lasso-1280")
	})
	step("an empty lasso says so", func(t *testing.T) {
		box := value[[2]float64](w, `(() => { const b = panels[0].canvas.getBoundingClientRect(); return [b.left, b.top] })()`)
		w.drag(around(proto.Point{X: box[0] + 12, Y: box[1] + 12}, 8)...)
		same(t, "picks", w.picks(), []int{})
		same(t, "status", w.text("#status"), "The lasso holds no point: nothing is picked.")
	})
	step("legend", func(t *testing.T) {
		same(t, "the color of ship", value[string](w, "classColor(3)"), hex(petroff10[3]))
		same(t, "classes in the legend", value[[]string](w, `[...document.querySelectorAll("#legend .class")].map((b) => b.textContent)`), "[cat67 nobody0 dog67 ship66]")
		w.click(`#legend .class[data-class="2"]`)
		same(t, "status", w.text("#status"), "133 of 200 points are shown.")
		same(t, "pressed", value[string](w, `document.querySelector('#legend .class[data-class="2"]').getAttribute("aria-pressed")`), "false")
		w.check(w.Mouse.MoveTo(w.at(0, 7))) // A dog.
		same(t, "the hidden point under the pointer", value[int](w, "state.hover") == 7, false)
		w.click("#show-all")
		same(t, "status", w.text("#status"), "All 200 points are shown.")
	})
	step("numbers", func(t *testing.T) {
		w.do(`const c = document.getElementById("color"); c.value = 2; c.dispatchEvent(new Event("change"))`)
		w.do(`const [low] = document.querySelectorAll(".range input"); low.value = 150; low.dispatchEvent(new Event("change"))`)
		same(t, "status", w.text("#status"), "50 of 200 points are shown.")
		w.shot("numbers-1280")
		w.click("#show-all")
		w.do(`const c = document.getElementById("color"); c.value = 0; c.dispatchEvent(new Event("change"))`)
	})
	step("search", func(t *testing.T) {
		for text, want := range map[string]int{"ship": 66, "00012.PNG": 1, "#30": 1, "#3": 0, "zebra": 0, "onerror": 1} {
			w.do(fmt.Sprintf(`const s = document.getElementById("search"); s.value = %q; s.dispatchEvent(new Event("input"))`, text))
			same(t, text, value[int](w, "indices(state.found).length"), want)
		}
		w.do(`const s = document.getElementById("search"); s.value = "00012"; s.dispatchEvent(new Event("input"))`)
		w.click("#pick-found")
		same(t, "picks", w.picks(), []int{12})
		w.do(`const s = document.getElementById("search"); s.value = ""; s.dispatchEvent(new Event("input"))`)
	})
	step("two panels with one selection", func(t *testing.T) {
		w.click("#beside")
		same(t, "panels", value[int](w, "panels.length"), 2)
		same(t, "the second layout", value[string](w, "panels[1].layout.name"), "grid")
		w.click(`input[value="rectangle"]`)
		a, b := w.at(1, 0), w.at(1, 17)
		w.drag(proto.Point{X: a.X - 5, Y: b.Y - 5}, proto.Point{X: b.X + 5, Y: a.Y + 5})
		want := []int{0, 1, 2, 15, 16, 17} // 15 to a row.
		same(t, "picks", w.picks(), want)
		// In the other panel these stand out, and the others are faint.
		same(t, "faint points", value[bool](w, `(() => {
			const p = panels[0], data = p.canvas.getContext("2d").getImageData(0, 0, p.canvas.width, p.canvas.height).data;
			const at = (i) => [0, 1, 2].map((k) => data[4 * (Math.round(p.pixelY(i)) * p.canvas.width + Math.round(p.pixelX(i))) + k]);
			const far = (i) => at(i).reduce((sum, v) => sum + 255 - v, 0);
			return far(150) > 0 && far(15) > 3 * far(150);
		})()`), true)
		w.shot("beside-1280")
	})
	step("picks as Go", func(t *testing.T) {
		w.check(proto.BrowserGrantPermissions{Permissions: []proto.BrowserPermissionType{
			proto.BrowserPermissionTypeClipboardReadWrite, proto.BrowserPermissionTypeClipboardSanitizedWrite}}.Call(browser))
		w.click("#copy")
		same(t, "status", w.text("#status"), "Copied 6 indices as Go: paste it into the next cell.")
		same(t, "clipboard", value[string](w, "navigator.clipboard.readText()"), "var picks = []int{0, 10, 20, 150, 160, 170}")
	})
	step("picks as JSON", func(t *testing.T) {
		folder := t.TempDir()
		wait := browser.WaitDownload(folder)
		w.click("#save")
		got, err := Picks(filepath.Join(folder, wait().GUID))
		if want := []int{0, 10, 20, 150, 160, 170}; err != nil || !slices.Equal(got, want) {
			t.Errorf("picks are %v (%v), want %v", got, err, want)
		}
	})
	step("wheel, drag and fit", func(t *testing.T) {
		w.click(`input[value="move"]`)
		whole, before := value[float64](w, "panels[0].scale"), w.at(0, 0)
		w.check(w.Mouse.MoveTo(before))
		w.check(w.Mouse.Scroll(0, -300, 1))
		after := w.at(0, 0)
		if scale := value[float64](w, "panels[0].scale"); scale < 1.2*whole || max(after.X-before.X, before.X-after.X) > 2 {
			t.Errorf("scale is %g after %g, and the point under the pointer went from %v to %v", scale, whole, before, after)
		}
		w.drag(after, proto.Point{X: after.X + 30, Y: after.Y - 20})
		if moved := w.at(0, 0); int(moved.X-after.X+.5) != 30 || int(after.Y-moved.Y+.5) != 20 {
			t.Errorf("a drag moved the map from %v to %v", after, moved)
		}
		same(t, "picks", w.picks(), []int{0, 1, 2, 15, 16, 17})
		w.do("panels[0].fit()")
		same(t, "scale", value[float64](w, "panels[0].scale"), whole)
	})
	step("keyboard", func(t *testing.T) {
		w.do("hover(-1); panels[0].canvas.focus()")
		w.check(w.Keyboard.Type(input.Escape, input.KeyN, input.KeyN, input.Space, input.Enter))
		same(t, "picks", w.picks(), []int{1})
		same(t, "asked", value[int](w, "state.asked"), 1)
		before := value[float64](w, "panels[0].x")
		w.check(w.Keyboard.Type(input.ArrowRight))
		if after := value[float64](w, "panels[0].x"); after <= before {
			t.Errorf("the arrow moved the map from %g to %g", before, after)
		}
		same(t, "names of what can be used", value[[]string](w, `[...document.querySelectorAll("button, select, input, [role=application]")]
			.filter((e) => !(e.getAttribute("aria-label") || e.textContent.trim() || e.labels?.length)).map((e) => e.outerHTML)`), "[]")
	})
	step("dark and narrow", func(t *testing.T) {
		w.do("panels[0].fit(); panels[1].fit()")
		w.click("#clear")
		w.click("#theme")
		w.shot("dark-1280")
		w.check(w.SetViewport(&proto.EmulationSetDeviceMetricsOverride{Width: 600, Height: 900, DeviceScaleFactor: 1}))
		same(t, "wider than the window", value[bool](w, "document.documentElement.scrollWidth > 600"), false)
		w.shot("dark-600")
		w.click("#theme")
		w.click("#beside")
		w.shot("light-600")
	})
	select {
	case url := <-w.asked:
		t.Errorf("the page asked a network for %s", url)
	default:
	}
}

// In a notebook the page is a frame, which is as dark as the notebook, and reaches the cell that waits
// through GoNB's object in the page around it: here one that does as that does.
func TestExplorerInAFrame(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a browser")
	}
	e := explored(20)
	e.Images = nil
	page, err := e.Page()
	if err != nil {
		t.Fatal(err)
	}
	notebook := `<!doctype html><body style="--jp-layout-color0: #111111"><script>
		const sent = [], listeners = {};
		const gonb_comm = { send: (address, value) => sent.push([address, value]), subscribe: (address, f) => { listeners[address] = f } };
		globalThis.gonb_comm = gonb_comm;
	</script>` + page.frame("/picks/1")
	w := open(t, openBrowser(t), []byte(notebook), 1280)
	inside := "document.querySelector('iframe').contentWindow."
	element := func(selector string) string { return inside + "document.querySelector('" + selector + "')" }
	wait := func(what, expression string) {
		t.Helper()
		for end := time.Now().Add(time.Minute); !value[bool](w, expression); {
			if time.Now().After(end) {
				t.Fatalf("%s: it is not so after a minute: %s", what, expression)
			}
		}
	}
	wait("the page says hello", "sent.length === 1 && sent[0][0] === '/picks/1/hello'")
	if !value[bool](w, inside+"document.documentElement.classList.contains('dark')") {
		t.Error("the page is light in a dark notebook")
	}
	if !value[bool](w, element("#send")+".disabled") {
		t.Error("the picks can be sent where no cell has answered")
	}
	w.do("listeners['/picks/1/answer']('/picks/1/answer', 'A cell waits.')")
	w.do(inside + "pick([3, 7], 'replace'); " + element("#send") + ".click()")
	wait("the picks are sent", "sent.length === 2 && sent[1][0] === '/picks/1'")
	if picks, err := readPicks([]byte(value[string](w, "sent[1][1]"))); err != nil || !slices.Equal(picks, []int{3, 7}) {
		t.Errorf("%v (%v) came, want 3 and 7", picks, err)
	}
	wait("nobody answers, and the page says so", element("#status")+".textContent.startsWith('No cell waits')")
}

// It says how many frames there are while a map moves. Nothing fails by it: that depends on what
// else the machine does.
func TestExplorerSpeed(t *testing.T) {
	if os.Getenv("SSLKIT_SHOTS") == "" {
		t.Skip("it measures: set SSLKIT_SHOTS to a folder")
	}
	browser := openBrowser(t)
	for _, n := range []int{10_000, 100_000} {
		e := explored(n)
		if n > 10_000 {
			e.Images = nil
		} else {
			e.Images = func(i int) (image.Image, error) { return plain(32, 32, byte(i)), nil }
		}
		page, err := e.Page()
		if err != nil {
			t.Fatal(err)
		}
		w := open(t, browser, page.HTML(), 1280)
		w.check(proto.PerformanceEnable{TimeDomain: proto.PerformanceEnableTimeDomainThreadTicks}.Call(w))
		before := w.busy()
		rate := value[float64](w, `new Promise((done) => {
			const began = performance.now();
			let frames = 0;
			const next = () => {
				frames++;
				panels[0].move(Math.sin(frames / 10) * 5, 2 * Math.cos(frames / 10));
				if (performance.now() - began > 3000) done(1000 * frames / (performance.now() - began));
				else requestAnimationFrame(next);
			};
			requestAnimationFrame(next);
		})`)
		// The processor's time is the same however many others want it.
		each := 1000 * (w.busy() - before) / (3 * rate)
		t.Logf("%d points, %d bytes: %.1f frames a second, %.1f ms of the processor for each", n, len(page.HTML()), rate, each)
		w.shot(fmt.Sprintf("points-%d", n))
	}
}

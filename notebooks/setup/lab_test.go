package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-rod/rod"
	"github.com/go-rod/rod/lib/launcher"
	"github.com/go-rod/rod/lib/proto"
)

// startLab starts JupyterLab on this checkout with the first page and the settings that `make lab`
// gives it, and gives the address of that page.
func startLab(t *testing.T) string {
	t.Helper()
	programs := filepath.Dir(python(t))
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	first := regexp.MustCompile(`--LabApp\.default_url=(\S+)`).FindSubmatch(makefile)
	if first == nil {
		t.Fatal("the Makefile gives JupyterLab no default_url")
	}
	settings, err := os.ReadFile("lab.json")
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	write(t, filepath.Join(home, "etc", "labconfig", "default_setting_overrides.d", "sslkit.json"), string(settings))
	server := exec.Command(filepath.Join(programs, "jupyter-lab"), "--allow-root", "--ip=127.0.0.1", "--port=0", "--no-browser",
		"--ServerApp.root_dir="+root, "--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate")
	server.Env = append(os.Environ(), "JUPYTER_CONFIG_PATH="+filepath.Join(home, "etc"), "JUPYTER_CONFIG_DIR="+filepath.Join(home, "config"),
		"JUPYTER_DATA_DIR="+filepath.Join(home, "data"), "JUPYTER_RUNTIME_DIR="+filepath.Join(home, "runtime"), "PYTHONDONTWRITEBYTECODE=1")
	log, err := os.Create(filepath.Join(home, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	server.Stdout, server.Stderr = log, log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Wait() }()
	t.Cleanup(func() {
		server.Process.Signal(os.Interrupt)
		server.Process.Signal(os.Interrupt) // The second time it does not ask.
		select {
		case <-ended:
		case <-time.After(20 * time.Second):
			server.Process.Kill()
			<-ended
		}
	})
	for range 600 {
		var running struct{ URL, Token string }
		if found, _ := filepath.Glob(filepath.Join(home, "runtime", "jpserver-*.json")); len(found) > 0 {
			if content, err := os.ReadFile(found[0]); err == nil && json.Unmarshal(content, &running) == nil {
				return strings.TrimSuffix(running.URL, "/") + string(first[1]) + "?token=" + running.Token
			}
		}
		time.Sleep(200 * time.Millisecond)
	}
	said, _ := os.ReadFile(log.Name())
	t.Fatalf("JupyterLab does not start:\n%s", said)
	return ""
}

// TestLabOpensThePageToStartFrom looks at what `make lab` opens: a page that is rendered, whose links
// open notebooks in JupyterLab. Pictures go to the folder that SSLKIT_SHOTS names.
func TestLabOpensThePageToStartFrom(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts JupyterLab and a browser")
	}
	bin, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("there is no Chromium: JupyterLab is not looked at")
	}
	address := startLab(t)
	start := launcher.New().Bin(bin).Leakless(false).NoSandbox(true).UserDataDir(t.TempDir())
	control, err := start.Launch()
	if err != nil {
		t.Fatal(err)
	}
	browser := rod.New().ControlURL(control)
	if err := browser.Connect(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { browser.Close(); start.Cleanup() })
	page, err := browser.Page(proto.TargetCreateTarget{URL: "about:blank"})
	if err != nil {
		t.Fatal(err)
	}
	page = page.Timeout(3 * time.Minute)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(page.SetViewport(&proto.EmulationSetDeviceMetricsOverride{Width: 1440, Height: 900, DeviceScaleFactor: 1}))
	shot := func(name string) {
		if shots := os.Getenv("SSLKIT_SHOTS"); shots != "" {
			png, err := page.Screenshot(false, nil)
			must(err)
			must(os.WriteFile(filepath.Join(shots, name+".png"), png, 0o644))
		}
	}
	must(page.Navigate(address))
	heading, err := page.ElementR(".jp-MarkdownViewer h2", "Start here")
	must(err)
	shot("lab-start")
	if seen, err := heading.Interactable(); err != nil {
		t.Errorf("the heading is not in sight: %v, %v", seen, err)
	}
	link, err := page.ElementR(".jp-MarkdownViewer li a", `quickstart\.ipynb`)
	must(err)
	must(link.Click(proto.InputMouseButtonLeft, 1))
	_, err = page.ElementR(".jp-Notebook h1", "Quickstart")
	must(err)
	shot("lab-quickstart")
	if at := page.MustInfo().URL; !strings.Contains(at, "/lab/tree/notebooks/quickstart.ipynb") {
		t.Errorf("the link leads to %s", at)
	}
}

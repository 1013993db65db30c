package launch

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sslkit/kit/interrupt"
)

// gridVariable names, in the environment, the folder of a grid whose program this test binary then
// is.
const gridVariable = "SSLKIT_LAUNCH_GRID"

func TestMain(m *testing.M) {
	folder := os.Getenv(gridVariable)
	if folder == "" {
		os.Exit(m.Run())
	}
	var f Flags
	f.Register()
	flag.Parse()
	ready, err := f.Ready(testGrid(folder))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(interrupt.ExitStatus(err))
	}
	fmt.Println("ready:", ready)
}

// testGrid has cells that say how often they were begun, by a line each in a file of their name.
func testGrid(folder string) Grid {
	g := Grid{Question: "grid", Folder: filepath.Join(folder, "launch")}
	add := func(name string, run func(done string) error) {
		done := filepath.Join(folder, name+".done")
		g.Cells = append(g.Cells, Cell{Name: name, Done: Keeps(done), Run: func() error {
			begun, err := os.OpenFile(filepath.Join(folder, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
			if err != nil {
				return err
			}
			defer begun.Close()
			if _, err := os.Stat(filepath.Join(folder, "waits")); err == nil {
				return waitToBeAsked(folder, name, func() { fmt.Fprintln(begun, "begun") })
			}
			fmt.Fprintln(begun, "begun")
			return run(done)
		}})
	}
	good := func(done string) error { return os.WriteFile(done, nil, 0o644) }
	add("one", good)
	add("fails", func(done string) error {
		if _, err := os.Stat(filepath.Join(folder, "mended")); err == nil {
			return good(done)
		}
		return errors.New("the disk is full")
	})
	add("it's two", good)
	add("forgets", func(done string) error {
		if _, err := os.Stat(filepath.Join(folder, "mended")); err == nil {
			return good(done)
		}
		return nil
	})
	return g
}

// waitToBeAsked waits for an interrupt as a long step of a training does, and keeps how often it was
// asked.
func waitToBeAsked(folder, name string, begun func()) error {
	signals := make(chan os.Signal, 10)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	begun()
	asked := <-signals
	time.Sleep(200 * time.Millisecond) // Of the step that is ended.
	times := "once"
	if len(signals) > 0 {
		times = "again"
	}
	file, err := os.OpenFile(filepath.Join(folder, "asked"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer file.Close()
	fmt.Fprintf(file, "%s asked %s\n", name, times)
	return interrupt.New(asked, "interrupted")
}

// begun is how often a cell was begun.
func begun(folder, cell string) int {
	content, _ := os.ReadFile(filepath.Join(folder, cell))
	return strings.Count(string(content), "begun")
}

func TestFlags(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		flags Flags
		want  string // In the error; "" is none.
	}{
		"none":                {Flags{}, ""},
		"local":               {Flags{launcher: "local", jobs: 2}, ""},
		"slurm":               {Flags{launcher: "slurm", jobs: 2, sbatch: "--partition=gpu"}, ""},
		"unknown":             {Flags{launcher: "ssh"}, `-launcher is "ssh"; it must be gather, local, slurm`},
		"jobs alone":          {Flags{jobs: 2}, "-j goes with"},
		"jobs and gather":     {Flags{launcher: "gather", jobs: 2}, "-j goes with"},
		"negative":            {Flags{launcher: "local", jobs: -1}, "-j is -1"},
		"options alone":       {Flags{launcher: "local", sbatch: "--partition=gpu"}, "-sbatch goes with"},
		"a cell and launcher": {Flags{launcher: "slurm", cell: "one"}, "-cell runs one cell"},
		"a cell alone":        {Flags{launcher: "local", cell: "one"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := test.flags.check(); fmt.Sprint(err) != "<nil>" && test.want == "" || !strings.Contains(fmt.Sprint(err), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

func TestCellsHaveNamesOfTheirOwn(t *testing.T) {
	t.Parallel()
	for _, names := range [][]string{{"a", "a"}, {""}, {"a\nb"}} {
		g := Grid{Folder: t.TempDir()}
		for _, name := range names {
			g.Cells = append(g.Cells, Cell{Name: name})
		}
		if _, err := (Flags{}).Ready(g); err == nil {
			t.Errorf("no error for %q", names)
		}
	}
}

func TestOneCell(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for cell, want := range map[string]string{
		"one": "<nil>", "none": `there is no cell "none"`, "fails": "cell fails: the disk is full", "forgets": "but is not done",
	} {
		ready, err := Flags{cell: cell}.Ready(testGrid(folder))
		if ready || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%s: ready %v, error %v, want %q", cell, ready, err, want)
		}
	}
	if begun(folder, "one") != 1 || begun(folder, "it's two") != 0 {
		t.Error("another cell was run than the one that was asked for")
	}
}

func TestGatherTellsWhatIsMissing(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	g := testGrid(folder)
	for _, name := range []string{"one.done", "it's two.done", "forgets.done"} {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	ready, err := Flags{launcher: "gather"}.Ready(g)
	if want := "fails was not begun"; ready || err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "1 of 4") {
		t.Errorf("ready %v, error %v, want %q", ready, err, want)
	}
	made, err := g.newFolder([]Cell{g.Cells[0], g.Cells[1]})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (Flags{launcher: "gather"}).Ready(g); err == nil || !strings.Contains(err.Error(), "without a log") {
		t.Errorf("error %v", err)
	}
	if err := os.WriteFile(made.log(1), []byte("step 7\nno space left\n\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	want := "fails was begun by -launcher local, log " + made.log(1) + ": no space left"
	if _, err := (Flags{launcher: "gather"}).Ready(g); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %q", err, want)
	}
	if err := os.WriteFile(filepath.Join(folder, "fails.done"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if ready, err := (Flags{launcher: "gather"}).Ready(g); !ready || err != nil {
		t.Errorf("ready %v, error %v", ready, err)
	}
}

package result

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAllIsMeasuredInThirtyHours: the page tells what each question takes, and the sum as it is.
func TestAllIsMeasuredInThirtyHours(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(content), "## What it costs to measure all anew")
	if !found {
		t.Fatal("there is no section of that")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	minutes, told := 0, map[string]bool{}
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		var n int
		if len(cells) != 5 {
			continue
		}
		if _, err := fmt.Sscan(cells[3], &n); err != nil {
			continue
		}
		minutes += n
		for name := range strings.SplitSeq(cells[1], ",") {
			told[strings.TrimSpace(name)] = true
		}
	}
	if minutes == 0 || minutes > 30*60 {
		t.Errorf("all together is %d minutes, want at most 30 hours", minutes)
	}
	if want := fmt.Sprintf("All together it is %d hours.", (minutes+30)/60); !strings.Contains(strings.Join(strings.Fields(section), " "), want) {
		t.Errorf("%d minutes, and the page does not say %q", minutes, want)
	}
	speeds, err := Read(filepath.Join("..", "results", "speed.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, encoder := range []string{"resnet18-w16-half", "resnet18-w16"} {
		for _, r := range speeds.Rows {
			if r.Case == "train/simclr/"+encoder+"/sslkit" && r.Metric == "speed" && !strings.Contains(section, fmt.Sprintf("%.0f ", r.Value)) {
				t.Errorf("the page does not reckon with the %.0f images a second of %s", r.Value, encoder)
			}
		}
	}
	commands, err := filepath.Glob(filepath.Join("..", "*", "main.go"))
	if err != nil || len(commands) == 0 {
		t.Fatalf("no benchmarks: %v", err)
	}
	for _, command := range commands {
		if name := filepath.Base(filepath.Dir(command)); !told[name] && name != "remake" && name != "figures" { // Which takes what it is asked for.
			t.Errorf("the page does not tell what %s takes", name)
		}
	}
}

package kit

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"sslkit/kit/ssl"
)

// trainOften, in the environment, makes this test binary train several times and print the memory
// that it holds after each.
const trainOften = "SSLKIT_TEST_TRAIN_OFTEN"

// TestTrainingsGiveTheirMemoryBack trains on XLA, whose compiler takes what is not given back by
// itself. The benchmark in benchmarks/memory trains a hundred times.
func TestTrainingsGiveTheirMemoryBack(t *testing.T) {
	if os.Getenv(trainOften) != "" {
		for seed := range 4 {
			recipe := small()
			recipe.Encoder, recipe.Method, recipe.Seed = tiny, ssl.Rotation{}, uint64(seed)
			pretrained(t, t.TempDir(), recipe)
			content, err := os.ReadFile("/proc/self/statm")
			if err != nil {
				t.Fatal(err)
			}
			fmt.Printf("\npages %s\n", strings.Fields(string(content))[1])
		}
		return
	}
	if _, err := os.Stat("/proc/self/statm"); err != nil || testing.Short() {
		t.Skip("it takes Linux's /proc, and some time: ", err)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestTrainingsGiveTheirMemoryBack$")
	child.Env = append(os.Environ(), trainOften+"=1", "GOMLX_BACKEND=xla:cpu")
	out, err := child.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var pages []int
	for line := range bytes.Lines(out) {
		if text, ok := strings.CutPrefix(strings.TrimSpace(string(line)), "pages "); ok {
			n, err := strconv.Atoi(text)
			if err != nil {
				t.Fatal(err)
			}
			pages = append(pages, n)
		}
	}
	if len(pages) != 4 || float64(pages[3]) > 1.2*float64(pages[1]) {
		t.Errorf("pages after each training: %v; the fourth must hold at most 1.2 times those of the second", pages)
	}
}

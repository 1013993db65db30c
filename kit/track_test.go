package kit

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"sslkit/kit/rundir"
	"sslkit/kit/track"
)

// eventFile is the content of the one event file under a folder.
func eventFile(t *testing.T, folder string) []byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.tfevents.*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("event files %q, %v; want one", files, err)
	}
	return content(t, files[0])
}

// TestTrackedTraining: it ends in the same bits and has the same recipe as one that is not tracked,
// and what is shown live, over an interruption, is what is shown afterwards.
func TestTrackedTraining(t *testing.T) {
	untracked, err := smallRun()
	if err != nil {
		t.Fatal(err)
	}
	recipe, dir, boards := small(), filepath.Join(t.TempDir(), "tracked"), t.TempDir()
	recipe.Track = []track.Tracker{track.TensorBoard{Dir: boards}}
	run := pretrained(t, dir, recipe)
	for _, name := range []string{rundir.EncoderFile, rundir.RecipeFile} {
		if !bytes.Equal(content(t, dir, name), content(t, untracked, name)) {
			t.Errorf("%s is another one than without trackers", name)
		}
	}
	live := eventFile(t, filepath.Join(boards, "tracked"))
	if err := run.Track(track.TensorBoard{}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(live, eventFile(t, dir)) {
		t.Error("what was shown live differs from what is shown afterwards")
	}
	if !bytes.Contains(live, []byte("gradient_norm")) || !bytes.Contains(live, []byte(`"ssl.SimCLR"`)) {
		t.Error("metrics or recipe are not shown")
	}

	if _, err := run.WriteCSV(); err != nil {
		t.Fatal(err)
	}
	table := content(t, dir, rundir.CSVFile)
	if lines := bytes.Count(table, []byte("\n")); lines != 14 {
		t.Errorf("metrics.csv has %d lines, want a head and 13 steps", lines)
	}
	loseLastCheckpoint(t, dir)
	pretrained(t, dir, recipe)
	if resumed := eventFile(t, filepath.Join(boards, "tracked")); bytes.Count(resumed, []byte("gradient_norm")) != 12 {
		t.Errorf("after going on %d steps are shown, want each of 12 once", bytes.Count(resumed, []byte("gradient_norm")))
	}
}

// TestTrackersThatCannotBe are errors before anything is trained.
func TestTrackersThatCannotBe(t *testing.T) {
	t.Setenv("MLFLOW_TRACKING_URI", "")
	for want, tracker := range map[string]track.Tracker{
		"Track[0] is missing": nil, "URL is missing": track.MLflow{}, `URL is "ftp://a"`: track.MLflow{URL: "ftp://a"},
	} {
		recipe := small()
		recipe.Track = []track.Tracker{tracker}
		if err := recipe.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: want %q", err, want)
		}
	}
}

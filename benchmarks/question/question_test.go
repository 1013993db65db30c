package question

import (
	"flag"
	"os"
	"strings"
	"testing"

	"sslkit/kit/rundir"
)

func TestGiven(t *testing.T) {
	before := flag.CommandLine
	defer func() { flag.CommandLine = before }()
	flag.CommandLine = flag.NewFlagSet("", flag.ContinueOnError)
	seeds, images := flag.Int("seeds", 3, ""), flag.Int("images", 100, "")
	if err := flag.CommandLine.Parse([]string{"-seeds", "3"}); err != nil {
		t.Fatal(err)
	}
	if got := [2]int{Given("seeds", *seeds, 1), Given("images", *images, 10)}; got != [2]int{3, 10} {
		t.Errorf("got %d, want 3, which was given, and 10", got)
	}
}

// Results are of one commit, and of one that is there: a dirty tree measures nothing but how it goes.
func TestStamp(t *testing.T) {
	t.Setenv(rundir.CommitVariable, "")
	if err := stamp("0123456789ab"+rundir.Changed, false); err == nil || !strings.Contains(err.Error(), "commit them, or") {
		t.Errorf("files that differ from their commit: %v", err)
	}
	for _, c := range []struct {
		commit string
		quick  bool
	}{{"0123456789ab" + rundir.Changed, true}, {"0123456789ab", false}, {"", false}} {
		if err := stamp(c.commit, c.quick); err != nil || os.Getenv(rundir.CommitVariable) != c.commit || rundir.Commit() != c.commit {
			t.Errorf("%+v: error %v, and trainings are of commit %q", c, err, rundir.Commit())
		}
	}
}

package rundir

import (
	"sslkit/data"
	"strings"
	"testing"
)

func TestOtherImagesInTheSameDirectoryAreAnError(t *testing.T) {
	set, err := data.Shapes{Train: 96}.Open(data.Train)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	dir := t.TempDir()
	if err := Dir(dir).BeginEnvironment(set); err != nil {
		t.Fatal(err)
	}
	began, err := Dir(dir).Environment()
	if err != nil {
		t.Fatal(err)
	}
	if err := began.MatchImages(Dir(dir), set); err != nil {
		t.Error(err)
	}
	other, err := data.Shapes{Train: 96, Seed: 9}.Open(data.Train)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := began.MatchImages(Dir(dir), other); err == nil || !strings.Contains(err.Error(), "other images") {
		t.Errorf("error %v", err)
	}
}

func TestCommitOfAProgramThatWasBuiltBefore(t *testing.T) {
	t.Setenv(CommitVariable, "0123456789ab+changes")
	if got := Commit(); got != "0123456789ab+changes" {
		t.Errorf("Commit is %q", got)
	}
}

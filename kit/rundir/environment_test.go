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
	if err := Dir(dir).MatchEnvironment(set); err != nil {
		t.Fatal(err)
	}
	other, err := data.Shapes{Train: 96, Seed: 9}.Open(data.Train)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := Dir(dir).MatchEnvironment(other); err == nil || !strings.Contains(err.Error(), "other images") {
		t.Errorf("error %v", err)
	}
}

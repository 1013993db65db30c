package rundir

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"testing"
)

func TestChangedJSONIsDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.json")
	for _, labels := range [][]int{{7}, {}} { // The sum is no field of what is read.
		want := map[string]int{}
		for _, label := range labels {
			want["label"] = label
		}
		var got map[string]int
		if err := errors.Join(WriteJSON(path, want), ReadJSON(path, &got)); err != nil || !maps.Equal(got, want) {
			t.Errorf("wrote %v, read %v, %v", want, got, err)
		}
	}
	if err := WriteJSON(path, map[string]int{"labels": 12}); err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	other := bytes.Replace(written, []byte("12"), []byte("13"), 1)
	for name, c := range map[string]struct {
		content []byte
		damaged bool
	}{
		"as it was":                       {written, false},
		"from before there were sums":     {[]byte(`{"labels": 12}`), false},
		"a digit":                         {other, true},
		"a digit and a line behind":       {append(bytes.Clone(other), '\n'), true},
		"a digit and no end of the line":  {bytes.TrimSuffix(other, []byte("\n")), true},
		"a digit in the sum":              {bytes.Replace(written, []byte(`"sha256": "`), []byte(`"sha256": "0`), 1), true},
		"a digit, carriage returns added": {bytes.ReplaceAll(other, []byte("\"\n}"), []byte("\"\r\n}")), true},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(path, c.content, 0o644); err != nil {
				t.Fatal(err)
			}
			var read map[string]any
			if err := ReadJSON(path, &read); errors.Is(err, ErrDamaged) != c.damaged || err != nil && !c.damaged {
				t.Errorf("%v, %v", read, err)
			}
		})
	}
}

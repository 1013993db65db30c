package kit

import (
	"strings"
	"testing"

	"sslkit/data"
	"sslkit/kit/encoder"
	"sslkit/kit/ssl"
)

// ReadRecipe reads what a run directory has, and names what it does not know.
func TestReadRecipe(t *testing.T) {
	t.Parallel()
	written, err := Recipe{Data: data.Shapes{Train: 64}, Encoder: encoder.ResNet{Depth: 10}, Method: ssl.SimCLR{}, Steps: 3, Batch: 16, Seed: 1 << 63}.encode()
	if err != nil {
		t.Fatal(err)
	}
	read, err := ReadRecipe(written)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := read.encode(); err != nil || string(again) != string(written) || read.Seed != 1<<63 {
		t.Errorf("read and written again it is %s, %v", again, err)
	}
	for name, test := range map[string]struct{ content, want string }{
		"no object":    {"[]", "reading a recipe"},
		"unknown type": {strings.Replace(string(written), "ssl.SimCLR", "ssl.Mine", 1), "ssl.Mine is not known"},
	} {
		if _, err := ReadRecipe([]byte(test.content)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

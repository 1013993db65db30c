package segment

import (
	"math"
	"slices"
	"strings"
	"testing"

	"sslkit/data"
)

// TestNeighboursFindClasses: a colour is as its like among labelled images, and a small memory does.
func TestNeighboursFindClasses(t *testing.T) {
	frozen, nothing := tiny(t), background(t, rectangles{24})
	for name, n := range map[string]Neighbours{"all": {K: 5}, "few": {K: 5, Memory: 300}} {
		t.Run(name, func(t *testing.T) {
			got, err := n.Evaluate(frozen, rectangles{24})
			if err != nil {
				t.Fatal(err)
			}
			t.Log(got)
			if got.MeanIoU.Value < nothing.MeanIoU.Value+.3 {
				t.Errorf("%v; to say background everywhere gives %v", got, nothing)
			}
		})
	}
}

func TestNeighboursRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		n    Neighbours
		want string
	}{
		"neighbours":  {Neighbours{K: -1}, "K is -1"},
		"temperature": {Neighbours{Temperature: -1}, "Temperature is -1"},
		"memory":      {Neighbours{Memory: -1}, "Memory is -1"},
	} {
		if _, err := c.n.Evaluate(Frozen{}, rectangles{2}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v; it must say %q", name, err, c.want)
		}
	}
}

// TestShares: pixels that do not count have no share, and a patch of them alone has none at all.
func TestShares(t *testing.T) {
	t.Parallel()
	const no = data.IgnoredPixel
	got := sharesOf([]uint8{
		0, 1, no, no,
		1, no, no, no,
		2, 2, 0, 0,
		2, 2, 1, 2,
	}, 2, 2, 3, 4, 4)
	want := []float32{1. / 3, 2. / 3, 0, 0, 0, 0, 0, 0, 1, .5, .25, .25}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestVote: two neighbours, the nearer e times as heavy.
func TestVote(t *testing.T) {
	t.Parallel()
	scores := make([]float32, 2)
	vote(scores, []int{1, 0}, []float64{.9, .7}, []float32{1, 0, 0, 1}, .2)
	if want := 1 / (1 + math.E); math.Abs(float64(scores[0])-want) > 1e-6 || math.Abs(float64(scores[1])-1+want) > 1e-6 {
		t.Errorf("got %v, want %g and %g", scores, want, 1-want)
	}
}

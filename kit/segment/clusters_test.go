package segment

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"sslkit/data"
)

// planted are patches that are of one vector for each class, and a set of rectangles.
func planted(t *testing.T) (Patches, masked) {
	t.Helper()
	set, err := open(rectangles{12}, data.Test)
	if err != nil {
		t.Fatal(err)
	}
	p := Patches{N: 12, Rows: 8, Columns: 8, Dim: 3}
	for _, mask := range set.masks {
		for patch := range 64 {
			v := make([]float32, 3)
			v[mask[patch/8*4*side+patch%8*4+3]] = float32(1 + patch%3) // Clusters are of directions.
			p.X = append(p.X, v...)
		}
	}
	return p, set
}

func TestClustersFindPlantedClasses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]Clusters{
		"one each": {K: 3},
		"from few": {K: 3, Patches: 200, Seed: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, set := planted(t)
			c := c.WithDefaults()
			cluster, err := c.cut(p)
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.judge(cluster, p, set)
			if err != nil {
				t.Fatal(err)
			}
			if got.Summary.MeanIoU != 1 || got.Summary.PixelAccuracy != 1 {
				t.Errorf("planted clusters give %v", got)
			}
		})
	}
}

// TestClustersLeftOver: of five clusters two are the halves of the background; the one that is not
// matched gets its class too.
func TestClustersLeftOver(t *testing.T) {
	t.Parallel()
	p, set := planted(t)
	var cluster []uint8
	for _, mask := range set.masks {
		for patch := range 64 {
			class := mask[patch/8*4*side+patch%8*4+3]
			if class == 0 && patch < 20 {
				class = 4
			}
			cluster = append(cluster, class)
		}
	}
	got, err := Clusters{K: 5}.judge(cluster, p, set)
	if err != nil {
		t.Fatal(err)
	}
	if got.Summary.MeanIoU != 1 {
		t.Errorf("%v", got)
	}
}

// TestClustersMatchByOverlap: of two classes in two clusters, 100 and 60 pixels of the one and 30 and 0
// of the other, most pixels would be right where cluster 0 is class 0; the intersections over unions
// have the higher sum the other way round: 60/160 + 30/130 against 100/190 + 0.
func TestClustersMatchByOverlap(t *testing.T) {
	t.Parallel()
	truth := append(make([]uint8, 160), bytes.Repeat([]byte{1}, 30)...)
	cluster := slices.Concat(make([]uint8, 100), bytes.Repeat([]byte{1}, 60), make([]uint8, 30))
	set := masked{Masks: objectSet{rectangleSet{1, data.Test}}, height: 1, width: 190, masks: [][]uint8{truth}}
	got, err := Clusters{K: 2}.judge(cluster, Patches{N: 1, Rows: 1, Columns: 190}, set)
	if err != nil {
		t.Fatal(err)
	}
	if want := (60./160 + 30./130) / 2; math.Abs(got.MeanIoU.Value-want) > 1e-12 {
		t.Errorf("mean IoU is %g, want %g", got.MeanIoU.Value, want)
	}
}

func TestClustersEvaluate(t *testing.T) {
	got, err := Clusters{Seed: 1}.Evaluate(tiny(t), rectangles{12}, data.Test)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Masks) != 12 || got.MeanIoU.Value <= 0 || got.Encoder == "" || !strings.Contains(got.Protocol, "3 clusters") {
		t.Errorf("%v", got)
	}
	for name, c := range map[string]Clusters{"K is 2": {K: 2}, "Iterations is -1": {Iterations: -1}, "Patches is 2": {Patches: 2}} {
		if _, err := c.Evaluate(Frozen{}, rectangles{2}, data.Test); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
}

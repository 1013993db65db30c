package segment

import (
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/device/devicetest"
)

// TestUpsample: [0, 1] in four pixels is torch.nn.functional.interpolate(mode="bilinear",
// align_corners=False)'s 0, 0.25, 0.75, 1, in the graph as on the host, and a map in its own size is
// itself.
func TestUpsample(t *testing.T) {
	t.Parallel()
	x := [][][][]float32{{{{0, 7}, {1, 7}}, {{2, 7}, {3, 7}}}}
	for name, c := range map[string]struct {
		height, width int
		want          [][]float32 // Of the first of two classes.
	}{
		"twice as wide":       {2, 4, [][]float32{{0, .25, .75, 1}, {2, 2.25, 2.75, 3}}},
		"three times as high": {6, 2, [][]float32{{0, 1}, {0, 1}, {2. / 3, 5. / 3}, {4. / 3, 7. / 3}, {2, 3}, {2, 3}}},
		"as it is":            {2, 2, [][]float32{{0, 1}, {2, 3}}},
		"one pixel":           {1, 1, [][]float32{{1.5}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			exec, err := NewExec(devicetest.Backend(t), func(x *Node) *Node { return upsample(x, c.height, c.width) })
			if err != nil {
				t.Fatal(err)
			}
			defer exec.Finalize()
			got, err := exec.Call(x)
			if err != nil {
				t.Fatal(err)
			}
			graph := got[0].Value().([][][][]float32)[0]
			host := upsampled([]float32{0, 7, 1, 7, 2, 7, 3, 7}, 2, 2, 2, c.height, c.width)
			for y, row := range c.want {
				for px, want := range row {
					for k, want := range []float32{want, 7} {
						for where, v := range map[string]float32{"graph": graph[y][px][k], "host": host[(y*c.width+px)*2+k]} {
							if math.Abs(float64(v-want)) > 1e-5 {
								t.Errorf("%s: pixel %d, %d class %d is %g, want %g", where, y, px, k, v, want)
							}
						}
					}
				}
			}
		})
	}
}

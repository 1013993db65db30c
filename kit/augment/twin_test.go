package augment

import (
	"fmt"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
)

// The graph and the host twin agree when they are given the same parameters. The twin rounds to 8
// bits: colour once, so half a step is the most; a resize with imaging after each of its two
// passes, and a bicubic filter adds up to 1.25 times the first pass's half step to the second's.
func TestGraphAgreesWithHost(t *testing.T) {
	const n, height, width = 16, 24, 32
	const rounding = .5 + 1e-3
	for _, test := range []struct {
		transform     Transform
		average, most float64 // in units of 1/255
	}{
		{RandomResizedCrop{Size: 32}, .4, 1.1},
		{RandomResizedCrop{Size: 32, Interpolation: Bicubic}, .4, 1.3},
		{RandomResizedCrop{Size: 9, Scale: [2]float64{.5, 1}}, .4, 1.1},
		{RandomResizedCrop{Size: 9, Scale: [2]float64{.5, 1}, Interpolation: Bicubic}, .4, 1.3},
		{Resize{Size: 15}, .4, 1.1},
		{Resize{Size: 40, Interpolation: Bicubic}, .4, 1.3},
		{CenterCrop{Size: 13}, 1e-3, 1e-3},
		{Flip{}, 1e-3, 1e-3},
		{Translate{}, 1e-3, 1e-3},
		{Translate{Most: .99}, 1e-3, 1e-3},
		{VerticalFlip{}, 1e-3, 1e-3},
		{RandomErasing{P: .8, Fill: .4}, 1e-3, 1e-3},
		{RandomErasing{P: 1, Scale: [2]float64{.1, 1}, Ratio: [2]float64{1, 1}}, 1e-3, 1e-3},
		{Cutout{Fill: .5}, .26, rounding},
		{Cutout{Size: .1, Fill: .4}, 1e-3, 1e-3},
		{Affine{Rotation: 180, Translation: .2, Scale: [2]float64{.5, 2}, P: .8}, .26, rounding},
		{ColorJitter{Brightness: .8, Contrast: .8, Saturation: .8, Hue: .2, P: .8}, .26, rounding},
		{Grey{P: .5}, .26, rounding},
		{GaussianBlur{}, .26, rounding},
		{GaussianBlur{Kernel: 9, P: 1}, .26, rounding},
		{Solarize{P: .5}, 1e-3, 1e-3},
		{Solarize{P: 1, Threshold: .25}, 1e-3, 1e-3},
	} {
		t.Run(fmt.Sprintf("%+v", test.transform), func(t *testing.T) {
			if err := (Pipeline{test.transform}).Check(height, width); err != nil {
				t.Fatal(err)
			}
			pix := batch(n, height, width)
			both, err := CallOnceN(open(t), func(state, images *Node) (params, views *Node) {
				params = test.transform.Draw(NewRandom(state), n, height, width)
				return params, Pipeline{test.transform}.ApplyParams(Reshape(images, n, height, width, 3), []*Node{params})
			}, wordsOf(State(1, 0)), pix)
			if err != nil {
				t.Fatal(err)
			}
			params, views := rows(values(t, both[0]), n), rows(values(t, both[1]), n)
			var average float64 // Over the images.
			for i := range n {
				want := floats(test.transform.Host(picture(pix, i, height, width), params[i]))
				if len(views[i]) != len(want) {
					t.Fatalf("image %d: the graph makes %d values, the host %d", i, len(views[i]), len(want))
				}
				differs, most := difference(views[i], want)
				// Where the host's rounding is all that differs, the most says it of each image,
				// and the average of one image of few colours may be above a quarter.
				if most > test.most || test.most != rounding && differs > test.average {
					t.Errorf("image %d, parameters %v: differs by %.3f/255 on average and %.3f/255 at most, want %g and %g",
						i, params[i], differs, most, test.average, test.most)
				}
				average += differs / n
			}
			if average > test.average {
				t.Errorf("differs by %.3f/255 on average, want %g", average, test.average)
			}
		})
	}
}

// The map that a geometric transform gives is the one that its pixels follow: a smooth ramp of
// coordinates, seen through the transform, shows the map's values.
func TestMapIsWhatPixelsFollow(t *testing.T) {
	const n, height, width = 8, 40, 48
	pix := make([]uint8, 0, n*height*width*3)
	for range n {
		for y := range height {
			for x := range width {
				pix = append(pix, uint8(5*x), uint8(5*y), 255) // the centre (x+1/2, y+1/2)
			}
		}
	}
	for _, g := range []Geometric{
		RandomResizedCrop{Size: 30, Scale: [2]float64{.3, 1}},
		Resize{Size: 30},
		CenterCrop{Size: 21},
		Flip{},
		Translate{},
		VerticalFlip{},
		Affine{Rotation: 30, Translation: .1, Scale: [2]float64{.8, 1.2}},
	} {
		t.Run(fmt.Sprintf("%T", g), func(t *testing.T) {
			outHeight, outWidth := g.OutputSize(height, width)
			params := drawParams(t, g, State(3, 0), n, height, width)
			maps := rows(run(t, func(params *Node) *Node { return g.Map(params, height, width) }, params), n)
			views := rows(applyParams(t, g, params, pix, n, height, width), n)
			seen := 0
			for i, m := range maps {
				for row := range outHeight {
					for col := range outWidth {
						x, y := float64(col)+.5, float64(row)+.5
						wantX := float64(m[0])*x + float64(m[1])*y + float64(m[2])
						wantY := float64(m[3])*x + float64(m[4])*y + float64(m[5])
						// Near a crop's or the image's border the filter is cut off, so look at the
						// inside only. A widened filter sampled at whole pixels shows a ramp to a
						// tenth of a pixel.
						if row < 3 || col < 3 || row >= outHeight-3 || col >= outWidth-3 ||
							wantX < 3 || wantY < 3 || wantX > width-3 || wantY > height-3 {
							continue
						}
						seen++
						at := 3 * (row*outWidth + col)
						gotX, gotY := float64(views[i][at])*51+.5, float64(views[i][at+1])*51+.5
						if abs(gotX-wantX) > .1 || abs(gotY-wantY) > .1 {
							t.Fatalf("image %d, output (%g, %g) shows (%.3f, %.3f), the map says (%.3f, %.3f)",
								i, x, y, gotX, gotY, wantX, wantY)
						}
					}
				}
			}
			if seen < n*50 {
				t.Fatalf("only %d points were compared", seen)
			}
		})
	}
}

func abs(x float64) float64 { return max(x, -x) }

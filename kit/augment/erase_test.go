package augment

import (
	"math"
	"testing"
)

func TestErasedRectangles(t *testing.T) {
	const height, width = 200, 300 // large, so that rounding to whole pixels hardly moves area and ratio
	params := drawParams(t, RandomErasing{P: .8, Scale: [2]float64{.02, .2}}, State(1, 0), draws, height, width)
	var erased, area, logRatio, middleX, middleY []float64
	for _, p := range params {
		top, left, h, w := float64(p[0]), float64(p[1]), float64(p[2]), float64(p[3])
		for _, v := range []float64{top, left, h, w} {
			if v != math.Trunc(v) {
				t.Fatalf("rectangle %v is not in whole pixels", p)
			}
		}
		if h == 0 && top+left+w != 0 {
			t.Fatalf("rectangle %v of an image that is not changed", p)
		}
		if top < 0 || left < 0 || top+h > height || left+w > width {
			t.Fatalf("rectangle %v is not in the image", p)
		}
		erased = append(erased, min(h, 1))
		if h > 0 {
			area = append(area, h*w/(height*width))
			logRatio = append(logRatio, math.Log(h/w))
			middleX, middleY = append(middleX, (left+w/2)/width), append(middleY, (top+h/2)/height)
		}
	}
	// .2 of the area at a ratio of 3.3 is 199 x 60: every such rectangle fits, so nothing is drawn
	// again.
	low, high := math.Log(.3), math.Log(3.3)
	near(t, "share erased", mean(erased), .8, .4)
	between(t, "area", area, .019, .201)
	between(t, "log ratio", logRatio, low-.03, high+.03)
	near(t, "mean area", mean(area), .11, .18/math.Sqrt(12)/math.Sqrt(.8))
	near(t, "mean log ratio", mean(logRatio), (low+high)/2, (high-low)/math.Sqrt(12)/math.Sqrt(.8))
	near(t, "mean middle x", mean(middleX), .5, .3)
	near(t, "mean middle y", mean(middleY), .5, .3)
}

// No rectangle as high as the image is taken.
func TestErasingGivesUp(t *testing.T) {
	for _, p := range drawParams(t, RandomErasing{P: 1, Scale: [2]float64{.5, 1}}, State(1, 0), 64, 2, 100) {
		if p[2] != 0 {
			t.Fatalf("rectangle %v in an image of 2 x 100", p)
		}
	}
}

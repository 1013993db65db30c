package augment

import "testing"

// Values of Pillow 13.0.0 and of torchvision 0.24.1 on float32 tensors; torchvision has 0.2989 for
// the luma of red.

// The row 10 200 30 90 160 40 220 70 as float32, .crop((1, 0, 7, 1)).resize((width, 1), filter).
func TestResampleAgreesWithPillow(t *testing.T) {
	pix := make([]uint8, 0, 3*8)
	for _, v := range []uint8{10, 200, 30, 90, 160, 40, 220, 70} {
		pix = append(pix, v, v, v)
	}
	for _, test := range []struct {
		filter Interpolation
		want   []float32
	}{
		{Bilinear, []float32{136.25, 77.778, 112.222, 152.5}},
		{Bilinear, []float32{200, 115, 40, 80, 125, 140, 60, 130, 220}},
		{Bicubic, []float32{137.929, 71.639, 112.312, 152.702}},
		{Bicubic, []float32{211.184, 116.471, 26.574, 76.759, 136.25, 147.523, 44.838, 128.235, 231.842}},
	} {
		// Width is Size, and every row of the square is the same row.
		crop := RandomResizedCrop{Size: len(test.want), Interpolation: test.filter}
		got := applyParams(t, crop, [][]float32{{0, 1, 1, 6}}, pix, 1, 1, 8)
		for row := range test.want {
			for col, want := range test.want {
				if v := 255 * got[3*(row*len(test.want)+col)]; abs(float64(v-want)) > .01 {
					t.Errorf("%v, width %d: pixel %d of row %d is %.3f, want %.3f", test.filter, len(test.want), col, row, v, want)
				}
			}
		}
	}
}

// torchvision.transforms.functional's adjust_hue, adjust_contrast, adjust_saturation,
// adjust_brightness and solarize of one image of two pixels.
func TestColourAgreesWithTorchvision(t *testing.T) {
	order := []float32{0, 1, 2, 3}
	jitter := func(brightness, contrast, saturation, hue float32) []float32 {
		return append([]float32{brightness, contrast, saturation, hue}, order...)
	}
	params := [][]float32{
		jitter(1, 1, 1, .1), jitter(1, 1, 1, -.35), jitter(1, 1.5, 1, 0), jitter(1, 1, .3, 0), jitter(1.2, 1, 1, 0),
	}
	want := [][]float32{
		{200, 86, 40, 12, 227.2, 250}, {40, 106, 200, 250, 106.2, 12}, {235.33, 0, 70.33, 0, 255, 130.33},
		{125.46, 77.46, 92.46, 119.21, 190.61, 154.61}, {240, 48, 108, 14.4, 255, 156},
	}
	var pix []uint8
	for range params {
		pix = append(pix, 200, 40, 90, 12, 250, 130)
	}
	for i, got := range rows(applyParams(t, ColorJitter{}, params, pix, len(params), 1, 2), len(params)) {
		for k, v := range got {
			if abs(float64(255*v-want[i][k])) > .03 {
				t.Errorf("parameters %v: value %d is %.2f, want %g", params[i], k, 255*v, want[i][k])
			}
		}
	}
	solarised := applyParams(t, Solarize{}, [][]float32{{1}}, pix[:6], 1, 1, 2)
	for k, want := range []float32{55, 40, 90, 12, 5, 125} {
		if abs(float64(255*solarised[k]-want)) > 1e-3 {
			t.Errorf("solarised value %d is %g, want %g", k, 255*solarised[k], want)
		}
	}
}

// torchvision.transforms.functional.gaussian_blur([3, 3], [.8, .8]) of one white pixel at row 0,
// column 1 of 5 x 5.
func TestBlurAgreesWithTorchvision(t *testing.T) {
	pix := make([]uint8, 3*5*5)
	copy(pix[3:6], []uint8{255, 255, 255})
	got := applyParams(t, GaussianBlur{}, [][]float32{{.8}}, pix, 1, 5, 5)
	for row, values := range [][]float64{{.24952, .2725, .12476, 0}, {.11424, .12476, .05712, 0}, {0, 0, 0, 0}} {
		for col, want := range values {
			if v := got[3*(5*row+col)]; abs(float64(v)-want) > 2e-5 {
				t.Errorf("row %d, column %d is %.5f, want %.5f", row, col, v, want)
			}
		}
	}
}

// Pillow 12.0.0's ImageOps.autocontrast, equalize, posterize and solarize, ImageEnhance and
// Image.transform (bilinear) of one image of 40 x 30, at five of its pixels. Pillow cuts values off
// where this package rounds, so they can be one apart.
func TestRandAugmentAgreesWithPillow(t *testing.T) {
	const height, width = 30, 40
	var image []uint8
	for y := range height {
		for x := range width {
			image = append(image, uint8(20+x*x/12+y), uint8(60+x*y/9+9*((x+2*y)%3)), uint8(200-3*x-y*y/20))
		}
	}
	at := [5][2]int{{0, 0}, {7, 3}, {20, 11}, {33, 28}, {39, 29}}
	tests := []struct {
		operation operation
		strength  float32
		want      [5][3]float64
	}{
		{stretch, .3, [5][3]float64{{0, 0, 255}, {11, 20, 221}, {72, 44, 149}, {194, 220, 33}, {255, 245, 0}}},
		{equalise, .3, [5][3]float64{{0, 0, 255}, {12, 41, 255}, {143, 109, 164}, {255, 255, 8}, {255, 255, 0}}},
		{posterise, .5, [5][3]float64{{20, 60, 200}, {24, 68, 176}, {64, 84, 132}, {136, 180, 60}, {172, 192, 40}}},
		{posterise, -1, [5][3]float64{{16, 48, 192}, {16, 64, 176}, {64, 80, 128}, {128, 176, 48}, {160, 192, 32}}},
		{solarise, .3, [5][3]float64{{20, 60, 55}, {27, 71, 76}, {64, 84, 134}, {138, 75, 62}, {175, 61, 41}}},
		{brighten, .3, [5][3]float64{{25, 76, 254}, {34, 90, 227}, {81, 106, 170}, {175, 228, 78}, {222, 246, 52}}},
		{brighten, -1, [5][3]float64{{2, 6, 20}, {2, 7, 17}, {6, 8, 13}, {13, 18, 6}, {17, 19, 4}}},
		{colourise, .3, [5][3]float64{{8, 58, 236}, {15, 71, 208}, {58, 84, 147}, {133, 187, 37}, {176, 200, 5}}},
		{colourise, -1, [5][3]float64{{59, 63, 77}, {65, 70, 80}, {82, 84, 89}, {152, 156, 144}, {171, 173, 158}}},
		{contrastUp, .3, [5][3]float64{{0, 50, 228}, {8, 64, 201}, {55, 80, 144}, {149, 202, 52}, {196, 220, 26}}},
		{contrastUp, -1, [5][3]float64{{88, 92, 106}, {89, 93, 104}, {92, 94, 99}, {100, 104, 92}, {103, 105, 90}}},
		{sharpen, .3, [5][3]float64{{20, 60, 200}, {27, 71, 179}, {64, 82, 134}, {138, 181, 62}, {175, 194, 41}}},
		{sharpen, -1, [5][3]float64{{20, 60, 200}, {27, 71, 179}, {64, 89, 134}, {138, 174, 62}, {175, 194, 41}}},
		{shearX, .3, [5][3]float64{{20, 60, 199}, {27, 73, 178}, {67, 94, 130}, {153, 184, 54}, {0, 0, 0}}},
		{shearY, 1, [5][3]float64{{20, 62, 200}, {29, 79, 178}, {70, 100, 125}, {0, 0, 0}, {0, 0, 0}}},
		// Image.rotate(-9) and (9), counter-clockwise.
		{rotate, .3, [5][3]float64{{0, 0, 0}, {27, 66, 182}, {62, 93, 135}, {147, 162, 62}, {0, 0, 0}}},
		{rotate, -.3, [5][3]float64{{0, 0, 0}, {27, 77, 173}, {65, 90, 132}, {0, 0, 0}, {0, 0, 0}}},
	}
	var params [][]float32
	var pix []uint8
	for _, test := range tests {
		params = append(params, []float32{float32(test.operation), test.strength})
		pix = append(pix, image...)
	}
	views := rows(applyParams(t, RandAugment{Ops: 1}, params, pix, len(tests), height, width), len(tests))
	for i, test := range tests {
		for p, want := range test.want {
			if test.operation == rotate && want == [3]float64{} {
				continue // Pillow has a hard border to what comes from outside, this package blends
			}
			for k, v := range want {
				if got := 255 * float64(views[i][3*(at[p][1]*width+at[p][0])+k]); abs(got-v) > 1.01 {
					t.Errorf("operation %d of strength %g, pixel %v, channel %d is %g, want %g", test.operation, test.strength, at[p], k, got, v)
				}
			}
		}
	}
}

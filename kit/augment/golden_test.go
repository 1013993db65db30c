package augment

import "testing"

// Values of Pillow 13.0.0 and of torchvision 0.24.1 on float32 tensors; torchvision has 0.2989 for the luma of red.

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

// torchvision.transforms.functional's adjust_hue, adjust_contrast, adjust_saturation, adjust_brightness and solarize of
// one image of two pixels.
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

// torchvision.transforms.functional.gaussian_blur([3, 3], [.8, .8]) of one white pixel at row 0, column 1 of 5 x 5.
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

package corrupt

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"testing"
)

// Brightness 4 of small images adds 0.2, 51 levels, to the greatest channel.
func TestBrightnessByHand(t *testing.T) {
	for _, test := range []struct{ in, want [3]uint8 }{
		{[3]uint8{102, 51, 0}, [3]uint8{153, 76, 0}},     // times 1.5, cut off
		{[3]uint8{0, 0, 0}, [3]uint8{51, 51, 51}},        // black has no hue
		{[3]uint8{255, 100, 30}, [3]uint8{255, 100, 30}}, // no brighter red
		{[3]uint8{120, 240, 60}, [3]uint8{127, 255, 63}}, // 1, not 1.14
		{[3]uint8{204, 204, 204}, [3]uint8{255, 255, 255}},
	} {
		got, err := Apply(Brightness, 4, test.in[:], 1, 1, 1)
		if err != nil || !bytes.Equal(got, test.want[:]) {
			t.Errorf("%v becomes %v, want %v: %v", test.in, got, test.want, err)
		}
	}
}

// Contrast 2 of small images halves the distance to each channel's mean: 100, 60 and 0.
func TestContrastByHand(t *testing.T) {
	got, err := Apply(Contrast, 2, []uint8{0, 40, 0, 200, 80, 0}, 1, 2, 1)
	if want := []uint8{50, 50, 0, 150, 70, 0}; err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v, want %v: %v", got, want, err)
	}
}

// Half of 96 pixels: squares of 2×2 of their mean, which imaging rounds after each direction.
func TestPixelateAveragesSquares(t *testing.T) {
	const size = 96
	clean := shapes(t, 1, size)[0]
	out := apply(t, Pixelate, 2, clean, size, 1)
	for y := 0; y < size; y += 2 {
		for x := 0; x < size; x += 2 {
			for c := range 3 {
				var mean float64
				square := [4]int{3*(y*size+x) + c, 3*(y*size+x+1) + c, 3*((y+1)*size+x) + c, 3*((y+1)*size+x+1) + c}
				for _, at := range square {
					mean += float64(clean[at]) / 4
				}
				for _, at := range square {
					if out[at] != out[square[0]] || math.Abs(float64(out[at])-mean) > 1 {
						t.Fatalf("row %d, column %d, channel %d is %d, want %g", y, x, c, out[at], mean)
					}
				}
			}
		}
	}
}

// The library's file, read pixel by pixel.
func TestJPEGIsTheLibrarys(t *testing.T) {
	for size, qualities := range map[int][5]int{40: {80, 65, 58, 50, 40}, 72: {25, 18, 15, 10, 7}} {
		clean := shapes(t, 1, size)[0]
		img := image.NewRGBA(image.Rect(0, 0, size, size))
		for i := range size * size {
			img.SetRGBA(i%size, i/size, color.RGBA{clean[3*i], clean[3*i+1], clean[3*i+2], 255})
		}
		for s, quality := range qualities {
			var file bytes.Buffer
			if err := jpeg.Encode(&file, img, &jpeg.Options{Quality: quality}); err != nil {
				t.Fatal(err)
			}
			read, err := jpeg.Decode(&file)
			if err != nil {
				t.Fatal(err)
			}
			out := apply(t, JPEG, s+1, clean, size, 1)
			for i := range size * size {
				want := color.RGBAModel.Convert(read.At(i%size, i/size)).(color.RGBA)
				if got := (color.RGBA{out[3*i], out[3*i+1], out[3*i+2], 255}); got != want {
					t.Fatalf("size %d, severity %d: pixel %d is %v, want %v", size, s+1, i, got, want)
				}
			}
		}
	}
}

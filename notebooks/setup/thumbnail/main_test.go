package main

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"
)

func TestScale(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		from, want image.Point
	}{
		{"a wide one", image.Pt(960, 300), image.Pt(480, 150)},
		{"a narrow one", image.Pt(100, 700), image.Pt(100, 700)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			figure := image.NewGray(image.Rectangle{Max: c.from})
			for i := range figure.Pix {
				figure.Pix[i] = 200
			}
			var from, to bytes.Buffer
			if err := png.Encode(&from, figure); err != nil {
				t.Fatal(err)
			}
			if err := scale(&from, &to); err != nil {
				t.Fatal(err)
			}
			got, err := png.Decode(&to)
			if err != nil {
				t.Fatal(err)
			}
			if got.Bounds().Size() != c.want || color.GrayModel.Convert(got.At(5, 5)) != (color.Gray{200}) {
				t.Errorf("size %v, colour %v", got.Bounds().Size(), got.At(5, 5))
			}
		})
	}
	if err := scale(strings.NewReader("no PNG"), &bytes.Buffer{}); err == nil {
		t.Error("what is no PNG gave no error")
	}
}

// Command thumbnail makes a small PNG of a larger one:
//
//	go run ./notebooks/setup/thumbnail < figure.png > small.png
//
// It is 480 pixels wide: twice as many as it is shown with, so that it is sharp on fine screens. One
// that is narrower stays as it is.
package main

import (
	"fmt"
	"image/png"
	"io"
	"os"

	"github.com/disintegration/imaging"
)

const width = 480

func main() {
	if err := scale(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "making a thumbnail:", err)
		os.Exit(1)
	}
}

func scale(from io.Reader, to io.Writer) error {
	figure, err := png.Decode(from)
	if err != nil {
		return err
	}
	if figure.Bounds().Dx() > width {
		figure = imaging.Resize(figure, width, 0, imaging.Box)
	}
	best := png.Encoder{CompressionLevel: png.BestCompression}
	return best.Encode(to, figure)
}

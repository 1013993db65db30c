package kit

import (
	"errors"
	"fmt"
	"image"

	"github.com/gomlx/gomlx/support/exceptions"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/device"
	"sslkit/plots"
)

// Views shows what the method is shown: the first images of the training split, a row each, and beside every image some
// random views of it, as they would come in training.
func (r Recipe) Views(images, views int) (*plots.Figure, error) {
	if r.Data == nil || r.Method == nil {
		return nil, errors.New("kit.Recipe: views need Data and Method")
	}
	var figure *plots.Figure
	caught := exceptions.TryCatch[error](func() {
		var err error
		if figure, err = r.views(images, views); err != nil {
			panic(err)
		}
	})
	if caught != nil {
		return nil, fmt.Errorf("views of %s: %w", r.Data.Name(), caught)
	}
	return figure, nil
}

func (r Recipe) views(images, views int) (*plots.Figure, error) {
	set, err := r.Data.Open(data.Train)
	if err != nil {
		return nil, err
	}
	defer set.Close()
	backend, err := device.Open()
	if err != nil {
		return nil, err
	}
	height, width := set.Size()
	indices := make([]int, min(images, set.Len()))
	for i := range indices {
		indices[i] = i
	}
	pix, err := data.Pixels(set, indices)
	if err != nil {
		return nil, err
	}
	rows, titles := make([][]image.Image, len(indices)), []string{"image"}
	for i := range rows {
		rows[i] = append(rows[i], picture(pix[i*height*width*3:], height, width))
	}
	pipelines := r.Method.Views(height, width)
	for _, view := range pipelines {
		if err := view.Check(height, width); err != nil {
			return nil, err
		}
	}
	for v := range views {
		rendered, err := pipelines[v%len(pipelines)].Render(backend, augment.State(r.Seed, v), pix, len(indices), height, width)
		if err != nil {
			return nil, err
		}
		for i, view := range rendered {
			rows[i] = append(rows[i], view)
		}
		titles = append(titles, fmt.Sprintf("view %d", v+1))
	}
	names := make([]string, len(rows))
	if classes := set.Classes(); classes != nil {
		for i := range names {
			if label := set.Label(i); label >= 0 {
				names[i] = classes[label]
			}
		}
	}
	return plots.ImageGrid(fmt.Sprintf("Views of %s, as %s sees them", r.Data.Name(), r.Method.Name()), rows, names, titles)
}

// picture is one image of interleaved RGB bytes.
func picture(pix []uint8, height, width int) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for i := range height * width {
		copy(img.Pix[4*i:], pix[3*i:3*i+3])
		img.Pix[4*i+3] = 255
	}
	return img
}

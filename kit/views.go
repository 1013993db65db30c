package kit

import (
	"cmp"
	"errors"
	"fmt"
	"image"
	"slices"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/device"
	"sslkit/kit/setting"
	"sslkit/kit/train"
	"sslkit/plots"
)

// Views shows what the method is shown: images evenly over the training split, a row each, and
// beside every image some random views of it, as they would come in training. For a method that
// reads several images, these are of the clip that the image begins, or of the object that it
// shows.
func (r Recipe) Views(images, views int) (*plots.Figure, error) {
	if r.Data == nil || r.Method == nil {
		return nil, errors.New("kit.Recipe: views need Data and Method")
	}
	if err := cmp.Or(setting.AtLeast(1, "kit.Recipe.Views: images", images), setting.AtLeast(1, "kit.Recipe.Views: views", views)); err != nil {
		return nil, err
	}
	var figure *plots.Figure
	err := train.Catch(func() (err error) {
		figure, err = r.views(images, views)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("views of a recipe: %w", err)
	}
	return figure, nil
}

func (r Recipe) views(images, views int) (*plots.Figure, error) {
	r, err := r.asValues()
	if err != nil {
		return nil, err
	}
	set, err := r.Data.Open(data.Train)
	if err != nil {
		return nil, err
	}
	defer set.Close()
	backend, err := device.Open()
	if err != nil {
		return nil, err
	}
	defer device.Trim() // Of what compiling the views has left.
	height, width := set.Size()
	if r, err = r.withDefaults(height, width); err != nil {
		return nil, err
	}
	indices := data.Spread(images, set.Len())
	item, sources, err := r.item(set)
	if err != nil {
		return nil, err
	}
	pix, err := item.Pixels(set, indices, r.Seed)
	if err != nil {
		return nil, err
	}
	shown := make([][]uint8, item.Images()) // The images of each number, of all items.
	for k := range indices {
		for n := range shown {
			at := (k*len(shown) + n) * height * width * 3
			shown[n] = append(shown[n], pix[at:at+height*width*3]...)
		}
	}
	rows, titles := make([][]image.Image, len(indices)), []string{"image"}
	for i := range rows {
		original, err := plots.Picture(shown[0][i*height*width*3:(i+1)*height*width*3], height, width)
		if err != nil {
			return nil, err
		}
		rows[i] = append(rows[i], original)
	}
	pipelines := r.Augment
	for _, view := range pipelines {
		if err := view.Check(height, width); err != nil {
			return nil, err
		}
	}
	rendered := make([][]image.Image, len(pipelines)) // All views of a pipeline in one call, since each call compiles it.
	for which, pipeline := range pipelines {
		of := slices.Repeat(shown[sources[which]], (views-which+len(pipelines)-1)/len(pipelines))
		if len(of) == 0 {
			continue
		}
		rendered[which], err = pipeline.Render(backend, augment.State(r.Seed, which), of, len(of)/(height*width*3), height, width)
		if err != nil {
			return nil, err
		}
	}
	for v := range views {
		which := v % len(pipelines)
		for i := range rows {
			rows[i] = append(rows[i], rendered[which][v/len(pipelines)*len(indices)+i])
		}
		title := fmt.Sprintf("view %d", v+1)
		if len(shown) > 1 {
			title += fmt.Sprintf(", of image %d", sources[which]+1)
		}
		titles = append(titles, title)
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

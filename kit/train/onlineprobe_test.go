package train

import (
	"testing"

	"sslkit/data"
)

// A world that holds its classes in turn shows all of them to a probe of some of its images.
func TestProbedImagesAreOfAllClasses(t *testing.T) {
	t.Parallel()
	for _, images := range []int{100, 200, 500, 1000} {
		p := Plan{Data: data.Shapes{Train: 1000}, OnlineProbe: OnlineProbe{Every: 1, Images: images}}
		got, err := p.probed(data.Train)
		if err != nil {
			t.Fatal(err)
		}
		classes := map[int]int{}
		for _, label := range got.labels {
			classes[label]++
		}
		if len(got.labels) != images || len(classes) != 10 {
			t.Errorf("%d of 1,000 images: %d, of the classes %v", images, len(got.labels), classes)
		}
	}
}

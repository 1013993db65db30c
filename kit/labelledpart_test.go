package kit

import (
	"testing"

	"sslkit/data"
	"sslkit/kit/semi"
)

// TestImagesOfEveryClassAreAmongTheLabelled: the budget has two of each of the ten classes, and so
// have the images that batches begin with.
func TestImagesOfEveryClassAreAmongTheLabelled(t *testing.T) {
	recipe := partlyLabelled(semi.FixMatch{Classes: 10})
	set, err := recipe.Data.Open(data.Train)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	order, err := recipe.order(set)
	if err != nil {
		t.Fatal(err)
	}
	truth, err := small().Data.Open(data.Train)
	if err != nil {
		t.Fatal(err)
	}
	defer truth.Close()
	images := map[int]int{}
	for _, i := range order.Labelled {
		images[truth.Label(i)]++
	}
	for class := range 10 {
		if images[class] != 2 {
			t.Errorf("class %d has %d labelled images, want 2", class, images[class])
		}
	}
	if len(order.Labelled) != 20 {
		t.Errorf("%d labelled images, want 20", len(order.Labelled))
	}
}

package data

import (
	"testing"

	"sslkit/data/datatest"
)

// TestImageFolderCIFAR opens 60,000 real JPEGs inside a .tar.gz.
func TestImageFolderCIFAR(t *testing.T) {
	if testing.Short() {
		t.Skip("decodes 60,000 images")
	}
	source := ImageFolder{Path: datatest.File(t, "cifar10-jpeg.tar.gz"), Cache: t.TempDir()}
	if source.Name() != "cifar10-jpeg" {
		t.Errorf("name %q", source.Name())
	}
	for split, want := range map[Split]int{Train: 50_000, Test: 10_000} {
		set, err := source.Open(split)
		if err != nil {
			t.Fatal(err)
		}
		if set.Len() != want || len(set.Classes()) != 10 || set.Classes()[0] != "airplane" || set.Classes()[9] != "truck" {
			t.Errorf("%s: %d images of classes %v, want %d of 10", split, set.Len(), set.Classes(), want)
		}
		count := make([]int, 10)
		for _, label := range Labels(set) {
			count[label]++
		}
		for class, n := range count {
			if n != want/10 {
				t.Errorf("%s: class %d has %d images, want %d", split, class, n, want/10)
			}
		}
		again, err := source.Open(split)
		if err != nil {
			t.Fatal(err)
		}
		if again.Fingerprint() != set.Fingerprint() || again.Name() != set.Name() {
			t.Errorf("%s: the cache gives another set", split)
		}
		if skipped := set.(*FolderSet).Skipped(); len(skipped) != 0 {
			t.Errorf("skipped %v", skipped)
		}
		// The mean of CIFAR-10 is .4914 .4822 .4465 in [0, 1].
		pix, err := Pixels(set, limit(Labels(set), 2000))
		if err != nil {
			t.Fatal(err)
		}
		var sum [3]float64
		for k, p := range pix {
			sum[k%3] += float64(p) / 255
		}
		for c, want := range [3]float64{.4914, .4822, .4465} {
			if mean := sum[c] / float64(len(pix)/3); mean < want-0.02 || mean > want+0.02 {
				t.Errorf("%s: mean of channel %d is %.4f, want about %.4f", split, c, mean, want)
			}
		}
	}
}

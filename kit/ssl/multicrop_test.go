package ssl

import (
	"strings"
	"testing"

	"sslkit/kit/augment"
)

func TestMultiCropsViews(t *testing.T) {
	views := MultiCrop(32, 6, 0)
	if len(views) != 8 {
		t.Fatalf("%d views, want 2 + 6", len(views))
	}
	for i, view := range views {
		if err := view.Check(32, 32); err != nil {
			t.Fatal(err)
		}
		size, scale := 32, [2]float64{.2, 1}
		if i >= 2 {
			size, scale = 18, [2]float64{.08, .5}
		}
		crop := view[0].(augment.RandomResizedCrop)
		if h, w := view.OutputSize(32, 32); h != size || w != size || crop.Scale != scale {
			t.Errorf("view %d is %d × %d of %v of the image, want %d of %v", i, h, w, crop.Scale, size, scale)
		}
	}
	if two := MultiCrop(32, 0, 0); len(two) != 2 || two[0][0] != augment.Transform(augment.RandomResizedCrop{Size: 32, Interpolation: augment.Bicubic}) {
		t.Errorf("without local crops the views are %v", two)
	}
}

func TestMultiCropCheck(t *testing.T) {
	for _, good := range [][2]int{{0, 0}, {6, 0}, {2, 32}} {
		if err := checkCrops("ssl.X", good[0], good[1], 32, "half"); err != nil {
			t.Error(err)
		}
	}
	for field, bad := range map[string][2]int{"Locals": {-1, 0}, "LocalSize": {2, 33}} {
		if err := checkCrops("ssl.X", bad[0], bad[1], 32, "half"); err == nil || !strings.Contains(err.Error(), field+" is") {
			t.Errorf("%v: error %v does not name %s", bad, err, field)
		}
	}
}

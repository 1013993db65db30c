package ssl

import (
	"slices"
	"strings"
	"testing"

	"sslkit/kit/augment"
)

// sized makes views of size × size pixels.
func sized(size int) augment.Pipeline { return augment.Pipeline{augment.RandomResizedCrop{Size: size}} }

func TestViewsOfAreTheMethodsOrTheGivenOnes(t *testing.T) {
	sum := resolved(Sum{{Method: SimCLR{}}, {Method: DINO{Locals: 1}}})
	a, b := sized(32), sized(16)
	for name, c := range map[string]struct {
		method Method
		given  []augment.Pipeline
		sizes  []int
	}{
		"the method's own":          {SimCLR{}, nil, []int{32, 32}},
		"one for both":              {SimCLR{}, []augment.Pipeline{b}, []int{16, 16}},
		"one for each":              {MoCoV2{}, []augment.Pipeline{a, b}, []int{32, 16}},
		"those of a sum":            {sum, nil, []int{32, 32, 32, 32, 16}},
		"one for all of a sum":      {sum, []augment.Pipeline{b}, []int{16, 16, 16, 16, 16}},
		"one for each of a sum":     {sum, []augment.Pipeline{a, a, b, b, a}, []int{32, 32, 16, 16, 32}},
		"one for a method with one": {Rotation{}, []augment.Pipeline{b}, []int{16}},
	} {
		t.Run(name, func(t *testing.T) {
			views, err := ViewsOf(c.method, c.given, 32, 32)
			if err != nil {
				t.Fatal(err)
			}
			batch, sizes := Batch{Images: 4, Height: 32, Width: 32, Views: views}, []int(nil)
			for v := range views {
				height, width := batch.ViewSize(v)
				if height != width {
					t.Errorf("view %d is of %d×%d pixels", v, height, width)
				}
				sizes = append(sizes, width)
			}
			if !slices.Equal(sizes, c.sizes) {
				t.Errorf("views of %v pixels, want %v", sizes, c.sizes)
			}
		})
	}
}

func TestViewsOfTellsHowManyThereMustBe(t *testing.T) {
	for _, given := range [][]augment.Pipeline{{{}, {}}, {{}, {}, {}, {}}} {
		_, err := ViewsOf(resolved(DINO{Locals: 1}), given, 32, 32)
		for _, part := range []string{"dino has 3 views", "must be 3, or 1", "0: 32×32 pixels by augment.RandomResizedCrop", "2: 16×16"} {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%d pipelines: error %v does not say %q", len(given), err, part)
			}
		}
	}
}

// Views that are encoded in one pass must have one size.
func TestViewsOfTwoSizesAreErrors(t *testing.T) {
	for _, m := range []Method{
		SimCLR{}, DCL{}, MoCoV3{}, NNCLR{Queue: 32}, SupCon{}, MICLe{}, MMCR{}, BYOL{}, SimSiam{}, BarlowTwins{}, VICReg{}, WMSE{Out: 8},
		SwAV{}, LeJEPA{}, DINO{}, IBOT{}, DINOv2{}, NextFrame{Context: 1}, Sum{{Method: BYOL{}}},
	} {
		err := checked(m, 16, 32, 32, sized(32), sized(16))
		if err == nil || !strings.Contains(err.Error(), "of 32×32 and 16×16 pixels; they must have one size") {
			t.Errorf("%s: %v", m.Name(), err)
		}
		if err := checked(m, 16, 32, 32, sized(16), sized(16)); err != nil {
			t.Errorf("%s: views of one size: %v", m.Name(), err)
		}
	}
	if err := checked(DINO{Locals: 2}, 16, 32, 32, sized(32), sized(32), sized(16), sized(24)); err == nil {
		t.Error("small crops of two sizes are accepted")
	}
	for _, m := range []Method{MoCoV2{}, DenseCL{}, ReSSL{}} {
		if err := checked(m, 16, 32, 32, sized(32), sized(16)); err != nil {
			t.Errorf("%s encodes its views one by one: %v", m.Name(), err)
		}
	}
}

// A term of a Sum is checked on its own views.
func TestSumChecksEachTermOnItsOwnViews(t *testing.T) {
	sum := Sum{{Method: SimCLR{}}, {Method: Rotation{}}}
	wide := augment.Pipeline{augment.Normalize{}}
	if err := checked(sum, 16, 32, 48, wide, wide, sized(32)); err != nil {
		t.Errorf("views of SimCLR that are not square: %v", err)
	}
	if err := checked(sum, 16, 32, 48, sized(32), sized(32), wide); err == nil || !strings.Contains(err.Error(), "term 1: ssl.Rotation") {
		t.Errorf("a view of Rotation that is not square: %v", err)
	}
	if err := checked(sum, 16, 32, 48, sized(32), sized(16), sized(16)); err == nil || !strings.Contains(err.Error(), "term 0: ssl.SimCLR") {
		t.Errorf("views of two sizes: %v", err)
	}
}

package data

import (
	"bytes"
	"math"
	"slices"
	"testing"
)

// What is said of the objects of a scene agrees: the box is around the mask, the mask is of the
// area, masks of two objects share no pixel, and together they are the mask of classes.
func TestScenesAgreeWithThemselves(t *testing.T) {
	t.Parallel()
	for _, world := range []Scenes{{Train: 60}, {Train: 30, Size: 96, Objects: [2]int{8, 20}, Radius: [2]float64{.04, .3}, Seed: 3}} {
		set, err := world.Open(Train)
		if err != nil {
			t.Fatal(err)
		}
		size, _ := set.Size()
		one, all, together := make([]uint8, size*size), make([]uint8, size*size), make([]uint8, size*size)
		hidden, found := 0, map[int]int{}
		for i := range set.Len() {
			objects := set.(Objects).ObjectsOf(i)
			if len(objects) < 1 || len(objects) > set.(Objects).MostObjects() {
				t.Errorf("image %d has %d objects", i, len(objects))
			}
			clear(together)
			for k, object := range objects {
				found[object.Class]++
				if ok, err := set.(ObjectMasks).ReadObjectMask(i, k, one); !ok || err != nil {
					t.Fatal(ok, err)
				}
				box, area := Rect{math.MaxFloat32, math.MaxFloat32, 0, 0}, 0
				for at, m := range one {
					if m == 0 {
						continue
					}
					x, y := float32(at%size), float32(at/size)
					box = Rect{min(box.X0, x), min(box.Y0, y), max(box.X1, x+1), max(box.Y1, y+1)}
					if area++; together[at] != 0 {
						t.Fatalf("image %d: object %d shares a pixel with another", i, k)
					}
					together[at] = uint8(1 + object.Class)
				}
				if want := (Object{Class: object.Class, Box: box, Area: float32(area)}); object != want {
					t.Errorf("image %d, object %d is %v, its mask says %v", i, k, object, want)
				}
			}
			if err := set.(Masks).ReadMask(i, all); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(all, together) {
				t.Errorf("image %d: the masks of its objects are not the mask of its classes", i)
			}
			hidden += hiddenObjects(world, i)
		}
		if len(found) != len(shapeNames) {
			t.Errorf("%d classes in %d images", len(found), set.Len())
		}
		if hidden == 0 {
			t.Error("no object hides a part of another")
		}
	}
}

// hiddenObjects counts objects of which a part is hidden.
func hiddenObjects(world Scenes, i int) int {
	n := 0
	world = world.WithDefaults()
	c, alone := newCanvas(world.Size), newCanvas(world.Size)
	sc := world.scene(Train, i)
	c.arrange(&sc)
	for k := range sc.objects {
		clear(alone.mask)
		alone.add(&sc.objects[k], uint8(k+1))
		whole, seen := alone.count(uint8(k+1)), c.count(uint8(k+1))
		if seen < whole {
			n++
		}
		if 2*seen < whole {
			n = math.MinInt // More than half is hidden.
		}
	}
	return n
}

// An image is the same whenever, and whatever else, is read; another with another seed, split or
// index. Its objects are where its pixels show them: with the objects gone it differs there alone.
func TestScenesAreAFunctionOfSeedSplitAndIndex(t *testing.T) {
	t.Parallel()
	read := func(world Scenes, split Split, i int) []uint8 {
		set, err := world.Open(split)
		if err != nil {
			t.Fatal(err)
		}
		pix := make([]uint8, 64*64*3)
		if err := set.Read(i, pix); err != nil {
			t.Fatal(err)
		}
		return pix
	}
	first := read(Scenes{Train: 10}, Train, 3)
	if !bytes.Equal(first, read(Scenes{Train: 20}, Train, 3)) {
		t.Error("the number of images changes an image")
	}
	for name, other := range map[string][]uint8{
		"seed": read(Scenes{Seed: 1}, Train, 3), "split": read(Scenes{}, Test, 3), "index": read(Scenes{}, Train, 4),
	} {
		if bytes.Equal(first, other) {
			t.Errorf("another %s gives the same image", name)
		}
	}
	fingerprints := map[string]bool{}
	for _, world := range []Scenes{{}, {Seed: 1}, {Size: 65}, {Objects: [2]int{1, 7}}, {Radius: [2]float64{.1, .25}}, {Train: 9}, {Backgrounds: 1}, {Backgrounds: 2}} {
		set, err := world.Open(Train)
		if err != nil {
			t.Fatal(err)
		}
		fingerprints[set.Fingerprint()] = true
	}
	if len(fingerprints) != 8 {
		t.Errorf("8 sets have %d fingerprints", len(fingerprints))
	}
}

// Images of all splits share the world's backgrounds, and have noise of their own and objects that
// stand out.
func TestScenesShareBackgrounds(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 3} {
		grounds, seeds := map[[2]rgb]bool{}, map[uint64]bool{}
		for i := range 40 {
			sc := Scenes{Backgrounds: n}.WithDefaults().scene([]Split{Train, Test}[i%2], i/2)
			grounds[sc.inks], seeds[sc.seed] = true, true
			for _, o := range sc.objects {
				for k, ink := range o.inks {
					for _, ground := range sc.inks {
						if math.Abs(ink.luma()-ground.luma()) < contrast-1e-9 {
							t.Errorf("%d backgrounds, image %d: ink %d of luma %g is on one of %g", n, i, k, ink.luma(), ground.luma())
						}
					}
				}
			}
		}
		want := n
		if n == 0 {
			want = 40
		}
		if len(grounds) != want || len(seeds) != 40 {
			t.Errorf("Backgrounds %d: %d backgrounds and %d noises of 40 images", n, len(grounds), len(seeds))
		}
	}
}

// An image of one object has its class for a label, and others have none.
func TestScenesOfOneObjectAreLabelled(t *testing.T) {
	t.Parallel()
	for most, labelled := range map[int]bool{1: true, 2: false} {
		set, err := Scenes{Objects: [2]int{1, most}}.Open(Train)
		if err != nil {
			t.Fatal(err)
		}
		if (len(set.Classes()) == len(shapeNames)) != labelled {
			t.Errorf("1 to %d objects: the classes are %v", most, set.Classes())
		}
		for i := range 20 {
			want := -1
			if labelled {
				want = set.(Objects).ObjectsOf(i)[0].Class
			}
			if got := set.Label(i); got != want {
				t.Errorf("1 to %d objects: the label of image %d is %d, want %d", most, i, got, want)
			}
		}
	}
}

// Sizes are spread over the range, so that there are small objects.
func TestScenesHaveSmallAndLargeObjects(t *testing.T) {
	t.Parallel()
	world := Scenes{}.WithDefaults()
	var radii []float64
	for i := range 300 {
		sc := world.scene(Train, i)
		for _, o := range sc.objects {
			radii = append(radii, o.radius/64)
			if o.x < o.radius || o.x > 64-o.radius || o.y < o.radius || o.y > 64-o.radius {
				t.Errorf("image %d: an object leaves the picture", i)
			}
		}
	}
	slices.Sort(radii)
	if low, middle, high := radii[0], radii[len(radii)/2], radii[len(radii)-1]; low < .06 || low > .065 ||
		math.Abs(middle-math.Sqrt(.06*.25)) > .01 || high > .25 || high < .24 {
		t.Errorf("radii from %g over %g to %g of the side", low, middle, high)
	}
}

func TestBadScenes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		world Scenes
		want  string
	}{
		{Scenes{Size: 31}, "data.Scenes: Size is 31; it must be in [32, 4096] (0 means 64)"},
		{Scenes{Train: -1}, "data.Scenes: Train is -1"},
		{Scenes{Objects: [2]int{0, 3}}, "data.Scenes: Objects[0] is 0; it must be in [1, 100]"},
		{Scenes{Objects: [2]int{3, 2}}, "data.Scenes: Objects is [3 2]; it must be from few to many"},
		{Scenes{Radius: [2]float64{.01, .2}}, "data.Scenes: Radius[0] is 0.01; it must be in [0.03125, 0.5]"},
		{Scenes{Radius: [2]float64{.2, .1}}, "data.Scenes: Radius is [0.2 0.1]; it must be from small to large"},
		{Scenes{Backgrounds: -1}, "data.Scenes: Backgrounds is -1; it must be at least 0"},
		{Scenes{Radius: [2]float64{.2, math.NaN()}}, "data.Scenes: Radius[1] is NaN"},
	} {
		_, err := test.world.Open(Train)
		wantError(t, err, test.want)
	}
	_, err := Scenes{}.Open(Split(3))
	wantError(t, err, "the split is 3")
}

package data

import (
	"bytes"
	"math"
	"testing"
)

// What is said of the objects of a street agrees: the box is around the mask, the mask is of the area,
// masks of two objects share no pixel, and together they are the mask of classes. All objects are
// whole within the picture, and of each at least half and 6 pixels are seen.
func TestStreetsAgreeWithThemselves(t *testing.T) {
	t.Parallel()
	for name, world := range map[string]Streets{
		"default": {Train: 80}, "night": {Train: 20, Night: true}, "smallest": {Train: 80, Size: 48},
		"crowded": {Train: 30, Size: 96, Objects: [2]int{10, 30}, Seed: 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, hidden := map[int]int{}, 0
			for i := range world.Train {
				objects := agree(t, world, i)
				whole, size := newCanvas(world.WithDefaults().Size), float64(world.WithDefaults().Size)
				st := world.WithDefaults().street(Train, i)
				st.arrange(newCanvas(st.size))
				if len(st.things) != len(objects) {
					t.Fatalf("image %d has %d objects, and %d were put into it", i, len(objects), len(st.things))
				}
				for k, thing := range st.things {
					found[thing.class]++
					left, right, top := extent(thing.pieces)
					if thing.x+left*thing.scale < .99 || thing.x+right*thing.scale > size-.99 || thing.y-top*thing.scale < .99 || thing.y > size-.99 {
						t.Errorf("image %d: object %d of class %d leaves the picture", i, k, thing.class)
					}
					clear(whole.mask)
					st.add(whole, &st.things[k], 1)
					seen, all := float64(objects[k].Area), float64(whole.count(1))
					if seen < leastPixels || seen < leastSeen*all {
						t.Errorf("image %d: %g of %g pixels of object %d are seen", i, seen, all, k)
					}
					if seen < all {
						hidden++
					}
				}
			}
			if len(found) != len(streetClasses) || hidden == 0 {
				t.Errorf("%d classes in %d images, and a part is hidden of %d objects", len(found), world.Train, hidden)
			}
		})
	}
}

// agree checks what is said of the objects of training image i, and returns them.
func agree(t *testing.T, world Streets, i int) []Object {
	set, err := world.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	size, _ := set.Size()
	one, all, together := make([]uint8, size*size), make([]uint8, size*size), make([]uint8, size*size)
	objects := set.(Objects).ObjectsOf(i)
	if len(objects) < 1 || len(objects) > set.(Objects).MostObjects() {
		t.Errorf("image %d has %d objects", i, len(objects))
	}
	for k, object := range objects {
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
	return objects
}

// readStreet is an image, and its objects.
func readStreet(t *testing.T, world Streets, split Split, i int) ([]uint8, []Object) {
	t.Helper()
	set, err := world.Open(split)
	if err != nil {
		t.Fatal(err)
	}
	pix := make([]uint8, 64*64*3)
	if err := set.Read(i, pix); err != nil {
		t.Fatal(err)
	}
	return pix, set.(Objects).ObjectsOf(i)
}

// An image is the same whenever, and whatever else, is read; another with another seed, split or index.
func TestStreetsAreAFunctionOfSeedSplitAndIndex(t *testing.T) {
	t.Parallel()
	first, _ := readStreet(t, Streets{Train: 10}, Train, 3)
	if again, _ := readStreet(t, Streets{Train: 20}, Train, 3); !bytes.Equal(first, again) {
		t.Error("the number of images changes an image")
	}
	for name, of := range map[string]struct {
		world Streets
		split Split
		i     int
	}{"seed": {Streets{Seed: 1}, Train, 3}, "split": {Streets{}, Test, 3}, "index": {Streets{}, Train, 4}} {
		if other, _ := readStreet(t, of.world, of.split, of.i); bytes.Equal(first, other) {
			t.Errorf("another %s gives the same image", name)
		}
	}
	fingerprints := map[string]bool{}
	for _, world := range []Streets{{}, {Seed: 1}, {Size: 65}, {Objects: [2]int{1, 7}}, {Night: true}, {Train: 9}} {
		set, err := world.Open(Train)
		if err != nil {
			t.Fatal(err)
		}
		fingerprints[set.Fingerprint()] = true
	}
	if len(fingerprints) != 6 {
		t.Errorf("6 sets have %d fingerprints", len(fingerprints))
	}
}

// At night the same objects are in the same places, and the picture is dark but for lamps.
func TestStreetsAtNight(t *testing.T) {
	t.Parallel()
	for i := range 20 {
		day, byDay := readStreet(t, Streets{}, Test, i)
		night, atNight := readStreet(t, Streets{Night: true}, Test, i)
		if len(byDay) != len(atNight) {
			t.Fatalf("image %d: %d objects by day, %d at night", i, len(byDay), len(atNight))
		}
		for k := range byDay {
			if byDay[k] != atNight[k] {
				t.Errorf("image %d: object %d is %v by day, %v at night", i, k, byDay[k], atNight[k])
			}
		}
		var sums [2]int
		for k := range day {
			sums[0], sums[1] = sums[0]+int(day[k]), sums[1]+int(night[k])
		}
		if share := float64(sums[1]) / float64(sums[0]); share < .15 || share > .5 {
			t.Errorf("image %d has %.2f of its light at night", i, share)
		}
	}
}

// What is twice as far away is half as large, and half as far below the horizon.
func TestStreetsInPerspective(t *testing.T) {
	t.Parallel()
	st := Streets{}.WithDefaults().street(Train, 0)
	near, far := st.place(&rng{1}, nil, 5, 2, 2.0001), st.place(&rng{1}, nil, 10, 2, 2.0001)
	for what, values := range map[string][2]float64{
		"scale":         {near.scale, far.scale},
		"below horizon": {near.y - st.horizon, far.y - st.horizon},
		"aside":         {near.x - st.middle(5), far.x - st.middle(10)},
	} {
		if math.Abs(values[0]-2*values[1]) > 1e-9 || values[0] == 0 {
			t.Errorf("%s: %g at 5 m, %g at 10 m", what, values[0], values[1])
		}
	}
}

func TestBadStreets(t *testing.T) {
	t.Parallel()
	for want, world := range map[string]Streets{
		"data.Streets: Size is 47; it must be in [48, 4096] (0 means 64)": {Size: 47},
		"data.Streets: Train is -1":                                       {Train: -1},
		"data.Streets: Objects[0] is 0; it must be in [1, 50]":            {Objects: [2]int{0, 3}},
		"data.Streets: Objects is [3 2]; it must be from few to many":     {Objects: [2]int{3, 2}},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			_, err := world.Open(Train)
			wantError(t, err, want)
		})
	}
	_, err := Streets{}.Open(Split(3))
	wantError(t, err, "the split is 3")
}

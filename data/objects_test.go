package data

import (
	"slices"
	"testing"
)

// Boxes, classes and masks come out of a loader as the set gives them.
func TestLoaderReadsObjectsAndMasks(t *testing.T) {
	t.Parallel()
	set, err := Shapes{Train: 40, Seed: 2}.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	part := partOf(relabel(set, "relabelled", make([]int, 40)), "part", []int{7, 3, 30, 11, 12, 5, 9, 0})
	for name, from := range map[string]Set{"the set": set, "a part of one with other labels": part} {
		t.Run(name, func(t *testing.T) {
			order := Order{Len: from.Len(), Batch: 4, Seed: 1}
			loader := NewItemLoader(from, Item{Objects: 3, Mask: true}, order, 0, 2)
			defer loader.Close()
			for range 2 {
				batch, err := loader.Next()
				if err != nil {
					t.Fatal(err)
				}
				for k, i := range batch.Indices {
					objects := from.(Objects).ObjectsOf(i)
					b := objects[0].Box
					want := append([]float32{b.X0, b.Y0, b.X1, b.Y1}, make([]float32, 8)...)
					if got := batch.Boxes[12*k : 12*k+12]; !slices.Equal(got, want) {
						t.Errorf("image %d: boxes %v, want %v", i, got, want)
					}
					if got, want := batch.BoxClasses[3*k:3*k+3], []int32{int32(objects[0].Class), NoObject, NoObject}; !slices.Equal(got, want) {
						t.Errorf("image %d: classes %v, want %v", i, got, want)
					}
					mask := make([]uint8, 32*32)
					if err := from.(Masks).ReadMask(i, mask); err != nil {
						t.Fatal(err)
					}
					if !slices.Equal(batch.Masks[k*len(mask):(k+1)*len(mask)], mask) {
						t.Errorf("image %d: another mask than the set's", i)
					}
				}
			}
		})
	}
}

func TestItemsOfSetsWithoutObjects(t *testing.T) {
	t.Parallel()
	shapes, err := Shapes{Train: 10}.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	plain := &bareSet{shapes}
	for _, test := range []struct {
		name string
		set  Set
		item Item
		want string
	}{
		{"no objects", plain, Item{Objects: 1}, "has no objects"},
		{"no masks", plain, Item{Mask: true}, "has no masks"},
		{"no objects in a part", partOf(plain, "part", []int{1}), Item{Objects: 1}, "data: part has no objects"},
		{"no masks in a part", partOf(plain, "part", []int{1}), Item{Mask: true}, "data: part has no masks"},
		{"too many places", shapes, Item{Objects: 1001}, "data.Item: Objects is 1001; it must be in [0, 1000] (0 means none are read)"},
		{"too few places", &twoObjects{shapes.(Objects)}, Item{Objects: 1}, "data.Item: Objects is 1; it must be at least 2, the most that an image of shapes/train has"},
	} {
		t.Run(test.name, func(t *testing.T) {
			wantError(t, test.item.Check(test.set), test.want)
			loader := NewItemLoader(test.set, test.item, Order{Len: test.set.Len(), Batch: 1}, 0, 1)
			defer loader.Close()
			_, err := loader.Next()
			wantError(t, err, test.want)
		})
	}
}

// bareSet hides what a set has beside images.
type bareSet struct{ Set }

// twoObjects says that its images may have two objects.
type twoObjects struct{ Objects }

func (*twoObjects) MostObjects() int { return 2 }

// A box lies around the pixels of its mask, which is where the sample's is, and the classes of pixels
// are that of the object within and the background's without.
func TestShapesObjectsAgreeWithTheirSample(t *testing.T) {
	t.Parallel()
	world := Shapes{Test: 30, Seed: 5}
	set, err := world.Open(Test)
	if err != nil {
		t.Fatal(err)
	}
	object, classes := make([]uint8, 32*32), make([]uint8, 32*32)
	for i := range set.Len() {
		sample := world.Sample(Test, i)
		area := 0
		for _, m := range sample.Mask {
			area += int(m)
		}
		b := sample.Box
		want := Object{
			Class: sample.Class, Area: float32(area),
			Box: Rect{float32(b.X0), float32(b.Y0), float32(b.X1), float32(b.Y1)},
		}
		if got := set.(Objects).ObjectsOf(i); len(got) != 1 || got[0] != want {
			t.Errorf("image %d: objects %v, want %v", i, got, want)
		}
		if ok, err := set.(ObjectMasks).ReadObjectMask(i, 0, object); !ok || err != nil || !slices.Equal(object, sample.Mask) {
			t.Errorf("image %d: another mask than the sample's, error %v", i, err)
		}
		if err := set.(Masks).ReadMask(i, classes); err != nil {
			t.Fatal(err)
		}
		for at, m := range sample.Mask {
			if want := m * uint8(sample.Class+1); classes[at] != want {
				t.Fatalf("image %d, pixel %d: class %d, want %d", i, at, classes[at], want)
			}
		}
	}
	_, err = set.(ObjectMasks).ReadObjectMask(0, 1, object)
	wantError(t, err, "object 1 of image 0 is outside [0, 1)")
	wantError(t, set.(Masks).ReadMask(30, object), "image 30 is outside [0, 30)")
	wantError(t, set.(Masks).ReadMask(0, object[1:]), "a buffer of 1023 bytes for a mask of 32×32 = 1024")
}

package data

import (
	"cmp"
	"fmt"

	"sslkit/kit/setting"
)

// Item says what is read for every image of a set: the image alone (the zero
// value), the clip that begins with it, or other images of its object too; and
// with any of these, what is written about it, its objects or its mask.
//
//	data.Item{Frames: 3}      // [3, height, width, 3] for every image, of Clips
//	data.Item{Instances: 2}   // [2, height, width, 3] for every image, of Instances
//	data.Item{Captions: true} // [height, width, 3] and a caption for every image, of Captioned
//	data.Item{Objects: 20}    // [height, width, 3] and up to 20 boxes for every image, of Objects
//	data.Item{Mask: true}     // [height, width, 3] and [height, width] classes for every image, of Masks
//
// Boxes and masks are those of the image itself, which is the first of its clip or of its instances.
type Item struct {
	Frames    int  // of a clip, above 0; 0: no clip. Exclusive with Instances
	Instances int  // images of one object, above 0; 0: the image alone
	Captions  bool // a caption of the image, one of several drawn anew each time; see Batch.Captions
	Objects   int  // places for the boxes of an image, at least Objects.MostObjects of the set and at most 1000; 0: none are read. See Batch.Boxes
	Mask      bool // the classes of the image's pixels; see Batch.Masks
}

// Images is the number of images that are read for every image of the set.
func (it Item) Images() int { return max(it.Frames, it.Instances, 1) }

// bytes is the memory of an item of images of so many pixels, captions left out.
func (it Item) bytes(pixels int) int {
	n := it.Images()*pixels*3 + max(it.Objects, 0)*5*4
	if it.Mask {
		n += pixels
	}
	return n
}

// Check returns an error where the set cannot give such items. It reads the
// first one, so that a set whose clips are too short says so itself. Of a set
// that is not [Instances], every image is an object of its own.
func (it Item) Check(set Set) error {
	if it.Captions && set.Len() > 0 {
		if _, err := captionsOf(set, 0); err != nil {
			return err
		}
	}
	if err := cmp.Or(
		setting.AtLeast(0, "data.Item: Frames", it.Frames, "no clip"),
		setting.AtLeast(0, "data.Item: Instances", it.Instances, "the image alone"),
		it.checkDense(set),
	); err != nil {
		return err
	}
	switch {
	case it.Frames > 0 && it.Instances > 0:
		return fmt.Errorf("data.Item: Frames is %d and Instances is %d; set one of them", it.Frames, it.Instances)
	case it.Frames == 0 || set.Len() == 0:
		return nil
	}
	height, width := set.Size()
	return it.read(set, 0, 0, make([]uint8, it.Frames*height*width*3))
}

// mostObjects bounds Item.Objects: what is drawn for every image takes that many places.
const mostObjects = 1000

// checkDense checks what is asked of objects and masks.
func (it Item) checkDense(set Set) error {
	if it.Mask {
		if _, err := MasksIn(set); err != nil {
			return err
		}
	}
	if err := setting.Within(0, mostObjects, "data.Item: Objects", float64(it.Objects), "none are read"); err != nil || it.Objects == 0 {
		return err
	}
	objects, err := ObjectsIn(set)
	if err != nil {
		return err
	}
	most := objects.MostObjects()
	return setting.Must(it.Objects >= most, "data.Item: Objects", it.Objects,
		fmt.Sprintf("at least %d, the most that an image of %s has", most, set.Name()), "none are read")
}

// read fills pix, of Images()·height·width·3 bytes, with the item of image i.
func (it Item) read(set Set, i int, draw uint64, pix []uint8) error {
	switch {
	case it.Frames > 0:
		clips, ok := set.(Clips)
		if !ok {
			return fmt.Errorf("%s has no video clips, only single images", set.Name())
		}
		return clips.ReadClip(i, it.Frames, pix)
	case it.Instances > 1:
		if instances, ok := set.(Instances); ok {
			return instances.ReadInstances(i, it.Instances, draw, pix)
		}
		return repeated(set, i, it.Instances, pix)
	}
	return set.Read(i, pix)
}

// caption is one of the captions of image i, a pure function of draw.
func (it Item) caption(set Set, i int, draw uint64) (string, error) {
	captions, err := captionsOf(set, i)
	if err != nil {
		return "", err
	}
	r := newRNG(draw, forCaption, 0, 0)
	return captions[r.intn(len(captions))], nil
}

// itemDraw is what the choice of instances, or of a caption, for one place in the
// batch of a step depends on.
func itemDraw(seed uint64, step, place int) uint64 {
	r := newRNG(seed, forInstances, uint64(step), uint64(place))
	return r.uint64()
}

// Pixels reads the items of the given images of a set, in the given order, on
// all cores: [len(indices), Images(), height, width, 3]. The choice of instances
// is that of step 0 of an [Order] with that seed.
func (it Item) Pixels(set Set, indices []int, seed uint64) ([]uint8, error) {
	height, width := set.Size()
	size := it.Images() * height * width * 3
	pix := make([]uint8, len(indices)*size)
	err := parallel(len(indices), func(k int) error {
		if err := it.read(set, indices[k], itemDraw(seed, 0, k), pix[k*size:(k+1)*size]); err != nil {
			return fmt.Errorf("data: reading %s, image %d: %w", set.Name(), indices[k], err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return pix, nil
}

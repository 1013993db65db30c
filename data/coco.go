package data

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"sync"

	"sslkit/kit/setting"
)

// COCO is a folder or an archive of images with files of annotations in the layout of COCO: boxes,
// and masks where there are any.
//
//	data.COCO{From: data.ImageFolder{Path: "coco", Size: 320}}
//	data.COCO{From: data.ImageFolder{Path: "coco", Size: 320}, Categories: []string{"person", "car", "bus"}}
//
// Its sets are [ObjectMasks] and [Masks]: masks are drawn as pycocotools draws them, and moved to the
// set's images by the nearest pixel. In [Masks.ReadMask] the background comes first, then the classes
// of objects; where two objects overlap the pixel is ignored. A set in none of whose images an object
// has a mask has no [Masks.MaskClasses]. Where some objects have none, their boxes are ignored there.
// Images have no label.
//
// T.-Y. Lin et al., "Microsoft COCO: common objects in context", 2014 (arXiv:1405.0312).
type COCO struct {
	// From is the images. Of its settings Object and ValidationFraction must be left out, and
	// TestFraction means nothing: the files say which images are of a split. OnBad also says what to do about annotations that mean nothing:
	// Skip counts them in [LeftOut.Objects], Fail makes the first an error. They are: a box
	// without area or outside of the image, an id that came before, a category or an image that the
	// file does not hold, and a mask that is bad, whose object is kept without it. A box that reaches
	// out of the image is cut off there.
	From ImageFolder

	// The files of each split. Default: train2017 and val2017 with
	// annotations/instances_train2017.json and annotations/instances_val2017.json for training and
	// validation, and none for test, so that opening it is an error that wraps [ErrNoSplit].
	TrainFiles, ValidationFiles, TestFiles COCOFiles

	// Categories are the names of those that are read, each once: the place in this list is the
	// object's class. Objects of others are left out, as asked. Default: all of the file, in the
	// order of their ids.
	Categories []string
	// OnlyWithObjects leaves out images without an object of the categories (a crowd is none).
	OnlyWithObjects bool
	// Fit is how an image becomes a square: Letterbox (default) or Stretch.
	Fit Fit
}

// COCOFiles are the files of a split, by their paths inside the folder or archive; a folder around the
// whole tree may be left out.
type COCOFiles struct {
	Images      string // the folder that the file names of the annotations are in
	Annotations string // the .json file
}

// Name is the folder's.
func (c COCO) Name() string { return c.From.Name() }

// WithDefaults fills in the settings that were left at zero.
func (c COCO) WithDefaults() COCO {
	c.From = c.From.WithDefaults()
	if none := (COCOFiles{}); c.TrainFiles == none && c.ValidationFiles == none && c.TestFiles == none {
		c.TrainFiles = COCOFiles{Images: "train2017", Annotations: "annotations/instances_train2017.json"}
		c.ValidationFiles = COCOFiles{Images: "val2017", Annotations: "annotations/instances_val2017.json"}
	}
	return c
}

// Check returns an error that names the field of a bad setting. It does not look at the path.
func (c COCO) Check() error {
	if err := cmp.Or(c.From.checkListed("data.COCO: From"), c.Fit.check("data.COCO: Fit")); err != nil {
		return err
	}
	for i, name := range c.Categories {
		if name == "" || slices.Contains(c.Categories[:i], name) {
			return fmt.Errorf("data.COCO: Categories[%d] is %q; it must be a name that comes once", i, name)
		}
	}
	return setting.Must(len(c.Categories) < IgnoredPixel, "data.COCO: Categories", len(c.Categories), "at most 254 names")
}

// Open reads the annotations of a split and decodes its images, or finds these in the cache.
func (c COCO) Open(split Split) (Set, error) {
	if err := cmp.Or(c.Check(), split.check()); err != nil {
		return nil, err
	}
	c = c.WithDefaults()
	set, err := c.open(split)
	if err != nil {
		return nil, fmt.Errorf("data: opening %s of %s: %w", split, c.From.Path, err)
	}
	return set, nil
}

func (c COCO) open(split Split) (Set, error) {
	files := [...]COCOFiles{c.TrainFiles, c.ValidationFiles, c.TestFiles}[split]
	if files.Annotations == "" {
		return nil, fmt.Errorf("there are no annotations of it: %w", ErrNoSplit)
	}
	tree, err := openArchive(c.From.Path)
	if err != nil {
		return nil, err
	}
	content, root, err := readFile(tree, files.Annotations)
	tree.close()
	if err != nil {
		return nil, err
	}
	found, err := c.parse(content, files.Annotations)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", files.Annotations, err)
	}
	list := &listing{fit: &c.Fit, folder: inFolder(root, files.Images, ""), unnamed: "not in " + files.Annotations}
	byPath := map[string]*cocoImage{}
	for _, image := range found.images {
		if c.OnlyWithObjects && !image.hasObjects() {
			list.asked = append(list.asked, inFolder(root, files.Images, image.name))
			continue
		}
		p := inFolder(root, files.Images, image.name)
		byPath[p] = image
		list.images = append(list.images, listedImage{path: p, size: image.size})
	}
	folder, err := c.From.openListed(split, list)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "objects/1 %s %d %q %x", folder.Fingerprint(), c.Fit, found.classes, found.sum))
	set := &cocoSet{
		FolderSet: folder, fit: c.Fit, classes: found.classes, left: found.left, fingerprint: hex.EncodeToString(sum[:]),
	}
	for i := range folder.Len() {
		set.add(byPath[folder.Path(i)])
	}
	return set, nil
}

var (
	_ ObjectMasks = (*cocoSet)(nil)
	_ Masks       = (*cocoSet)(nil)
)

// cocoSet is an opened split of COCO.
type cocoSet struct {
	*FolderSet
	fit         Fit
	classes     []string
	left        Listed // annotations
	images      []*cocoImage
	objects     [][]Object
	most        int
	masked      bool // an object has a mask
	fingerprint string
	columns     sync.Pool // of *[]uint8: masks at the size of the image
}

// add describes the next image.
func (s *cocoSet) add(img *cocoImage) {
	side, size := s.index.Size, img.size
	frame := s.fit.frame(size.X, size.Y, side)
	scale := float64(frame.Dx()) / float64(size.X) * float64(frame.Dy()) / float64(size.Y)
	var objects []Object
	for _, o := range img.objects {
		objects = append(objects, Object{
			Class: o.class, Crowd: o.crowd, Area: float32(o.area * scale),
			Box: s.fit.box(o.box, size.X, size.Y, side).Clip(side, side),
		})
		s.masked = s.masked || !o.mask.empty()
	}
	s.images, s.objects, s.most = append(s.images, img), append(s.objects, objects), max(s.most, len(objects))
}

func (s *cocoSet) Fingerprint() string      { return s.fingerprint }
func (s *cocoSet) ObjectClasses() []string  { return s.classes }
func (s *cocoSet) ObjectsOf(i int) []Object { return s.objects[i] }
func (s *cocoSet) MostObjects() int         { return s.most }

// LeftOut is what the folder leaves out, and the annotations that are left out.
func (s *cocoSet) LeftOut() LeftOut {
	left := s.FolderSet.LeftOut()
	left.Objects = s.left
	return left
}

func (s *cocoSet) MaskClasses() []string {
	if !s.masked || len(s.classes) >= IgnoredPixel {
		return nil
	}
	return append([]string{"background"}, s.classes...)
}

// draw lends do the mask of an object at the size of its image: column after column.
func (s *cocoSet) draw(i, k int, do func(pixel func(x, y int) uint8)) {
	size := s.images[i].size
	columns, _ := s.columns.Get().(*[]uint8)
	if columns == nil {
		columns = new([]uint8)
	}
	defer s.columns.Put(columns)
	*columns = slices.Grow((*columns)[:0], size.X*size.Y)[:size.X*size.Y]
	s.images[i].objects[k].mask.draw(*columns, size.Y, size.X)
	do(func(x, y int) uint8 { return (*columns)[x*size.Y+y] })
}

func (s *cocoSet) ReadObjectMask(i, k int, mask []uint8) (bool, error) {
	if err := checkMask(s, i, mask); err != nil {
		return false, err
	}
	if err := checkObject(s, i, k, len(s.objects[i]), mask); err != nil {
		return false, err
	}
	if s.images[i].objects[k].mask.empty() {
		return false, nil
	}
	s.draw(i, k, func(pixel func(x, y int) uint8) {
		size := s.images[i].size
		s.fit.mask(mask, size.X, size.Y, s.index.Size, 0, pixel)
	})
	return true, nil
}

func (s *cocoSet) ReadMask(i int, mask []uint8) error {
	if err := checkMask(s, i, mask); err != nil {
		return err
	}
	size, side := s.images[i].size, s.index.Size
	s.fit.mask(mask, size.X, size.Y, side, IgnoredPixel, func(int, int) uint8 { return 0 })
	one := make([]uint8, len(mask))
	for k, object := range s.objects[i] {
		if ok, err := s.ReadObjectMask(i, k, one); err != nil {
			return err
		} else if !ok {
			continue
		}
		for at, m := range one {
			if m == 0 {
				continue
			}
			class := uint8(1 + object.Class)
			if mask[at] != 0 && mask[at] != class {
				class = IgnoredPixel
			}
			mask[at] = class
		}
	}
	for k, object := range s.objects[i] {
		if !s.images[i].objects[k].mask.empty() {
			continue
		}
		for at := range mask { // Somewhere in the box.
			x, y := float32(at%side)+.5, float32(at/side)+.5
			if b := object.Box; mask[at] == 0 && x > b.X0 && x < b.X1 && y > b.Y0 && y < b.Y1 {
				mask[at] = IgnoredPixel
			}
		}
	}
	return nil
}

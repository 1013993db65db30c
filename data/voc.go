package data

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	"maps"
	"math"
	"path"
	"slices"
	"strings"

	"sslkit/kit/setting"
)

// VOC is a folder or an archive in the layout of PASCAL VOC, such as VOCdevkit/VOC2012: JPEGImages,
// Annotations, ImageSets and SegmentationClass.
//
//	data.VOC{From: data.ImageFolder{Path: "VOCdevkit/VOC2007", Size: 320}, TrainList: "trainval"}
//	data.VOC{From: data.ImageFolder{Path: "VOCdevkit/VOC2012", Size: 320}, Segmentation: true}
//
// Its sets are [Objects], and with Segmentation also [Masks], in which the background comes first and
// the borders of objects are 255, [IgnoredPixel]. Images have no label.
//
// M. Everingham et al., "The PASCAL Visual Object Classes (VOC) challenge", IJCV 88, 2010.
type VOC struct {
	// From is the images. Its Path holds one of the years, or is an archive of one. Of its settings
	// Object and ValidationFraction must be left out, and TestFraction means nothing: the lists say
	// which images are of a split. OnBad also says what to do about what means nothing: an object of
	// another class, or whose box has no area or lies outside of its image, and an image whose
	// annotations or mask cannot be read. Skip leaves it out.
	From ImageFolder

	// The lists of the images of each split: TrainList is "train" by default, ValidationList "val",
	// TestList "test".
	TrainList, ValidationList, TestList string

	// Segmentation takes the lists of ImageSets/Segmentation, whose images have masks, instead of
	// those of ImageSets/Main.
	Segmentation bool
	// Classes are the names of objects by class, 1 to 254, each once. Default: the 20 of VOC, by
	// their alphabet.
	Classes []string
	// Fit is how an image becomes a square: Letterbox (default) or Stretch.
	Fit Fit
}

// vocClasses are in the order in which SegmentationClass numbers them, from 1.
var vocClasses = []string{
	"aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow",
	"diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
}

// VOCClasses returns the 20 classes of PASCAL VOC.
func VOCClasses() []string { return slices.Clone(vocClasses) }

// Name is the folder's.
func (v VOC) Name() string { return v.From.Name() }

// WithDefaults fills in the settings that were left at zero.
func (v VOC) WithDefaults() VOC {
	v.From = v.From.WithDefaults()
	v.TrainList, v.ValidationList, v.TestList = cmp.Or(v.TrainList, "train"), cmp.Or(v.ValidationList, "val"), cmp.Or(v.TestList, "test")
	if v.Classes == nil {
		v.Classes = VOCClasses()
	}
	return v
}

// Check returns an error that names the field of a bad setting. It does not look at the path.
func (v VOC) Check() error {
	v = v.WithDefaults()
	for i, name := range v.Classes {
		if name == "" || slices.Contains(v.Classes[:i], name) {
			return fmt.Errorf("data.VOC: Classes[%d] is %q; it must be a name that comes once", i, name)
		}
	}
	return cmp.Or(
		v.From.checkListed("data.VOC: From"), v.Fit.check("data.VOC: Fit"),
		setting.Within(1, IgnoredPixel-1, "data.VOC: Classes", float64(len(v.Classes))))
}

// Open reads the annotations of a split and decodes its images, or finds these in the cache. It is an
// error that wraps [ErrNoSplit] where the split's list is not there.
func (v VOC) Open(split Split) (Set, error) {
	if err := cmp.Or(v.Check(), split.check()); err != nil {
		return nil, err
	}
	v = v.WithDefaults()
	set, err := v.open(split)
	if err != nil {
		return nil, fmt.Errorf("data: opening %s of %s: %w", split, v.From.Path, err)
	}
	return set, nil
}

func (v VOC) open(split Split) (Set, error) {
	tree, err := openArchive(v.From.Path)
	if err != nil {
		return nil, err
	}
	defer tree.close()
	task := "Main"
	if v.Segmentation {
		task = "Segmentation"
	}
	name := fmt.Sprintf("ImageSets/%s/%s.txt", task, [...]string{v.TrainList, v.ValidationList, v.TestList}[split])
	content, root, err := readFile(tree, name)
	if errors.Is(err, errNoFile) {
		return nil, fmt.Errorf("%w: %w", err, ErrNoSplit)
	}
	if err != nil {
		return nil, err
	}
	ids := map[string]bool{}
	for line := range strings.Lines(string(content)) {
		if fields := strings.Fields(line); len(fields) > 0 { // The lists of a class hold 1 or -1 behind the image.
			ids[path.Clean("/" + fields[0])[1:]] = true
		}
	}
	masks := &maskFiles{fit: v.Fit, side: v.From.Size, classes: append([]string{"background"}, v.Classes...), maxPixels: v.From.MaxPixels}
	if v.Segmentation {
		if _, err := masks.read(tree, path.Join(root, "SegmentationClass"), func(name string) bool { return ids[name] }); err != nil {
			return nil, err
		}
	}
	found := &vocFiles{VOC: v, ids: ids, masks: masks, list: &listing{fit: &v.Fit, folder: inFolder(root, "JPEGImages", ""), unnamed: "not in " + name}}
	if err := found.read(tree, root); err != nil {
		return nil, err
	}
	folder, err := v.From.openListed(split, found.list)
	if err != nil {
		return nil, err
	}
	set := &vocSet{FolderSet: folder, classes: v.Classes, left: found.left}
	if v.Segmentation {
		set.maskClasses = masks.classes
	}
	h := sha256.New()
	fmt.Fprintf(h, "objects/1 %s %d %q %t", folder.Fingerprint(), v.Fit, v.Classes, v.Segmentation)
	for i := range folder.Len() {
		id := stemOf(path.Base(folder.Path(i)))
		objects := found.objects[id]
		set.objects, set.most = append(set.objects, objects), max(set.most, len(objects))
		fmt.Fprintf(h, "\n%v", objects)
		if mask := masks.byName[id]; mask != nil {
			set.packed = append(set.packed, mask.packed)
			h.Write(mask.sum[:])
		}
	}
	set.fingerprint = hex.EncodeToString(h.Sum(nil))
	return set, nil
}

// vocFiles is what the files of a split say.
type vocFiles struct {
	VOC
	ids     map[string]bool
	masks   *maskFiles
	list    *listing
	left    Listed
	objects map[string][]Object // by the image's id
}

// vocXML is the layout of a file of annotations.
type vocXML struct {
	File    string `xml:"filename"`
	Width   int    `xml:"size>width"`
	Height  int    `xml:"size>height"`
	Objects []struct {
		Name      string  `xml:"name"`
		Difficult string  `xml:"difficult"` // 0 or 1; some tools write words
		Truncated string  `xml:"truncated"`
		X0        float64 `xml:"bndbox>xmin"`
		Y0        float64 `xml:"bndbox>ymin"`
		X1        float64 `xml:"bndbox>xmax"`
		Y1        float64 `xml:"bndbox>ymax"`
	} `xml:"object"`
}

// read reads the annotations of all images, which it lists.
func (f *vocFiles) read(tree archive, root string) error {
	f.objects = map[string][]Object{}
	folder := inFolder(root, "Annotations", "")
	idOf := func(p string) (string, bool) {
		id, inside := strings.CutPrefix(p, folder+"/")
		id, isXML := strings.CutSuffix(id, ".xml")
		return id, inside && isXML && f.ids[id]
	}
	wanted := func(p string) bool { _, ok := idOf(p); return ok }
	there := map[string]bool{}
	err := readFiles(tree, wanted, func(p string, content []byte) error {
		id, _ := idOf(p)
		there[id] = true
		return f.add(id, p, content)
	})
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(f.ids)) {
		if !there[id] {
			if err := f.bad(f.imageOf(id, ""), fmt.Errorf("it has no annotations: there is no file %s/%s.xml", folder, id)); err != nil {
				return err
			}
		}
	}
	return nil
}

// imageOf is the path of an image: a JPEG, unless its annotations name another file.
func (f *vocFiles) imageOf(id, file string) string {
	return f.list.folder + "/" + id + cmp.Or(path.Ext(strings.TrimSpace(file)), ".jpg")
}

// bad leaves an image out, or is the error that says why.
func (f *vocFiles) bad(image string, why error) error {
	if f.From.OnBad == Fail {
		return fmt.Errorf("%s: %w", image, why)
	}
	f.list.bad = append(f.list.bad, Skipped{image, why.Error()})
	return nil
}

// add lists an image with its objects.
func (f *vocFiles) add(id, p string, content []byte) error {
	var file vocXML
	err := xml.Unmarshal(content, &file)
	at := f.imageOf(id, file.File)
	if err != nil {
		return f.bad(at, fmt.Errorf("its annotations cannot be read: %w", err))
	}
	if min(file.Width, file.Height) < 1 || max(file.Width, file.Height) > maxCOCOSide {
		return f.bad(at, fmt.Errorf("its annotations say that it is %d×%d pixels; it must be from 1 to %d", file.Width, file.Height, maxCOCOSide))
	}
	size := image.Pt(file.Width, file.Height)
	if f.Segmentation {
		switch mask := f.masks.byName[id]; {
		case mask == nil:
			return f.bad(at, errors.New("it has no mask"))
		case mask.err != nil:
			return f.bad(at, fmt.Errorf("its mask: %w", mask.err))
		case mask.size != size:
			return f.bad(at, fmt.Errorf("its mask is %d×%d pixels, and its annotations say %d×%d", mask.size.X, mask.size.Y, size.X, size.Y))
		}
	}
	var objects []Object
	for k, o := range file.Objects {
		// The pixels from the first to the last, counted from 1, as Detectron2 reads them.
		b := [4]float64{o.X0 - 1, o.Y0 - 1, o.X1, o.Y1}
		clipped := [4]float64{max(b[0], 0), max(b[1], 0), min(b[2], float64(size.X)), min(b[3], float64(size.Y))}
		class := slices.Index(f.Classes, o.Name)
		var why error
		switch sum := b[0] + b[1] + b[2] + b[3]; {
		case class < 0:
			why = fmt.Errorf("its class %q is none of the %d", o.Name, len(f.Classes))
		case math.IsNaN(sum) || math.IsInf(sum, 0) || !(b[2]-b[0] >= leastBoxSide && b[3]-b[1] >= leastBoxSide):
			why = fmt.Errorf("its box from (%g, %g) to (%g, %g) has no area", o.X0, o.Y0, o.X1, o.Y1)
		case clipped[2]-clipped[0] < leastBoxSide || clipped[3]-clipped[1] < leastBoxSide:
			why = fmt.Errorf("its box from (%g, %g) to (%g, %g) lies outside of its image of %d×%d", o.X0, o.Y0, o.X1, o.Y1, size.X, size.Y)
		}
		if why != nil {
			which := fmt.Sprintf("%s: object %d", p, k+1)
			if f.From.OnBad == Fail {
				return fmt.Errorf("object %d: %w", k+1, why)
			}
			f.left.add(which, why.Error())
			continue
		}
		box := f.Fit.box(clipped, size.X, size.Y, f.From.Size).Clip(f.From.Size, f.From.Size)
		objects = append(objects, Object{
			Class: class, Box: box, Area: box.Area(),
			Difficult: strings.TrimSpace(o.Difficult) == "1", Truncated: strings.TrimSpace(o.Truncated) == "1",
		})
	}
	f.objects[id] = objects
	f.list.images = append(f.list.images, listedImage{path: at, size: size})
	return nil
}

var (
	_ Objects = (*vocSet)(nil)
	_ Masks   = (*vocSet)(nil)
)

// vocSet is an opened split of VOC.
type vocSet struct {
	*FolderSet
	classes, maskClasses []string
	objects              [][]Object
	most                 int
	packed               [][]byte // masks
	left                 Listed   // objects
	fingerprint          string
}

func (s *vocSet) Fingerprint() string      { return s.fingerprint }
func (s *vocSet) ObjectClasses() []string  { return s.classes }
func (s *vocSet) ObjectsOf(i int) []Object { return s.objects[i] }
func (s *vocSet) MostObjects() int         { return s.most }
func (s *vocSet) MaskClasses() []string    { return s.maskClasses }

// LeftOut is what the folder leaves out, and objects.
func (s *vocSet) LeftOut() LeftOut {
	left := s.FolderSet.LeftOut()
	left.Objects = s.left
	return left
}

func (s *vocSet) ReadMask(i int, mask []uint8) error {
	if err := checkMask(s, i, mask); err != nil {
		return err
	}
	if s.packed == nil {
		return fmt.Errorf("data: %s has no masks: data.VOC: Segmentation is false", s.Name())
	}
	return unpackMask(s.packed[i], mask)
}

package data

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"image"
	"math"
	"path"
	"regexp"
	"slices"
	"unicode/utf8"
)

// cocoFile is what a file of COCO's annotations says of the categories that are asked for.
type cocoFile struct {
	classes []string
	images  []*cocoImage
	left    Listed // annotations and images that mean nothing
	sum     [sha256.Size]byte
}

// cocoImage is an image with its objects.
type cocoImage struct {
	name    string
	size    image.Point // in pixels
	objects []cocoObject
}

// cocoObject is an object in pixels of its image.
type cocoObject struct {
	class int
	box   [4]float64 // x0, y0, x1, y1, inside the image
	area  float64
	crowd bool
	mask  cocoMask
}

func (i *cocoImage) hasObjects() bool {
	return slices.ContainsFunc(i.objects, func(o cocoObject) bool { return !o.crowd })
}

// cocoJSON is the layout of the file. What may be odd in one annotation without the others being
// useless is read by hand.
type cocoJSON struct {
	Images []struct {
		ID       *int64
		FileName string `json:"file_name"`
		Width    int
		Height   int
	}
	Annotations []cocoAnnotation
	Categories  []struct {
		ID   *int64
		Name string
	}
}

type cocoAnnotation struct {
	ID           *int64
	ImageID      *int64     `json:"image_id"`
	CategoryID   *int64     `json:"category_id"`
	Box          []*float64 `json:"bbox"` // x, y, width, height; null where it was NaN
	Area         *float64
	Crowd        json.RawMessage `json:"iscrowd"`
	Segmentation json.RawMessage
}

// maxCOCOSide is the most pixels of the side of an image, so that products of two are numbers.
const maxCOCOSide = 1 << 16

// leastBoxSide is the least side of a box that has an area in float32, in pixels.
const leastBoxSide = 1e-3

// parse reads the content of a file of that name.
func (c COCO) parse(content []byte, name string) (*cocoFile, error) {
	content = withoutNaN(bytes.TrimPrefix(content, []byte("\ufeff")))
	if !utf8.Valid(content) {
		return nil, fmt.Errorf("it is not in UTF-8")
	}
	var file cocoJSON
	if err := json.Unmarshal(content, &file); err != nil {
		return nil, err
	}
	found := &cocoFile{sum: sha256.Sum256(content)}
	bad := func(which string, why error) error {
		if c.From.OnBad == Fail {
			return fmt.Errorf("%s: %w", which, why)
		}
		found.left.add(name+": "+which, why.Error())
		return nil
	}
	classOf, known, err := found.categories(file, c.Categories)
	if err != nil {
		return nil, err
	}
	byID := map[int64]*cocoImage{}
	names := map[string]bool{}
	for i, img := range file.Images {
		which := fmt.Sprintf("images[%d]", i)
		if img.ID != nil {
			which = fmt.Sprintf("image %d", *img.ID)
		}
		clean := path.Clean("/" + img.FileName)[1:]
		var why error
		switch {
		case img.ID == nil || clean == "":
			why = fmt.Errorf("it has no id or no file_name")
		case byID[*img.ID] != nil:
			why = fmt.Errorf("its id is that of %s too", byID[*img.ID].name)
		case names[clean]:
			why = fmt.Errorf("its file %s is that of another image too", clean)
		case min(img.Width, img.Height) < 1 || max(img.Width, img.Height) > maxCOCOSide:
			why = fmt.Errorf("its width is %d and its height %d; they must be from 1 to %d pixels", img.Width, img.Height, maxCOCOSide)
		}
		if why != nil {
			if err := bad(which, why); err != nil {
				return nil, err
			}
			continue
		}
		names[clean] = true
		byID[*img.ID] = &cocoImage{name: clean, size: image.Pt(img.Width, img.Height)}
		found.images = append(found.images, byID[*img.ID])
	}
	ids := map[int64]bool{}
	for i := range file.Annotations {
		a := &file.Annotations[i]
		which := fmt.Sprintf("annotations[%d]", i)
		if a.ID != nil {
			which = fmt.Sprintf("annotation %d", *a.ID)
		}
		img, object, why := a.read(byID, known, ids)
		if why != nil {
			if img != nil {
				which += " of " + img.name
			}
			if err := bad(which, why); err != nil {
				return nil, err
			}
			continue
		}
		class, asked := classOf[*a.CategoryID]
		if !asked {
			continue
		}
		object.class = class
		object.mask, why = parseCOCOMask(a.Segmentation, img.size.Y, img.size.X)
		a.Segmentation = nil // So that the texts of all do not stay in memory beside their masks.
		if why != nil {
			if err := bad(which+" of "+img.name, fmt.Errorf("%w (its box is kept)", why)); err != nil {
				return nil, err
			}
			object.mask = cocoMask{}
		}
		img.objects = append(img.objects, object)
	}
	return found, nil
}

// categories are the classes of the file, or those that are asked for: by id, and which ids there are.
func (f *cocoFile) categories(file cocoJSON, asked []string) (classOf map[int64]int, known map[int64]bool, err error) {
	idOf, nameOf := map[string]int64{}, map[int64]string{}
	for i, category := range file.Categories {
		if category.ID == nil || category.Name == "" {
			return nil, nil, fmt.Errorf("categories[%d] has no id or no name", i)
		}
		if other, taken := nameOf[*category.ID]; taken {
			return nil, nil, fmt.Errorf("the categories %s and %s have the id %d both", other, category.Name, *category.ID)
		}
		if other, taken := idOf[category.Name]; taken {
			return nil, nil, fmt.Errorf("the categories %d and %d are both named %s", other, *category.ID, category.Name)
		}
		idOf[category.Name], nameOf[*category.ID] = *category.ID, category.Name
	}
	if len(nameOf) == 0 {
		return nil, nil, fmt.Errorf("it has no categories")
	}
	classOf, known = map[int64]int{}, map[int64]bool{}
	var ids []int64
	for id := range nameOf {
		ids, known[id] = append(ids, id), true
	}
	slices.Sort(ids)
	if asked != nil {
		ids = nil
	}
	for _, name := range asked {
		id, ok := idOf[name]
		if !ok {
			return nil, nil, fmt.Errorf("data.COCO: Categories holds %q, which is none of its %d categories", name, len(nameOf))
		}
		ids = append(ids, id)
	}
	for class, id := range ids {
		classOf[id] = class
		f.classes = append(f.classes, nameOf[id])
	}
	return classOf, known, nil
}

// read is the image that an annotation is of, and its object but for the class and the mask. An error
// says why it means nothing.
func (a *cocoAnnotation) read(byID map[int64]*cocoImage, known, ids map[int64]bool) (img *cocoImage, o cocoObject, err error) {
	switch {
	case a.ID == nil || a.ImageID == nil || a.CategoryID == nil:
		return nil, o, fmt.Errorf("it has no id, image_id or category_id")
	case byID[*a.ImageID] == nil:
		return nil, o, fmt.Errorf("its image %d is not in the file, or is left out", *a.ImageID)
	}
	img = byID[*a.ImageID]
	switch {
	case ids[*a.ID]:
		return img, o, fmt.Errorf("its id came before")
	case !known[*a.CategoryID]:
		return img, o, fmt.Errorf("its category %d is not in the file", *a.CategoryID)
	}
	ids[*a.ID] = true
	if o.box, err = a.box(img.size); err != nil {
		return img, o, err
	}
	o.area = (o.box[2] - o.box[0]) * (o.box[3] - o.box[1])
	if a.Area != nil && *a.Area > 0 && *a.Area < maxCOCOSide*maxCOCOSide {
		o.area = *a.Area
	}
	crowd := string(bytes.TrimSpace(a.Crowd))
	o.crowd = crowd == "1" || crowd == "true"
	return img, o, nil
}

// box is an annotation's box, cut off at the borders of an image of the given size.
func (a *cocoAnnotation) box(size image.Point) (b [4]float64, err error) {
	if len(a.Box) != 4 {
		return b, fmt.Errorf("its bbox has %d numbers; it must have 4", len(a.Box))
	}
	for i, v := range a.Box {
		if v == nil || math.Abs(*v) > maxCOCOSide {
			return b, fmt.Errorf("a number of its bbox is none, or above %d", maxCOCOSide)
		}
		b[i] = *v
	}
	given := b
	if b[2], b[3] = b[0]+b[2], b[1]+b[3]; given[2] < leastBoxSide || given[3] < leastBoxSide {
		return b, fmt.Errorf("its bbox %v has no area", given)
	}
	width, height := float64(size.X), float64(size.Y)
	b = [4]float64{min(max(b[0], 0), width), min(max(b[1], 0), height), min(max(b[2], 0), width), min(max(b[3], 0), height)}
	if b[2]-b[0] < leastBoxSide || b[3]-b[1] < leastBoxSide {
		return b, fmt.Errorf("its bbox %v lies outside of its image of %d×%d", given, size.X, size.Y)
	}
	return b, nil
}

// textOrNaN finds texts, and what Python writes for numbers that JSON does not know.
var textOrNaN = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|NaN|-?Infinity`)

// withoutNaN has null for NaN, Infinity and -Infinity, which Python writes outside of texts and JSON
// does not know.
func withoutNaN(content []byte) []byte {
	if !bytes.Contains(content, []byte("NaN")) && !bytes.Contains(content, []byte("Infinity")) {
		return content // So that nothing large is looked through.
	}
	return textOrNaN.ReplaceAllFunc(content, func(found []byte) []byte {
		if found[0] == '"' {
			return found
		}
		return []byte("null")
	})
}

package data

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"strings"
	"testing"

	"sslkit/data/datatest"
)

const (
	vocDog  = `<object><name>dog</name><pose>Left</pose><truncated>1</truncated><difficult>0</difficult><bndbox><xmin>3</xmin><ymin>1</ymin><xmax>6</xmax><ymax>4</ymax></bndbox></object>`
	vocCow  = `<object><name>cow</name><truncated>Unspecified</truncated><difficult> 1 </difficult><bndbox><xmin>1.5</xmin><ymin>1</ymin><xmax>9</xmax><ymax>4</ymax></bndbox><part><name>head</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></part></object>`
	vocSize = `<filename>x.jpg</filename><size><width>8</width><height>4</height><depth>3</depth></size>`
)

func vocAnnotation(inside string) []byte { return []byte("<annotation>" + inside + "</annotation>") }

func vocTree(t *testing.T) tree {
	grey := jpegOf(t, image.NewGray(image.Rect(0, 0, 8, 4)))
	const at = "VOCdevkit/VOC2012/"
	return tree{
		at + "JPEGImages/1.jpg": grey, at + "JPEGImages/2.jpg": grey, at + "JPEGImages/3.jpg": grey,
		at + "Annotations/1.xml":                 vocAnnotation(vocSize + vocDog + vocCow),
		at + "Annotations/2.xml":                 vocAnnotation(vocSize + vocCow),
		at + "Annotations/3.xml":                 vocAnnotation(vocSize),
		at + "ImageSets/Main/train.txt":          []byte("2\n1\n\n"),
		at + "ImageSets/Main/val.txt":            []byte("3 -1\r\n"),
		at + "ImageSets/Segmentation/train.txt":  []byte("1"),
		at + "SegmentationClass/1.png":           paletteMask(t, 8, columnsMask(4, 0, 255, 12, 12, 12, 12, 255, 10)),
		at + "SegmentationClass/unused.png":      []byte("x"),
		"VOCdevkit/VOC2012/ImageSets/readme.txt": nil,
	}
}

func openVOC(t *testing.T, source VOC, split Split) *vocSet {
	t.Helper()
	source.From.Cache = t.TempDir()
	return opened(t, source, split).(*vocSet)
}

func TestVOC(t *testing.T) {
	t.Parallel()
	files := vocTree(t)
	for name, at := range map[string]string{
		"folder around": files.folder(t), "folder of the year": files.folder(t) + "/VOCdevkit/VOC2012", "tar": files.tar(t, false), "zip": files.zip(t),
	} {
		t.Run(name, func(t *testing.T) {
			set := openVOC(t, VOC{From: ImageFolder{Path: at, Size: 16}}, Train)
			dog := Object{Class: 11, Box: Rect{4, 4, 12, 12}, Area: 64, Truncated: true}
			cow := Object{Class: 9, Box: Rect{1, 4, 16, 12}, Area: 120, Difficult: true} // Cut off at the right.
			if got := set.ObjectsOf(0); set.Len() != 2 || len(got) != 2 || got[0] != dog || got[1] != cow || set.MostObjects() != 2 {
				t.Errorf("%d images; objects of the first %+v", set.Len(), got)
			}
			if got := set.ObjectsOf(1); len(got) != 1 || got[0] != cow {
				t.Errorf("objects of the second %+v", got)
			}
			if set.MaskClasses() != nil || len(set.ObjectClasses()) != 20 || set.ObjectClasses()[11] != "dog" {
				t.Errorf("classes %v", set.ObjectClasses())
			}
			// The cow's box reaches out of its image, and is cut off: it is not left out.
			if left := LeftOutOf(set); left.Objects.Count()+left.Skipped.Count() > 0 || left.Ignored.Reasons["not in ImageSets/Main/train.txt"] != 1 {
				t.Error(left)
			}
			wantError(t, set.ReadMask(0, make([]uint8, 256)), "has no masks: data.VOC: Segmentation is false")
			if val := openVOC(t, VOC{From: ImageFolder{Path: at, Size: 16}}, Validation); val.Len() != 1 || val.ObjectsOf(0) != nil {
				t.Errorf("validation has %d images", val.Len())
			}
			masked := openVOC(t, VOC{From: ImageFolder{Path: at, Size: 8}, Segmentation: true, Fit: Stretch}, Train)
			mask := make([]uint8, 64)
			if err := masked.ReadMask(0, mask); err != nil || !bytes.Equal(mask, columnsMask(8, 0, 255, 12, 12, 12, 12, 255, 10)) {
				t.Errorf("mask %v, error %v", mask, err)
			}
			if classes := masked.MaskClasses(); masked.Len() != 1 || len(classes) != 21 || classes[0] != "background" || classes[12] != "dog" || len(masked.ObjectsOf(0)) != 2 {
				t.Errorf("%d images with masks of %v", masked.Len(), classes)
			}
		})
	}
	_, err := VOC{From: ImageFolder{Path: files.folder(t)}}.Open(Test)
	if !errors.Is(err, ErrNoSplit) {
		t.Errorf("test: error %v", err)
	}
	files["VOCdevkit/VOC2007/ImageSets/Main/train.txt"] = []byte("1")
	_, err = VOC{From: ImageFolder{Path: files.folder(t)}}.Open(Train)
	wantError(t, err, "may be VOCdevkit/VOC2007/ImageSets/Main/train.txt or VOCdevkit/VOC2012/ImageSets/Main/train.txt: open one of these folders alone")
}

func TestVOCSaysWhatMeansNothing(t *testing.T) {
	t.Parallel()
	const xmlAt, imageAt = "VOCdevkit/VOC2012/Annotations/1.xml", "VOCdevkit/VOC2012/JPEGImages/1.jpg"
	box := func(name, x0, x1 string) []byte {
		return vocAnnotation(vocSize + vocCow + fmt.Sprintf("<object><name>%s</name><bndbox><xmin>%s</xmin><ymin>1</ymin><xmax>%s</xmax><ymax>4</ymax></bndbox></object>", name, x0, x1))
	}
	for name, test := range map[string]struct {
		content []byte // nil: no file
		object  bool   // an object is left out, and not an image
		want    string
	}{
		"unknown class":     {box("wolf", "1", "3"), true, `object 2: its class "wolf" is none of the 20`},
		"no area":           {box("dog", "4", "3"), true, "object 2: its box from (4, 1) to (3, 4) has no area"},
		"outside":           {box("dog", "9", "12"), true, "object 2: its box from (9, 1) to (12, 4) lies outside of its image of 8×4"},
		"NaN":               {box("dog", "NaN", "12"), true, "object 2: its box from (NaN, 1) to (12, 4) has no area"},
		"no XML":            {[]byte("<annotation><size>"), false, "its annotations cannot be read: XML syntax error"},
		"words for numbers": {box("dog", "left", "12"), false, "its annotations cannot be read: "},
		"no size":           {vocAnnotation(vocDog), false, "its annotations say that it is 0×0 pixels"},
		"another size":      {vocAnnotation(strings.Replace(vocSize, ">8<", ">9<", 1)), false, "it is 8×4 pixels, and what is said of it is of 9×4"},
		"no file":           {nil, false, "it has no annotations: there is no file VOCdevkit/VOC2012/Annotations/1.xml"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := vocTree(t)
			if files[xmlAt] = test.content; test.content == nil {
				delete(files, xmlAt)
			}
			source := VOC{From: ImageFolder{Path: files.folder(t), Size: 16}}
			set := openVOC(t, source, Train)
			left := LeftOutOf(set)
			where := imageAt
			if test.object {
				where = xmlAt
				if set.Len() != 2 || len(set.ObjectsOf(0)) != 1 || left.Objects.Count() != 1 {
					t.Errorf("%d images, %d objects", set.Len(), len(set.ObjectsOf(0)))
				}
			} else if set.Len() != 1 || left.Skipped.Count() != 1 {
				t.Errorf("%d images", set.Len())
			}
			_, why, _ := strings.Cut(test.want, "object 2: ")
			if said := left.String(); !strings.Contains(said, why) || !strings.Contains(said, where) {
				t.Errorf("it says %q, want %s: %q", said, where, test.want)
			}
			source.From.OnBad, source.From.Cache = Fail, t.TempDir()
			_, err := source.Open(Train)
			wantError(t, err, where+": "+test.want)
		})
	}
	for name, test := range map[string]struct {
		change func(files tree)
		want   string
	}{
		"no mask":              {func(f tree) { delete(f, "VOCdevkit/VOC2012/SegmentationClass/1.png") }, "no .png in a folder VOCdevkit/VOC2012/SegmentationClass"},
		"mask of another size": {func(f tree) { f["VOCdevkit/VOC2012/SegmentationClass/1.png"] = greyMask(t, 2, []uint8{0, 0}) }, "its mask is 2×1 pixels, and its annotations say 8×4"},
		"mask of no class": {func(f tree) {
			f["VOCdevkit/VOC2012/SegmentationClass/1.png"] = greyMask(t, 8, columnsMask(4, 0, 0, 0, 0, 0, 0, 0, 21))
		}, "its mask: it has a pixel of class 21; there are 21 classes, from 0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := vocTree(t)
			test.change(files)
			_, err := VOC{From: ImageFolder{Path: files.folder(t), Cache: t.TempDir(), Size: 8}, Segmentation: true}.Open(Train)
			wantError(t, err, test.want)
		})
	}
	for _, test := range []struct {
		source VOC
		want   string
	}{
		{VOC{}, "data.VOC: From: Path is missing"},
		{VOC{From: ImageFolder{Path: "x"}, Fit: 2}, "data.VOC: Fit is 2"},
		{VOC{From: ImageFolder{Path: "x"}, Classes: []string{"a", ""}}, `data.VOC: Classes[1] is ""; it must be a name that comes once`},
		{VOC{From: ImageFolder{Path: "x"}, Classes: []string{}}, "data.VOC: Classes is 0; it must be in [1, 254]"},
	} {
		_, err := test.source.Open(Train)
		wantError(t, err, test.want)
	}
}

// FuzzVOC: whatever the bytes of a file of annotations, the image is left out or has objects inside it.
func FuzzVOC(f *testing.F) {
	f.Add(vocAnnotation(vocSize + vocDog + vocCow))
	f.Fuzz(func(t *testing.T, content []byte) {
		datatest.Bounded(t, func() {
			source := VOC{From: ImageFolder{Size: 16}}.WithDefaults()
			files := &vocFiles{VOC: source, list: &listing{}, objects: map[string][]Object{}}
			if err := files.add("1", "1.xml", content); err != nil {
				t.Error(err)
			}
			for _, o := range files.objects["1"] {
				if b := o.Box; !(b.X0 >= 0 && b.Y0 >= 0 && b.X1 <= 16 && b.Y1 <= 16 && b.X0 <= b.X1 && b.Y0 <= b.Y1) {
					t.Errorf("box %v", b)
				}
			}
		})
	})
}

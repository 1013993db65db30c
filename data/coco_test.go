package data

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/disintegration/imaging"

	"sslkit/data/datatest"
)

const cocoCategories = `"categories":[{"id":7,"name":"car"},{"id":3,"name":"person"},{"id":9,"name":"bus"}]`

// cocoTree is two pictures of 12×10 pixels and one of 10×20, in which a green object lies on red.
func cocoTree(t *testing.T) tree {
	painted := func(width, height int, green image.Rectangle) []byte {
		img := imaging.New(width, height, color.NRGBA{200, 0, 0, 255})
		return pngOf(t, imaging.Paste(img, imaging.New(green.Dx(), green.Dy(), color.NRGBA{0, 200, 0, 255}), green.Min))
	}
	return tree{
		"coco/train2017/b.png": painted(12, 10, image.Rect(6, 2, 12, 8)),
		"coco/train2017/a.png": painted(12, 10, image.Rect(0, 0, 6, 5)),
		"coco/train2017/c.png": painted(10, 20, image.Rect(2, 10, 8, 20)),
		"coco/val2017/v.png":   painted(12, 10, image.Rect(0, 0, 6, 5)),
		"coco/annotations/instances_train2017.json": []byte(`{
"images":[{"id":1,"file_name":"a.png","width":12,"height":10},{"id":2,"file_name":"b.png","width":12,"height":10},{"id":3,"file_name":"c.png","width":10,"height":20}],
"annotations":[
 {"id":1,"image_id":1,"category_id":3,"bbox":[0,0,6,5],"area":30,"iscrowd":0,"segmentation":[[0,0,6,0,6,5,0,5]]},
 {"id":2,"image_id":3,"category_id":9,"bbox":[2,10,6,10],"iscrowd":0,"segmentation":{"size":[20,10],"counts":[50,10,10,10,10,10,10,10,10,10,10,10,40]}},
 {"id":3,"image_id":1,"category_id":7,"bbox":[3,0,30,5.5],"area":49.5,"iscrowd":1,"segmentation":[]},
 {"id":4,"image_id":2,"category_id":7,"bbox":[6,2,6,6],"area":36,"segmentation":[[6,2,12,2,12,8,6,8]]}],` + cocoCategories + `}`),
	}
}

// openCOCO opens a split, with a cache of its own.
func openCOCO(t *testing.T, source COCO, split Split) *cocoSet {
	t.Helper()
	source.From.Cache = t.TempDir()
	return opened(t, source, split).(*cocoSet)
}

func TestCOCOReadsEveryContainer(t *testing.T) {
	t.Parallel()
	files := cocoTree(t)
	prints := map[string]bool{}
	for name, at := range map[string]string{
		"folder": files.folder(t), "folder of the tree": path.Join(files.folder(t), "coco"),
		"tar": files.tar(t, false), "tar.gz": files.tar(t, true), "zip": files.zip(t),
	} {
		set := openCOCO(t, COCO{From: ImageFolder{Path: at, Size: 24}}, Train)
		if got := paths(set.FolderSet); len(got) != 3 || !strings.HasSuffix(got[0], "train2017/a.png") {
			t.Errorf("%s: images %v", name, got)
		}
		if !slices.Equal(set.ObjectClasses(), []string{"person", "car", "bus"}) || set.MostObjects() != 2 || set.Classes() != nil || set.Label(0) != -1 {
			t.Errorf("%s: classes %v, most %d", name, set.ObjectClasses(), set.MostObjects())
		}
		if left := LeftOutOf(set); left.Serious() {
			t.Errorf("%s: %s", name, left)
		}
		prints[set.Fingerprint()] = true
		if val := openCOCO(t, COCO{From: ImageFolder{Path: at, Size: 24}, ValidationFiles: COCOFiles{"train2017", "annotations/instances_train2017.json"}}, Validation); val.Len() != 3 {
			t.Errorf("%s: %d images to validate by", name, val.Len())
		}
	}
	if len(prints) != 2 { // The folder of the tree has other paths.
		t.Errorf("%d fingerprints", len(prints))
	}
	_, err := COCO{From: ImageFolder{Path: files.folder(t)}}.Open(Test)
	if !errors.Is(err, ErrNoSplit) {
		t.Errorf("test: error %v", err)
	}
	_, err = COCO{From: ImageFolder{Path: files.folder(t), Cache: t.TempDir()}}.Open(Validation)
	wantError(t, err, "opening validation of", "there is no file annotations/instances_val2017.json")
}

// Boxes and masks lie where the image shows the object, by either fit.
func TestCOCOBoxesAndMasksMoveWithTheImage(t *testing.T) {
	t.Parallel()
	at := cocoTree(t).folder(t)
	for _, test := range []struct {
		fit   Fit
		boxes [][]Rect // by image
		areas [][]float32
	}{
		{Letterbox, [][]Rect{{{0, 2, 12, 12}, {6, 2, 24, 13}}, {{12, 6, 24, 18}}, {{8.4, 12, 15.6, 24}}}, [][]float32{{120, 198}, {144}, {86.4}}},
		{Stretch, [][]Rect{{{0, 0, 12, 12}, {6, 0, 24, 13.2}}, {{12, 4.8, 24, 19.2}}, {{4.8, 12, 19.2, 24}}}, [][]float32{{144, 237.6}, {172.8}, {172.8}}},
	} {
		set := openCOCO(t, COCO{From: ImageFolder{Path: at, Size: 24}, Fit: test.fit}, Train)
		pix, mask, classes := make([]uint8, 24*24*3), make([]uint8, 24*24), make([]uint8, 24*24)
		for i, boxes := range test.boxes {
			objects := set.ObjectsOf(i)
			if len(objects) != len(boxes) {
				t.Fatalf("image %d has %d objects", i, len(objects))
			}
			for k, o := range objects {
				if b, w := o.Box, boxes[k]; !close32(b.X0, w.X0) || !close32(b.Y0, w.Y0) || !close32(b.X1, w.X1) || !close32(b.Y1, w.Y1) || !close32(o.Area, test.areas[i][k]) {
					t.Errorf("fit %d, image %d: box %v of area %g, want %v of %g", test.fit, i, b, o.Area, w, test.areas[i][k])
				}
			}
			if i == 2 { // 20 of 24 pixels; c.png is 12 wide, at column 6, in the letterbox.
				if b := objects[0].Box; test.fit == Letterbox && !close32(b.X0, 6+2*1.2) {
					t.Errorf("box %v", b)
				}
			}
			if err := set.Read(i, pix); err != nil {
				t.Fatal(err)
			}
			if ok, err := set.ReadObjectMask(i, 0, mask); !ok || err != nil {
				t.Fatal(ok, err)
			}
			if err := set.ReadMask(i, classes); err != nil {
				t.Fatal(err)
			}
			wrong := 0
			for at, m := range mask {
				r, g, b := pix[3*at], pix[3*at+1], pix[3*at+2]
				around := r == 114 && g == 114 && b == 114
				if (m == 1) != (g > 100 && !around) {
					wrong++
				}
				if m == 1 && classes[at] != uint8(1+objects[0].Class) {
					t.Fatalf("image %d: pixel %d of object 0 is of class %d", i, at, classes[at])
				}
				if around != (classes[at] == IgnoredPixel) && i > 0 {
					t.Fatalf("fit %d, image %d: pixel %d around the image is of class %d", test.fit, i, at, classes[at])
				}
			}
			if wrong > 24 { // Colours blend at the border.
				t.Errorf("fit %d, image %d: %d pixels of the mask show something else", test.fit, i, wrong)
			}
		}
		// The crowd of image 0 has no mask: what its box holds beyond object 0 is ignored.
		if err := set.ReadMask(0, classes); err != nil {
			t.Fatal(err)
		}
		if got := classes[10*24+20]; got != IgnoredPixel {
			t.Errorf("a pixel of the crowd is of class %d", got)
		}
		if got := classes[18*24+20]; got != 0 {
			t.Errorf("a pixel of the background is of class %d", got)
		}
		if ok, err := set.ReadObjectMask(0, 1, mask); ok || err != nil {
			t.Errorf("the crowd's mask: %t, %v", ok, err)
		}
		if o := set.ObjectsOf(0); o[0].Crowd || !o[1].Crowd {
			t.Errorf("crowds: %v", o)
		}
	}
}

func close32(a, b float32) bool { return math.Abs(float64(a-b)) < 1e-4 }

// Classes are places in Categories, whatever the file's order and ids.
func TestCOCOCategories(t *testing.T) {
	t.Parallel()
	at := cocoTree(t).folder(t)
	for _, test := range []struct {
		categories []string
		only       bool
		classes    map[string][]int // of objects, by image
	}{
		{[]string{"bus", "person"}, false, map[string][]int{"a.png": {1}, "b.png": nil, "c.png": {0}}},
		{[]string{"person", "bus"}, true, map[string][]int{"a.png": {0}, "c.png": {1}}},
		{[]string{"car"}, true, map[string][]int{"b.png": {0}}}, // That of a.png is a crowd.
		{nil, true, map[string][]int{"a.png": {0, 1}, "b.png": {1}, "c.png": {2}}},
	} {
		set := openCOCO(t, COCO{From: ImageFolder{Path: at, Size: 24}, Categories: test.categories, OnlyWithObjects: test.only}, Train)
		if set.Len() != len(test.classes) {
			t.Errorf("%v: images %v", test.categories, paths(set.FolderSet))
		}
		for i := range set.Len() {
			var classes []int
			for _, o := range set.ObjectsOf(i) {
				classes = append(classes, o.Class)
			}
			if want := test.classes[path.Base(set.Path(i))]; !slices.Equal(classes, want) {
				t.Errorf("%v: %s has classes %v, want %v", test.categories, set.Path(i), classes, want)
			}
		}
		if left := LeftOutOf(set); left.Serious() {
			t.Errorf("%v: %s", test.categories, left)
		}
	}
	_, err := COCO{From: ImageFolder{Path: at, Cache: t.TempDir()}, Categories: []string{"tram"}}.Open(Train)
	wantError(t, err, `annotations/instances_train2017.json: data.COCO: Categories holds "tram", which is none of its 3 categories`)
}

// What means nothing is named with its file and id: counted, or an error.
func TestCOCOSaysWhatMeansNothing(t *testing.T) {
	t.Parallel()
	const good = `{"id":1,"image_id":1,"category_id":3,"bbox":[0,0,6,5]}`
	imageOf := func(image string) string { return `{"id":1,"file_name":"a.png","width":12,"height":10},` + image }
	const one = `{"id":1,"file_name":"a.png","width":12,"height":10}`
	for name, test := range map[string]struct{ images, annotations, want string }{
		"zero area":              {one, `{"id":5,"image_id":1,"category_id":3,"bbox":[2,2,0,5]}`, "annotation 5 of a.png: its bbox [2 2 0 5] has no area"},
		"negative width":         {one, `{"id":5,"image_id":1,"category_id":3,"bbox":[2,2,-3,5]}`, "annotation 5 of a.png: its bbox [2 2 -3 5] has no area"},
		"outside":                {one, `{"id":5,"image_id":1,"category_id":3,"bbox":[12,2,3,5]}`, "annotation 5 of a.png: its bbox [12 2 3 5] lies outside of its image of 12×10"},
		"three numbers":          {one, `{"id":5,"image_id":1,"category_id":3,"bbox":[12,2,3]}`, "annotation 5 of a.png: its bbox has 3 numbers; it must have 4"},
		"no box":                 {one, `{"id":5,"image_id":1,"category_id":3}`, "annotation 5 of a.png: its bbox has 0 numbers"},
		"NaN in a box":           {one, `{"id":5,"image_id":1,"category_id":3,"bbox":[NaN,2,3,4]}`, "annotation 5 of a.png: a number of its bbox is none"},
		"infinite":               {one, `{"id":5,"image_id":1,"category_id":3,"bbox":[1,2,Infinity,4]}`, "annotation 5 of a.png: a number of its bbox is none"},
		"unknown category":       {one, `{"id":5,"image_id":1,"category_id":4,"bbox":[2,2,3,5]}`, "annotation 5 of a.png: its category 4 is not in the file"},
		"unknown image":          {one, `{"id":5,"image_id":8,"category_id":3,"bbox":[2,2,3,5]}`, "annotation 5: its image 8 is not in the file, or is left out"},
		"id twice":               {one, `{"id":1,"image_id":1,"category_id":3,"bbox":[2,2,3,5]}`, "annotation 1 of a.png: its id came before"},
		"no id":                  {one, `{"image_id":1,"category_id":3,"bbox":[2,2,3,5]}`, "annotations[1]: it has no id, image_id or category_id"},
		"odd polygon":            {one, `{"id":5,"image_id":1,"category_id":3,"bbox":[2,2,3,5],"segmentation":[[1,2,3,4,5,6,7]]}`, "annotation 5 of a.png: its polygon has 7 coordinates; they must be an even number"},
		"polygon of two corners": {one, `{"id":5,"image_id":1,"category_id":3,"bbox":[2,2,3,5],"segmentation":[[1,2,3,4]]}`, "annotation 5 of a.png: its polygon has 2 corners; it must have at least 3"},
		"NaN in a polygon":       {one, `{"id":5,"image_id":1,"category_id":3,"bbox":[2,2,3,5],"segmentation":[[1,2,3,4,5,NaN]]}`, "annotation 5 of a.png: its polygon has a coordinate that is no number"},
		"image id twice":         {imageOf(`{"id":1,"file_name":"b.png","width":12,"height":10}`), "", "image 1: its id is that of a.png too"},
		"image file twice":       {imageOf(`{"id":2,"file_name":"./a.png","width":12,"height":10}`), "", "image 2: its file a.png is that of another image too"},
		"image without id":       {imageOf(`{"file_name":"b.png","width":12,"height":10}`), "", "images[1]: it has no id or no file_name"},
		"image without a size":   {imageOf(`{"id":2,"file_name":"b.png"}`), "", "image 2: its width is 0 and its height 0; they must be from 1 to 65536 pixels"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := cocoTree(t)
			annotations := good
			if test.annotations != "" {
				annotations += "," + test.annotations
			}
			files["coco/annotations/instances_train2017.json"] = fmt.Appendf(nil, `{"images":[%s],"annotations":[%s],%s}`, test.images, annotations, cocoCategories)
			source := COCO{From: ImageFolder{Path: files.folder(t), Size: 24}}
			set := openCOCO(t, source, Train)
			left := LeftOutOf(set)
			objects := 1
			if strings.Contains(test.annotations, "segmentation") {
				objects = 2 // Without its mask.
			}
			if ok, err := set.ReadObjectMask(0, objects-1, make([]uint8, 24*24)); ok || err != nil {
				t.Errorf("its mask: %t, %v", ok, err)
			}
			if set.Len() != 1 || len(set.ObjectsOf(0)) != objects || left.Objects.Count() != 1 || !left.Serious() {
				t.Errorf("%d images, %d objects, left out %v", set.Len(), len(set.ObjectsOf(0)), left)
			}
			which, why, _ := strings.Cut(test.want, ": ")
			if said := left.String(); !strings.Contains(said, "1 annotation left out") || !strings.Contains(said, why) || !strings.Contains(said, "instances_train2017.json: "+which) {
				t.Errorf("it says %q, want %q", said, test.want)
			}
			source.From.OnBad, source.From.Cache = Fail, t.TempDir()
			_, err := source.Open(Train)
			wantError(t, err, "annotations/instances_train2017.json: "+test.want)
		})
	}
}

func TestCOCOSaysWhichImagesAreBad(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(files tree)
		want   string
	}{
		"missing":         {func(files tree) { delete(files, "coco/train2017/b.png") }, "coco/train2017/b.png: there is no such file"},
		"cut short":       {func(files tree) { files["coco/train2017/b.png"] = files["coco/train2017/b.png"][:40] }, "coco/train2017/b.png: the image is"},
		"of another size": {func(files tree) { files["coco/train2017/b.png"] = photoOf(t, 10, 12) }, "coco/train2017/b.png: it is 10×12 pixels, and what is said of it is of 12×10"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := cocoTree(t)
			test.change(files)
			source := COCO{From: ImageFolder{Path: files.folder(t), Size: 24}}
			set := openCOCO(t, source, Train)
			if left := LeftOutOf(set); set.Len() != 2 || left.Skipped.Count() != 1 || left.Skipped.First[0].Path != "coco/train2017/b.png" {
				t.Errorf("%d images, left out %s", set.Len(), left)
			}
			if b := set.ObjectsOf(1)[0].Class; b != 2 {
				t.Errorf("image 1 has an object of class %d", b)
			}
			source.From.OnBad, source.From.Cache = Fail, t.TempDir()
			_, err := source.Open(Train)
			wantError(t, err, test.want)
		})
	}
	files := cocoTree(t)
	files["coco/train2017/more.png"] = photoOf(t, 3, 3)
	set := openCOCO(t, COCO{From: ImageFolder{Path: files.folder(t), Size: 24}}, Train)
	if left := LeftOutOf(set); left.Ignored.Reasons["not in annotations/instances_train2017.json"] != 1 || !left.Serious() {
		t.Errorf("left out %s", left)
	}
}

func photoOf(t *testing.T, width, height int) []byte {
	return pngOf(t, imaging.New(width, height, color.NRGBA{9, 9, 9, 255}))
}

func TestBadCOCOFiles(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ content, want string }{
		"no JSON":             {`{"images":`, "unexpected end of JSON input"},
		"no UTF-8":            {"{\"x\":\"\xff\"}", "it is not in UTF-8"},
		"no categories":       {`{"images":[],"annotations":[]}`, "it has no categories"},
		"category id twice":   {`{"categories":[{"id":1,"name":"a"},{"id":1,"name":"b"}]}`, "the categories a and b have the id 1 both"},
		"category name twice": {`{"categories":[{"id":1,"name":"a"},{"id":2,"name":"a"}]}`, "the categories 1 and 2 are both named a"},
		"category of no name": {`{"categories":[{"id":1}]}`, "categories[0] has no id or no name"},
		"no images":           {`{` + cocoCategories + `}`, "there is no image of it"},
		"texts for ids":       {`{"images":[{"id":"1"}],` + cocoCategories + `}`, "cannot unmarshal string"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := cocoTree(t)
			files["coco/annotations/instances_train2017.json"] = []byte(test.content)
			_, err := COCO{From: ImageFolder{Path: files.folder(t), Cache: t.TempDir()}}.Open(Train)
			wantError(t, err, "opening train of", test.want)
		})
	}
	for _, test := range []struct {
		source COCO
		want   string
	}{
		{COCO{}, "data.COCO: From: Path is missing"},
		{COCO{From: ImageFolder{Path: "x", Object: "a(b)"}}, `data.COCO: From.Object is "a(b)"; it must be left out`},
		{COCO{From: ImageFolder{Path: "x", ValidationFraction: .1}}, "data.COCO: From.ValidationFraction is 0.1; it must be left out"},
		{COCO{From: ImageFolder{Path: "x"}, Fit: 2}, "data.COCO: Fit is 2; it must be Letterbox or Stretch"},
		{COCO{From: ImageFolder{Path: "x"}, Categories: []string{"a", "a"}}, `data.COCO: Categories[1] is "a"; it must be a name that comes once`},
	} {
		_, err := test.source.Open(Train)
		wantError(t, err, test.want)
	}
	if err := (COCO{From: ImageFolder{Path: "x"}}).WithDefaults().Check(); err != nil { // As recipe.json has it.
		t.Error(err)
	}
}

func TestWithoutNaN(t *testing.T) {
	t.Parallel()
	got := withoutNaN([]byte(`{"NaN": [NaN, -Infinity, Infinity], "a\"NaN": "\\", "b": NaN}`))
	if want := []byte(`{"NaN": [null, null, null], "a\"NaN": "\\", "b": null}`); !bytes.Equal(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestCOCO128 opens real images and boxes.
func TestCOCO128(t *testing.T) {
	at := datatest.File(t, "coco128-256px.tar.gz")
	for split, want := range map[Split][2]int{Train: {128, 929}, Validation: {128, 898}} {
		set := openCOCO(t, COCO{From: ImageFolder{Path: at, Size: 128}}, split)
		objects := 0
		for i := range set.Len() {
			for _, o := range set.ObjectsOf(i) {
				objects++
				if b := o.Box; b.X0 < 0 || b.Y0 < 0 || b.X1 > 128 || b.Y1 > 128 || b.Area() <= 0 {
					t.Errorf("%s, image %d: box %v", split, i, b)
				}
			}
		}
		if set.Len() != want[0] || objects != want[1] || len(set.ObjectClasses()) != 80 || set.MaskClasses() != nil {
			t.Errorf("%s: %d images, %d objects, %d classes; left out: %s", split, set.Len(), objects, len(set.ObjectClasses()), LeftOutOf(set))
		}
	}
	traffic := []string{"person", "bicycle", "car", "motorcycle", "bus", "truck", "traffic light", "stop sign"}
	set := openCOCO(t, COCO{From: ImageFolder{Path: at, Size: 128}, Categories: traffic, OnlyWithObjects: true}, Train)
	if !slices.Equal(set.ObjectClasses(), traffic) || set.Len() < 50 || set.Len() > 100 {
		t.Errorf("%d images of %v", set.Len(), set.ObjectClasses())
	}
}

// Decoded or from its cache, in memory or from the file, a set is the same.
func TestCOCOIsTheSameFromItsCache(t *testing.T) {
	t.Parallel()
	source := COCO{From: ImageFolder{Path: cocoTree(t).tar(t, true), Size: 24, Cache: t.TempDir()}}
	var first Set
	pix, want := make([]uint8, 24*24*3), make([]uint8, 24*24*3)
	for _, memory := range []int64{0, 0, 1} {
		source.From.Memory = memory
		set, err := source.Open(Train)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { set.Close() })
		if first == nil {
			first = set
		}
		if set.Fingerprint() != first.Fingerprint() || set.Len() != 3 {
			t.Errorf("memory %d: another set", memory)
		}
		for i := range set.Len() {
			if err := errors.Join(set.Read(i, pix), first.Read(i, want)); err != nil || !bytes.Equal(pix, want) {
				t.Errorf("memory %d: image %d is another one, error %v", memory, i, err)
			}
			if !slices.Equal(set.(Objects).ObjectsOf(i), first.(Objects).ObjectsOf(i)) {
				t.Errorf("memory %d: image %d has other objects", memory, i)
			}
		}
	}
	files, err := os.ReadDir(source.From.Cache)
	if err != nil || len(files) != 1 {
		t.Errorf("%d caches, error %v", len(files), err)
	}
	source.Fit, source.From.Memory = Stretch, 0
	set, err := source.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	if err := set.Read(0, pix); err != nil || set.Fingerprint() == first.Fingerprint() || pix[0] == 114 {
		t.Errorf("the other fit reads the cache of this one, error %v", err)
	}
}

func TestCacheIndexOfSizes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		sizes []image.Point
		good  bool
	}{
		"none":       {nil, true},
		"of all":     {[]image.Point{{3, 4}, {1, 1}, {9, 9}}, true},
		"of two":     {[]image.Point{{3, 4}, {1, 1}}, false},
		"of nothing": {[]image.Point{{3, 4}, {0, 1}, {9, 9}}, false},
	} {
		index := smallIndex(t)
		index.Sizes = test.sizes
		if good := index.fits(index.bytes()) && index.inRange(); good != test.good {
			t.Errorf("%s: good is %t", name, good)
		}
	}
}

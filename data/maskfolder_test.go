package data

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"strings"
	"testing"

	"sslkit/data/datatest"
)

// paletteMask is a PNG whose pixels are the given classes.
func paletteMask(t testing.TB, width int, classes []uint8) []byte {
	palette := make(color.Palette, 256)
	for i := range palette {
		palette[i] = color.NRGBA{uint8(37 * i), uint8(91 * i), uint8(i), 255}
	}
	img := image.NewPaletted(image.Rect(0, 0, width, len(classes)/width), palette)
	copy(img.Pix, classes)
	return pngOf(t, img)
}

func greyMask(t testing.TB, width int, classes []uint8) []byte {
	img := image.NewGray(image.Rect(0, 0, width, len(classes)/width))
	copy(img.Pix, classes)
	return pngOf(t, img)
}

// columnsMask has a class for each column, in rows.
func columnsMask(rows int, columns ...uint8) []uint8 { return bytes.Repeat(columns, rows) }

func maskTree(t *testing.T) tree {
	return tree{
		"roads/images/train/a.png":      photoOf(t, 4, 2),
		"roads/images/train/deep/b.jpg": jpegOf(t, image.NewGray(image.Rect(0, 0, 2, 4))),
		"roads/masks/train/a.png":       paletteMask(t, 4, columnsMask(2, 0, 1, 2, 255)),
		"roads/masks/train/deep/b.png":  greyMask(t, 2, columnsMask(4, 2, 1)),
		"roads/masks/train/notes.txt":   []byte("x"),
	}
}

func openMasks(t *testing.T, source MaskFolder, split Split) *maskedFolder {
	t.Helper()
	source.From.Cache = t.TempDir()
	return opened(t, source, split).(*maskedFolder)
}

func TestMaskFolder(t *testing.T) {
	t.Parallel()
	files := maskTree(t)
	names := []string{"other", "road", "pavement"}
	prints := map[string]bool{}
	for name, at := range map[string]string{"folder": files.folder(t), "folder of the tree": files.folder(t) + "/roads", "tar.gz": files.tar(t, true), "zip": files.zip(t)} {
		t.Run(name, func(t *testing.T) {
			set := openMasks(t, MaskFolder{From: ImageFolder{Path: at, Size: 4}, Classes: names}, Train)
			if got := paths(set.FolderSet); len(got) != 2 || !strings.HasSuffix(got[1], "deep/b.jpg") || len(set.MaskClasses()) != 3 {
				t.Fatalf("images %v of classes %v", got, set.MaskClasses())
			}
			if left := LeftOutOf(set); left.Serious() {
				t.Error(left)
			}
			const none = IgnoredPixel
			for i, want := range [][]uint8{
				{none, none, none, none, 0, 1, 2, none, 0, 1, 2, none, none, none, none, none},
				{none, 2, 1, none, none, 2, 1, none, none, 2, 1, none, none, 2, 1, none},
			} {
				mask := make([]uint8, 16)
				if err := set.ReadMask(i, mask); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(mask, want) {
					t.Errorf("mask %d is %v, want %v", i, mask, want)
				}
			}
			prints[set.Fingerprint()] = true
		})
	}
	stretched := openMasks(t, MaskFolder{From: ImageFolder{Path: files.folder(t), Size: 4}, Classes: names, Fit: Stretch, Unlabelled: []int{1}}, Train)
	mask := make([]uint8, 16)
	if err := stretched.ReadMask(1, mask); err != nil || !bytes.Equal(mask, columnsMask(4, 2, 2, 255, 255)) {
		t.Errorf("stretched: %v, error %v", mask, err)
	}
	prints[stretched.Fingerprint()] = true
	if len(prints) != 3 { // By paths, and by the fit.
		t.Errorf("%d fingerprints", len(prints))
	}
	_, err := MaskFolder{From: ImageFolder{Path: files.folder(t)}, Classes: names, TrainFolders: MaskFolders{"images/train", "masks/train"}}.Open(Test)
	if !errors.Is(err, ErrNoSplit) {
		t.Errorf("test: error %v", err)
	}
}

// Greys of one, two and four bits are classes too, though Go's decoder spreads them over 0 to 255.
func TestMasksOfFewBits(t *testing.T) {
	t.Parallel()
	for _, bits := range []int{1, 2, 4, 8} {
		most := uint8(1<<bits - 1)
		if bits == 8 {
			most = 9
		}
		want := []uint8{0, most, most / 2, 0}
		files := &maskFiles{side: 4, classes: make([]string, 20), maxPixels: 100}
		got, size, err := files.pixels(greyPNG(t, bits, want))
		if err != nil || size != image.Pt(4, 1) || !bytes.Equal(got, want) {
			t.Errorf("%d bits: %v of %v, want %v, error %v", bits, got, size, want, err)
		}
	}
}

// greyPNG is a row of greys of the given number of bits.
func greyPNG(t *testing.T, bits int, row []uint8) []byte {
	t.Helper()
	// Of a palette Go writes as few bits as it needs: the header and the palette are changed to grey.
	palette := make(color.Palette, 1<<bits)
	for i := range palette {
		palette[i] = color.NRGBA{uint8(i), 0, 0, 255}
	}
	img := image.NewPaletted(image.Rect(0, 0, len(row), 1), palette)
	copy(img.Pix, row)
	content := pngOf(t, img)
	content[25] = 0 // The kind: grey.
	binary.BigEndian.PutUint32(content[29:], crc32.ChecksumIEEE(content[12:29]))
	at := bytes.Index(content, []byte("PLTE")) - 4
	end := at + 12 + 3*len(palette)
	return append(content[:at:at], content[end:]...)
}

func TestMasksThatAreBad(t *testing.T) {
	t.Parallel()
	colours := pngOf(t, image.NewNRGBA(image.Rect(0, 0, 4, 2)))
	for name, test := range map[string]struct {
		change func(files tree)
		want   string
	}{
		"no mask":         {func(f tree) { delete(f, "roads/masks/train/a.png") }, "roads/images/train/a.png: it has no mask"},
		"damaged":         {func(f tree) { f["roads/masks/train/a.png"] = f["roads/masks/train/a.png"][:840] }, "roads/images/train/a.png: its mask: the image is"},
		"no PNG":          {func(f tree) { f["roads/masks/train/a.png"] = []byte("x") }, "roads/images/train/a.png: its mask: the image is"},
		"colours":         {func(f tree) { f["roads/masks/train/a.png"] = colours }, "roads/images/train/a.png: its mask: its pixels are colours; they must be classes, as a palette or as grey of up to 8 bits"},
		"unknown class":   {func(f tree) { f["roads/masks/train/a.png"] = greyMask(t, 4, columnsMask(2, 0, 1, 3, 0)) }, "roads/images/train/a.png: its mask: it has a pixel of class 3; there are 3 classes, from 0"},
		"of another size": {func(f tree) { f["roads/masks/train/a.png"] = greyMask(t, 3, columnsMask(2, 0, 1, 2)) }, "roads/images/train/a.png: it is 4×2 pixels, and what is said of it is of 3×2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := maskTree(t)
			test.change(files)
			source := MaskFolder{From: ImageFolder{Path: files.folder(t), Size: 4}, Classes: []string{"other", "road", "pavement"}}
			set := openMasks(t, source, Train)
			which, why, _ := strings.Cut(test.want, ": ")
			if left := LeftOutOf(set).String(); set.Len() != 1 || !strings.Contains(left, "1 image skipped ("+why) || !strings.Contains(left, which) {
				t.Errorf("%d images; it says %q, want %q", set.Len(), left, test.want)
			}
			mask := make([]uint8, 16)
			if err := set.ReadMask(0, mask); err != nil || mask[1] != 2 {
				t.Errorf("the other mask is %v, error %v", mask, err)
			}
			source.From.OnBad, source.From.Cache = Fail, t.TempDir()
			_, err := source.Open(Train)
			wantError(t, err, test.want)
		})
	}
	files := maskTree(t)
	files["roads/masks/train/z.png"] = greyMask(t, 2, []uint8{0, 1})
	files["roads/images/train/a.jpg"] = photoOf(t, 4, 2) // Sorted before a.png.
	set := openMasks(t, MaskFolder{From: ImageFolder{Path: files.folder(t), Size: 4}, Classes: []string{"other", "road", "pavement"}}, Train)
	if left := LeftOutOf(set); left.Objects.Reasons["a mask without an image"] != 1 || left.Ignored.Reasons["an image whose name another has"] != 1 || !left.Serious() {
		t.Errorf("left out: %s", left)
	}
}

func TestBadMaskFolders(t *testing.T) {
	t.Parallel()
	names := []string{"other", "road"}
	only := maskTree(t)
	for name := range only {
		if strings.HasSuffix(name, ".png") && strings.Contains(name, "masks") {
			only[name] = greyMask(t, 4, columnsMask(2, 0, 255, 0, 255))
		}
	}
	twice := maskTree(t)
	twice["streets/masks/train/a.png"] = twice["roads/masks/train/a.png"]
	for _, test := range []struct {
		source MaskFolder
		want   string
	}{
		{MaskFolder{Classes: names}, "data.MaskFolder: From: Path is missing"},
		{MaskFolder{From: ImageFolder{Path: "x"}}, "data.MaskFolder: Classes is 0; it must be in [1, 255]"},
		{MaskFolder{From: ImageFolder{Path: "x"}, Classes: names, Unlabelled: []int{256}}, "data.MaskFolder: Unlabelled[0] is 256; it must be in [0, 255]"},
		{MaskFolder{From: ImageFolder{Path: "x"}, Classes: names, TestFolders: MaskFolders{"a/", "a"}}, `data.MaskFolder: images and masks are both in "a/"`},
		{MaskFolder{From: ImageFolder{Path: "x"}, Classes: names, Fit: -1}, "data.MaskFolder: Fit is -1"},
		{MaskFolder{From: ImageFolder{Path: maskTree(t).folder(t)}, Classes: names, TrainFolders: MaskFolders{"images/train", "labels"}}, "there is no mask: no .png in a folder labels"},
		{MaskFolder{From: ImageFolder{Path: only.folder(t)}, Classes: names}, "all masks hold 0 and 255 alone"},
		{MaskFolder{From: ImageFolder{Path: twice.folder(t)}, Classes: names}, "the folder masks/train may be in "},
		{MaskFolder{From: ImageFolder{Path: maskTree(t).folder(t)}, Classes: names[:1]}, "all of its 2 images are left out, such as roads/images/train/a.png: its mask: it has a pixel of class 1"},
	} {
		test.source.From.Cache = t.TempDir()
		_, err := test.source.Open(Train)
		wantError(t, err, test.want)
	}
}

func FuzzMask(f *testing.F) {
	f.Add(greyMask(f, 2, []uint8{0, 1, 2, 255}))
	f.Add(paletteMask(f, 2, []uint8{0, 1, 2, 255}))
	f.Fuzz(func(t *testing.T, content []byte) {
		datatest.Bounded(t, func() {
			files := &maskFiles{side: 4, classes: []string{"a", "b", "c"}, maxPixels: 1 << 16}
			mask := files.decode(content)
			if mask.err != nil {
				return
			}
			square := make([]uint8, 16)
			if err := unpackMask(mask.packed, square); err != nil {
				t.Error(err)
			}
			for _, class := range square {
				if class > 2 && class != IgnoredPixel {
					t.Errorf("class %d", class)
				}
			}
		})
	})
}

// TestMasks128 opens real masks, of which 28 images have none.
func TestMasks128(t *testing.T) {
	at := datatest.File(t, "coco128-256px.tar.gz")
	names := make([]string, 201)
	for i := range names {
		names[i] = fmt.Sprint(i)
	}
	set := openMasks(t, MaskFolder{
		From: ImageFolder{Path: at, Size: 64}, Classes: names, Unlabelled: []int{0},
		TrainFolders: MaskFolders{"train2017", "masks/train2017"},
	}, Train)
	left := LeftOutOf(set)
	if set.Len() != 100 || left.Skipped.Reasons["it has no mask"] != 28 || left.Objects.Count() != 0 {
		t.Errorf("%d images, left out %s", set.Len(), left)
	}
	mask, known := make([]uint8, 64*64), 0
	for i := range set.Len() {
		if err := set.ReadMask(i, mask); err != nil {
			t.Fatal(err)
		}
		for _, class := range mask {
			if class == 0 {
				t.Fatal("a pixel of class 0")
			}
			if class != IgnoredPixel {
				known++
			}
		}
	}
	if share := float64(known) / float64(100*64*64); share < .5 || share > .8 {
		t.Errorf("%.0f %% of the pixels have a class", 100*share)
	}
}

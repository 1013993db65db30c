package data

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// leavingOut is a tree of two classes that leaves things out.
func leavingOut(t *testing.T) tree {
	files := tree{
		"train/a/bad.png": []byte("no image"), "README.md": []byte("x"), "extra/1.png": photo(t, 1),
		"train/a/line\nbreak.png": []byte("x"), "test/a/1.png": photo(t, 1), "test/b/1.png": photo(t, 1),
	}
	for i := range 30 {
		files[fmt.Sprintf("train/%c/%02d.png", 'a'+i%2, i)] = photo(t, i)
		files[fmt.Sprintf("train/a/%02d.txt", i)] = []byte("x")
	}
	return files
}

// TestLeftOutOf: what a folder leaves out is said by all that is made from it, and
// from the cache too.
func TestLeftOutOf(t *testing.T) {
	t.Parallel()
	dir, cache := leavingOut(t).folder(t), t.TempDir()
	folder := ImageFolder{Path: dir, Size: 8, Cache: cache}
	var captions strings.Builder
	for i := range 30 {
		fmt.Fprintf(&captions, "train/%c/%02d.png\t%s picture\n", 'a'+i%2, i, []string{"red", "blue"}[i/15])
	}
	captioned := CaptionFile{From: folder, Path: write(t, filepath.Join(t.TempDir(), "captions.tsv"), []byte(captions.String()))}
	relabelled := make([]int, 30)
	for _, c := range []struct {
		name   string
		source Source
	}{
		{"folder", folder},
		{"from the cache", folder},
		{"captioned", captioned},
		{"labelled", Labelled{From: folder, Subset: Subset{PerClass: 2}}},
		{"partly labelled", PartlyLabelled{From: folder, Subset: Subset{PerClass: 2}}},
		{"relabelled", Relabelled{From: folder, Labels: relabelled}},
		{"set aside of labelled", SetAside{From: Labelled{From: folder, Subset: Subset{PerClass: 4}}, Fraction: .5}},
		{"without combinations", HeldOut{From: captioned, Combinations: [][]string{{"red"}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			set, err := c.source.Open(Train)
			if err != nil {
				t.Fatal(err)
			}
			defer set.Close()
			left := LeftOutOf(set)
			if left.Skipped.Count() != 2 || left.Ignored.Reasons[noImage] != 31 || left.Ignored.Reasons[outsideSplits] != 1 || !left.Serious() {
				t.Errorf("left out: %+v", left)
			}
			if len(left.Ignored.First) != 20+1 {
				t.Errorf("%d paths of ignored files are kept, want 20 of one reason and 1 of another", len(left.Ignored.First))
			}
			want := `left out of pets/train: 2 images skipped (neither JPEG, PNG, GIF, WebP, BMP nor TIFF; train/a/bad.png, train/a/line\nbreak.png); ` +
				`32 files ignored (31: no image, 1: outside of the split folders; such as README.md, train/a/00.txt, train/a/01.txt)`
			if got := left.String(); got != want {
				t.Errorf("it says %q, want %q", got, want)
			}
		})
	}
}

func TestLeftOutOfNothing(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]Source{
		"folder": ImageFolder{Path: tree{"train/a/1.png": photo(t, 1)}.folder(t), Cache: t.TempDir()},
		"shapes": Shapes{Train: 4},
	} {
		set, err := source.Open(Train)
		if err != nil {
			t.Fatal(err)
		}
		defer set.Close()
		if left := LeftOutOf(set); left.String() != "" || left.Serious() {
			t.Errorf("%s leaves out %q", name, left)
		}
	}
	dir := tree{"train/a/1.png": photo(t, 1), "LICENSE.txt": []byte("x")}.folder(t)
	if left := openFolder(t, ImageFolder{Path: dir}, Train).LeftOut(); left.Serious() || !strings.Contains(left.String(), "1 file ignored (no image; LICENSE.txt)") {
		t.Errorf("a licence is serious: %t, %q", left.Serious(), left)
	}
}

func TestLeftOutLimitsItsReasons(t *testing.T) {
	t.Parallel()
	var l Listed
	for i := range 10 {
		for range i + 1 {
			l.add(fmt.Sprintf("%d.png", i), fmt.Sprintf("reason %d", i))
		}
	}
	want := "10: reason 9, 9: reason 8, 8: reason 7, 28 for other reasons; such as 0.png, 1.png, 1.png"
	if got := l.String(); got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
}

// TestImageFolderKnowsAWebDataset: its labels are not read, which is said.
func TestImageFolderKnowsAWebDataset(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		files  tree
		labels int
	}{
		{"classes", tree{"000.png": photo(t, 1), "000.cls": []byte("3"), "001.png": photo(t, 2), "001.cls": []byte("4")}, 2},
		{"json", tree{"./shard/000.png": photo(t, 1), "./shard/000.json": []byte("{}"), "./shard/001.png": photo(t, 2)}, 1},
		{"annotations beside images of classes", tree{"a/0.png": photo(t, 1), "a/0.json": []byte("{}"), "b/1.png": photo(t, 2)}, 0},
		{"a list", tree{"0.png": photo(t, 1), "1.png": photo(t, 2), "labels.json": []byte("{}")}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			left := openFolder(t, ImageFolder{Path: c.files.tar(t, false)}, Train).LeftOut()
			if left.Ignored.Reasons[labelFile] != c.labels || strings.Contains(left.String(), "looks like a WebDataset") != (c.labels > 0) {
				t.Errorf("%d labels, want %d: %s", left.Ignored.Reasons[labelFile], c.labels, left)
			}
		})
	}
}

// TestImageFolderSaysWhatIsTwice: an archive may hold a path twice.
func TestImageFolderSaysWhatIsTwice(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := range 2 {
		image := photo(t, i+1)
		if err := w.WriteHeader(&tar.Header{Name: "a/1.png", Mode: 0o644, Size: int64(len(image)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		w.Write(image)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	set := openFolder(t, ImageFolder{Path: write(t, filepath.Join(t.TempDir(), "pets.tar"), b.Bytes()), Size: 8}, Train)
	pix := make([]uint8, 8*8*3)
	if err := set.Read(0, pix); err != nil {
		t.Fatal(err)
	}
	if set.Len() != 1 || pix[0] != 1 || set.LeftOut().Ignored.Reasons[twiceInIt] != 1 {
		t.Errorf("%d images, the first of colour %d; %s", set.Len(), pix[0], set.LeftOut())
	}
}

// TestImageFolderSaysWhatItCannotOpen: nobody knows whether that is an image.
func TestImageFolderSaysWhatItCannotOpen(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	good, err := z.Create("a/1.png")
	if err != nil {
		t.Fatal(err)
	}
	good.Write(photo(t, 1))
	if _, err := z.CreateRaw(&zip.FileHeader{Name: "a/2", Method: 99}); err != nil { // Encrypted by AES.
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	left := openFolder(t, ImageFolder{Path: write(t, filepath.Join(t.TempDir(), "pets.zip"), b.Bytes())}, Train).LeftOut()
	if !left.Serious() || !strings.Contains(left.String(), "it cannot be opened: zip: unsupported compression algorithm; a/2") {
		t.Errorf("left out: %q", left)
	}
}

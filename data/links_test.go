package data

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"image"
	"image/color"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// link makes a symbolic link, or skips the test where there are none.
func link(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, name); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
}

func TestImageFolderFollowsLinks(t *testing.T) {
	t.Parallel()
	elsewhere := tree{"1.png": photo(t, 3), "deep/2.png": photo(t, 4)}.folder(t)
	for _, c := range []struct {
		name, target, link string
		images             []string
		left               map[string]string
	}{
		{"to a file elsewhere", filepath.Join(elsewhere, "1.png"), "train/a/out.png", []string{"train/a/out.png"}, nil},
		{"to a file without an image's name", filepath.Join(elsewhere, "1.png"), "train/a/out", []string{"train/a/out"}, nil},
		{"to a file of the tree", "../b/1.png", "train/a/in.png", []string{"train/a/in.png"}, nil},
		{"to a folder elsewhere, as a class", elsewhere, "train/c", []string{"train/c/1.png", "train/c/deep/2.png"}, nil},
		{"to a folder of the tree", "../b", "train/a/b", []string{"train/a/b/1.png"}, nil},
		{"that dangles", "nowhere.png", "train/a/x.png", nil, map[string]string{"train/a/x.png": "a link that leads nowhere"}},
		{"to itself", "x.png", "train/a/x.png", nil, map[string]string{"train/a/x.png": "a link that cannot be followed"}},
		{"to its own folder", ".", "train/a/x", nil, map[string]string{"train/a/x": "a link to a folder that it lies in itself"}},
		{"to the root", "../..", "train/a/x", nil, map[string]string{"train/a/x": "a link to a folder that it lies in itself"}},
		{"above the root", "../../..", "train/a/x", nil, map[string]string{"train/a/x": "a link to a folder that it lies in itself"}},
		{"to a device", os.DevNull, "train/a/x.png", nil, map[string]string{"train/a/x.png": "a link to what is neither a file nor a folder"}},
		{"hidden", elsewhere, "train/.x", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := tree{"train/a/1.png": photo(t, 1), "train/b/1.png": photo(t, 2), "test/a/1.png": photo(t, 1)}.folder(t)
			link(t, c.target, filepath.Join(dir, filepath.FromSlash(c.link)))
			set := openFolder(t, ImageFolder{Path: dir}, Train)
			want := slices.Sorted(slices.Values(append(c.images, "train/a/1.png", "train/b/1.png")))
			if !slices.Equal(paths(set), want) {
				t.Errorf("images %v, want %v", paths(set), want)
			}
			left := set.LeftOut()
			if left.NotFollowed.Count() != len(c.left) || left.Serious() != (len(c.left) > 0) {
				t.Errorf("not followed: %v, want %v", left.NotFollowed, c.left)
			}
			for _, l := range left.NotFollowed.First {
				if c.left[l.Path] != l.Reason {
					t.Errorf("%s is not followed: %q, want %q", l.Path, l.Reason, c.left[l.Path])
				}
			}
		})
	}
}

// TestImageFolderFollowsNoCircle: two folders that lead to each other are each
// seen once below the other.
func TestImageFolderFollowsNoCircle(t *testing.T) {
	t.Parallel()
	dir := tree{"train/a/1.png": photo(t, 1), "train/b/1.png": photo(t, 2), "test/a/1.png": photo(t, 1)}.folder(t)
	link(t, "../b", filepath.Join(dir, "train", "a", "toB"))
	link(t, "../a", filepath.Join(dir, "train", "b", "toA"))
	set := openFolder(t, ImageFolder{Path: dir}, Train)
	if want := []string{"train/a/1.png", "train/a/toB/1.png", "train/b/1.png", "train/b/toA/1.png"}; !slices.Equal(paths(set), want) {
		t.Errorf("images %v, want %v", paths(set), want)
	}
	left := set.LeftOut().NotFollowed.First
	if len(left) != 2 || left[0].Path != "train/a/toB/toA" || left[1].Path != "train/b/toA/toB" {
		t.Errorf("not followed: %v", left)
	}
}

// TestImageFolderSeesWhatLinksLeadTo: the cache is not taken where that has changed.
func TestImageFolderSeesWhatLinksLeadTo(t *testing.T) {
	t.Parallel()
	dir := tree{"train/a/1.png": photo(t, 1), "test/a/1.png": photo(t, 1)}.folder(t)
	elsewhere := tree{"1.png": photo(t, 3)}.folder(t)
	link(t, elsewhere, filepath.Join(dir, "train", "b"))
	link(t, "later.png", filepath.Join(dir, "train", "a", "2.png"))
	source := ImageFolder{Path: dir, Cache: t.TempDir()}
	known := map[string]bool{openFolder(t, source, Train).Fingerprint(): true}
	for _, change := range []struct {
		name string
		do   func() string
	}{
		{"another picture", func() string { return write(t, filepath.Join(elsewhere, "1.png"), photo(t, 4)) }},
		{"one more", func() string { return write(t, filepath.Join(elsewhere, "2.png"), photo(t, 5)) }},
		{"a dangling link mended", func() string { return write(t, filepath.Join(dir, "train", "a", "later.png"), photo(t, 6)) }},
	} {
		if err := os.Chtimes(change.do(), time.Time{}, time.Now().Add(time.Duration(len(known))*time.Hour)); err != nil {
			t.Fatal(err)
		}
		set := openFolder(t, source, Train)
		if known[set.Fingerprint()] {
			t.Errorf("%s is not seen", change.name)
		}
		known[set.Fingerprint()] = true
	}
}

// TestImageFolderSeesWhereLinksLead: to files of one size and time, as those of a store may be.
func TestImageFolderSeesWhereLinksLead(t *testing.T) {
	t.Parallel()
	dir := tree{"train/a/1.png": photo(t, 1), "test/a/1.png": photo(t, 1)}.folder(t)
	store := tree{"one": bmpOf(t, solid(image.NewNRGBA(image.Rect(0, 0, 8, 8)), orange)), "two": bmpOf(t, solid(image.NewNRGBA(image.Rect(0, 0, 8, 8)), color.White))}
	elsewhere, at := store.folder(t), time.Unix(1, 0)
	source := ImageFolder{Path: dir, Cache: t.TempDir()}
	known := map[string]bool{}
	for name := range store {
		if err := os.Chtimes(filepath.Join(elsewhere, name), at, at); err != nil {
			t.Fatal(err)
		}
		os.Remove(filepath.Join(dir, "train", "a", "2.bmp"))
		link(t, filepath.Join(elsewhere, name), filepath.Join(dir, "train", "a", "2.bmp"))
		known[openFolder(t, source, Train).Fingerprint()] = true
	}
	if len(known) != 2 {
		t.Error("that a link leads elsewhere is not seen")
	}
}

// TestArchivesFollowNoLinks: a link in an archive may lead anywhere.
func TestArchivesFollowNoLinks(t *testing.T) {
	t.Parallel()
	image := photo(t, 1)
	var tarred, zipped bytes.Buffer
	w := tar.NewWriter(&tarred)
	for _, h := range []*tar.Header{
		{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": "x"}}, // As git archive writes.
		{Name: "train/a/1.png", Typeflag: tar.TypeReg, Size: int64(len(image)), Mode: 0o644},
		{Name: "train/a/2.png", Typeflag: tar.TypeSymlink, Linkname: "1.png"},
		{Name: "train/a/3.png", Typeflag: tar.TypeLink, Linkname: "train/a/1.png"},
		{Name: "train/a/4.png", Typeflag: tar.TypeFifo},
	} {
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			w.Write(image)
		}
	}
	z := zip.NewWriter(&zipped)
	for name, mode := range map[string]fs.FileMode{"train/a/1.png": 0o644, "train/a/2.png": fs.ModeSymlink | 0o777, "train/a/4.png": fs.ModeNamedPipe} {
		h := &zip.FileHeader{Name: name}
		h.SetMode(mode)
		f, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if mode.IsRegular() {
			f.Write(image)
		} else {
			f.Write([]byte("1.png"))
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		content []byte
		links   int
	}{"pets.tar": {tarred.Bytes(), 2}, "pets.zip": {zipped.Bytes(), 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := openFolder(t, ImageFolder{Path: write(t, filepath.Join(t.TempDir(), name), c.content)}, Train)
			left := set.LeftOut().NotFollowed
			if set.Len() != 1 || left.Reasons[linkInArchive] != c.links || left.Reasons[notRegular] != 1 {
				t.Errorf("%d images, not followed: %v", set.Len(), left.Reasons)
			}
		})
	}
}

// TestImageFolderSaysWhyAClassIsEmpty: its images may be links that lead nowhere.
func TestImageFolderSaysWhyAClassIsEmpty(t *testing.T) {
	t.Parallel()
	dir := tree{"train/a/1.png": photo(t, 1), "train/b/.keep": nil}.folder(t)
	link(t, "/does/not/exist.png", filepath.Join(dir, "train", "b", "1.png"))
	wantError(t, openError(t, ImageFolder{Path: dir}, Train), "class folder train/b holds no image", "train/b/1.png (a link that leads nowhere)")
	wantError(t, openError(t, ImageFolder{Path: filepath.Join(dir, "train", "b")}, Train), "no image", "1.png")
}

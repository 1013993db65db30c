package data

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"image/color"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/disintegration/imaging"
)

// tree is files by path.
type tree map[string][]byte

// photo is a small image, of a colour of its own for every number.
func photo(t *testing.T, n int) []byte {
	return pngOf(t, imaging.New(12, 10, color.NRGBA{uint8(n), uint8(7 * n), uint8(31 * n), 255}))
}

func (files tree) sorted() []string { return slices.Sorted(maps.Keys(files)) }

func (files tree) folder(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "pets")
	for name, content := range files {
		write(t, filepath.Join(dir, filepath.FromSlash(name)), content)
	}
	return dir
}

func (files tree) tar(t *testing.T, zipped bool) string {
	t.Helper()
	content, name := tarOf(t, files), "pets.tar"
	if zipped {
		content, name = gzipBytes(t, content), "pets.tar.gz"
	}
	return write(t, filepath.Join(t.TempDir(), name), content)
}

func (files tree) zip(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range files.sorted() {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(files[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return write(t, filepath.Join(t.TempDir(), "pets.zip"), b.Bytes())
}

func openFolder(t *testing.T, source ImageFolder, split Split) *FolderSet {
	t.Helper()
	if source.Cache == "" {
		source.Cache = t.TempDir()
	}
	set, err := source.Open(split)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	return set.(*FolderSet)
}

func openError(t *testing.T, source ImageFolder, split Split) error {
	t.Helper()
	if source.Cache == "" {
		source.Cache = t.TempDir()
	}
	_, err := source.Open(split)
	return err
}

func paths(s *FolderSet) []string {
	var all []string
	for i := range s.Len() {
		all = append(all, s.Path(i))
	}
	return all
}

// splitTree has splits, odd names and formats, and files that are no images.
func splitTree(t *testing.T) tree {
	return tree{
		"train/cat/1.png":         photo(t, 1),
		"train/cat/more/2.JPG":    jpegOf(t, imaging.New(9, 9, orange)),
		"train/cat/3.jpg":         photo(t, 3), // a PNG by content
		"train/cat/4":             photo(t, 4), // an image without a name for it
		"train/dog/1.png":         photo(t, 5),
		"train/dog/.DS_Store":     []byte("x"),
		"train/dog/._1.png":       []byte("x"),
		"train/dog/notes.txt":     []byte("x"),
		"train/dog/data.bin":      []byte("not an image"),
		"test/dog/9.png":          photo(t, 9),
		"test/cat/8.png":          photo(t, 8),
		"valid/cat/7.png":         photo(t, 7),
		"__MACOSX/train/cat/.png": []byte("x"),
		"README.md":               []byte("x"),
	}
}

func TestImageFolderReadsEveryContainer(t *testing.T) {
	files := splitTree(t)
	fingerprints := map[string]bool{}
	wrapped := tree{}
	for name, content := range files {
		wrapped["./download/pets/"+name] = content
	}
	for _, path := range []string{files.folder(t), files.tar(t, false), files.tar(t, true), files.zip(t), wrapped.tar(t, true)} {
		set := openFolder(t, ImageFolder{Path: path, Size: 8}, Train)
		if set.Name() != "pets/train" {
			t.Errorf("%s: name %q", path, set.Name())
		}
		if !slices.Equal(set.Classes(), []string{"cat", "dog"}) || !slices.Equal(Labels(set), []int{0, 0, 0, 0, 1}) {
			t.Fatalf("%s: classes %v, labels %v of %v", path, set.Classes(), Labels(set), paths(set))
		}
		if set.Ignored().Count() != 3 { // notes.txt, data.bin, README.md
			t.Errorf("%s: %d files ignored, want 3", path, set.Ignored().Count())
		}
		pix := make([]uint8, 8*8*3)
		if err := set.Read(1, pix); err != nil {
			t.Fatal(err)
		}
		wantColour(t, set.Path(1), pix, [3]int{3, 21, 93}, 0)
		if !strings.HasPrefix(set.Path(0), "download/") {
			fingerprints[set.Fingerprint()] = true
		}
		if n := openFolder(t, ImageFolder{Path: path}, Test).Len(); n != 2 {
			t.Errorf("%s: %d test images, want 2", path, n)
		}
		if n := openFolder(t, ImageFolder{Path: path}, Validation).Len(); n != 1 {
			t.Errorf("%s: %d validation images, want 1", path, n)
		}
	}
	if len(fingerprints) != 1 {
		t.Errorf("the same files have %d fingerprints in four containers", len(fingerprints))
	}
}

func TestImageFolderHoldsOut(t *testing.T) {
	files := tree{}
	for i := range 300 {
		files[fmt.Sprintf("%s/%03d.png", []string{"cat", "dog", "train"}[i%3], i)] = photo(t, i)
	}
	source := ImageFolder{Path: files.folder(t), Size: 4, ValidationFraction: 0.1, Cache: t.TempDir()}
	where := map[string]Split{}
	for _, split := range []Split{Train, Validation, Test} {
		set := openFolder(t, source, split)
		if len(set.Classes()) != 3 { // one of them is named "train"
			t.Fatalf("%s has classes %v", split, set.Classes())
		}
		for _, path := range paths(set) {
			if before, twice := where[path]; twice {
				t.Errorf("%s is in %s and in %s", path, before, split)
			}
			where[path] = split
		}
		if n, want := set.Len(), [...]int{210, 30, 60}[split]; n != want {
			t.Errorf("%d images in %s, want %d", n, split, want)
		}
	}
	if len(where) != 300 {
		t.Errorf("%d images in all splits, want 300", len(where))
	}
	// More images move few of the old ones of their class, and none of another.
	moved := 0
	for i := 300; i < 400; i++ {
		files[fmt.Sprintf("dog/%03d.png", i)] = photo(t, i)
	}
	larger := ImageFolder{Path: files.zip(t), Size: 4, ValidationFraction: 0.1, Cache: source.Cache}
	for _, split := range []Split{Train, Validation, Test} {
		for _, path := range paths(openFolder(t, larger, split)) {
			if before, old := where[path]; old && before != split {
				moved++
				if !strings.HasPrefix(path, "dog/") {
					t.Errorf("%s moved from %s to %s", path, before, split)
				}
			}
		}
	}
	if moved > 10 {
		t.Errorf("%d of 100 old images moved", moved)
	}
	wantNoSplit(t, openError(t, ImageFolder{Path: source.Path}, Validation), "ValidationFraction")
}

func wantNoSplit(t *testing.T, err error, part string) {
	t.Helper()
	if !errors.Is(err, ErrNoSplit) {
		t.Errorf("error %v does not wrap ErrNoSplit", err)
	}
	wantError(t, err, part)
}

func TestImageFolderFlatIsUnlabelled(t *testing.T) {
	files := tree{}
	for i := range 20 {
		files[fmt.Sprintf("%02d.png", i)] = photo(t, i)
	}
	set := openFolder(t, ImageFolder{Path: files.folder(t)}, Train)
	if set.Classes() != nil || set.Label(0) != -1 || set.Len() < 10 {
		t.Errorf("%d images, classes %v, label %d", set.Len(), set.Classes(), set.Label(0))
	}
	// Unlabelled images to train, labelled ones to test.
	mixed := tree{"train/1.png": photo(t, 1), "train/2.png": photo(t, 2), "test/a/1.png": photo(t, 3), "test/b/1.png": photo(t, 4)}
	path := mixed.zip(t)
	if set := openFolder(t, ImageFolder{Path: path}, Train); set.Classes() != nil || set.Len() != 2 {
		t.Errorf("train: %d images of %v", set.Len(), set.Classes())
	}
	if set := openFolder(t, ImageFolder{Path: path}, Test); !slices.Equal(Labels(set), []int{0, 1}) {
		t.Errorf("test: labels %v", Labels(set))
	}
}

func TestImageFolderHoldsOutTheTestThatIsMissing(t *testing.T) {
	files := tree{"val/a/1.png": photo(t, 100)} // As ImageNet's folders.
	for i := range 30 {
		files[fmt.Sprintf("train/a/%02d.png", i)] = photo(t, i)
	}
	path := files.folder(t)
	train, test := openFolder(t, ImageFolder{Path: path}, Train), openFolder(t, ImageFolder{Path: path}, Test)
	if train.Len()+test.Len() != 30 || test.Len() == 0 || test.Classes() == nil {
		t.Errorf("%d images to train on and %d of %v to test on, want 30 in all", train.Len(), test.Len(), test.Classes())
	}
	if validation := openFolder(t, ImageFolder{Path: path}, Validation); validation.Len() != 1 {
		t.Errorf("%d validation images, want the 1 of val", validation.Len())
	}
}

func TestImageFolderLimitIsEven(t *testing.T) {
	files := tree{}
	for i := range 60 {
		files[fmt.Sprintf("train/%s/%02d.png", []string{"a", "b", "c"}[i%3], i)] = photo(t, i)
	}
	set := openFolder(t, ImageFolder{Path: files.zip(t), Train: 12}, Train)
	if !slices.Equal(Labels(set), []int{0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2}) {
		t.Errorf("labels %v, want four of each class", Labels(set))
	}
}

func TestImageFolderSkipsOrFails(t *testing.T) {
	good := photo(t, 1)
	files := tree{
		"train/cat/good.png":  good,
		"train/cat/short.png": good[:len(good)/2],
		"train/cat/text.jpg":  []byte("no image"),
		"train/dog/bomb.png":  bomb(t, 60_000, 60_000),
		"train/dog/good.png":  good,
		"train/dog/x.webp":    []byte("RIFF....WEBP"),
		"train/stray.png":     good,
		"test/cat/1.png":      good,
	}
	for _, path := range []string{files.folder(t), files.tar(t, true), files.zip(t)} {
		set := openFolder(t, ImageFolder{Path: path}, Train)
		if !slices.Equal(paths(set), []string{"train/cat/good.png", "train/dog/good.png"}) {
			t.Errorf("images %v", paths(set))
		}
		reasons := map[string]string{}
		for _, s := range set.Skipped() {
			reasons[s.Path] = s.Reason
		}
		for name, want := range map[string]string{
			"train/cat/short.png": "cut short", "train/cat/text.jpg": "neither", "train/dog/bomb.png": "60000×60000",
			"train/dog/x.webp": "damaged", "train/stray.png": "beside class folders",
		} {
			if !strings.Contains(reasons[name], want) {
				t.Errorf("%s was skipped because %q, want %q", name, reasons[name], want)
			}
		}
		if len(reasons) != 5 {
			t.Errorf("skipped %v", reasons)
		}
		pix := make([]uint8, 32*32*3)
		if err := set.Read(1, pix); err != nil { // behind an empty slot
			t.Fatal(err)
		}
		wantColour(t, "good.png", pix, [3]int{1, 7, 31}, 0)
		wantError(t, openError(t, ImageFolder{Path: path, OnBad: Fail}, Train), "train/", path)
	}
	wantError(t, openError(t, ImageFolder{Path: tree{"a/1.png": good, "b/1.png": []byte("x"), "b/2.png": []byte("y"), "b/3.png": []byte("z")}.folder(t)}, Train), "class b", "all 2", "b/1.png")
}

func TestImageFolderMaxPixels(t *testing.T) {
	path := tree{"train/a/large.png": pngOf(t, imaging.New(30, 30, orange)), "train/a/small.png": photo(t, 1), "test/a/1.png": photo(t, 1)}.folder(t)
	set := openFolder(t, ImageFolder{Path: path, MaxPixels: 500}, Train)
	if len(set.Skipped()) != 1 || set.Len() != 1 {
		t.Errorf("skipped %v", set.Skipped())
	}
}

func TestImageFolderRefusesToClimbOut(t *testing.T) {
	for _, name := range []string{"../evil.png", "train/../../evil.png", "/etc/evil.png", `..\evil.png`, `C:\evil.png`} {
		files := tree{"train/a/1.png": photo(t, 1), name: photo(t, 2)}
		for _, path := range []string{files.tar(t, false), files.tar(t, true), files.zip(t)} {
			wantError(t, openError(t, ImageFolder{Path: path}, Train), "outside of the archive", "evil.png", path)
		}
	}
}

func TestImageFolderEmpty(t *testing.T) {
	dir := tree{"train/a/1.png": photo(t, 1), "train/b/1.png": photo(t, 2), "test/a/1.png": photo(t, 3)}.folder(t)
	if err := os.MkdirAll(filepath.Join(dir, "train", "empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	wantError(t, openError(t, ImageFolder{Path: dir}, Train), "class folder train/empty holds no image")
	wantError(t, openError(t, ImageFolder{Path: t.TempDir()}, Train), "no image")
	wantError(t, openError(t, ImageFolder{Path: tree{"a/notes.txt": []byte("x")}.folder(t)}, Train), "no image", "1 files")
	wantError(t, openError(t, ImageFolder{Path: tree{"train/a/1.png": photo(t, 1), "test/b/1.png": photo(t, 1)}.folder(t)}, Test), "class b", "train")
}

func TestImageFolderBadArchives(t *testing.T) {
	dir := t.TempDir()
	wantError(t, openError(t, ImageFolder{Path: filepath.Join(dir, "absent")}, Train), "absent")
	wantError(t, openError(t, ImageFolder{Path: write(t, filepath.Join(dir, "text.tar"), []byte("hello"))}, Train), "neither a folder nor")
	// From the end of the plain .tar: two blocks of zeros, one of content, and
	// a part of the last header. (Cut between files, a .tar looks whole.)
	for path, cut := range map[string]int{splitTree(t).tar(t, false): 1024 + 512 + 200, splitTree(t).tar(t, true): 300, splitTree(t).zip(t): 300} {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		write(t, path, content[:len(content)-cut])
		wantError(t, openError(t, ImageFolder{Path: path}, Train), path, "damaged")
	}
}

func TestImageFolderCache(t *testing.T) {
	dir := tree{"train/a/1.png": photo(t, 1), "train/b/1.png": photo(t, 2), "train/b/2.png": []byte("bad"), "test/a/1.png": photo(t, 3)}.folder(t)
	source := ImageFolder{Path: dir, Size: 8, Cache: t.TempDir()}
	first := openFolder(t, source, Train)
	cached := func() []string {
		entries, err := os.ReadDir(source.Cache)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names
	}
	if names := cached(); len(names) != 1 || !strings.HasSuffix(names[0], ".pix") {
		t.Fatalf("the cache holds %v", names)
	}

	// From the file, not from memory: the same set.
	little := source
	little.Memory = 1
	second := openFolder(t, little, Train)
	if _, fromFile := second.pixels.(*os.File); !fromFile {
		t.Error("the pixels are in memory")
	}
	for _, source := range []ImageFolder{little, {Path: dir, Size: 8, Memory: 1, Cache: t.TempDir()}} {
		set := openFolder(t, source, Train)
		a, errA := Pixels(first, []int{0, 1})
		b, errB := Pixels(set, []int{0, 1})
		if errA != nil || errB != nil || !bytes.Equal(a, b) || set.Fingerprint() != first.Fingerprint() || len(set.Skipped()) != 1 {
			t.Errorf("the cache gives another set: %v %v, skipped %v", errA, errB, set.Skipped())
		}
	}

	// A changed file is seen, and its cache takes the place of the old one.
	write(t, filepath.Join(dir, "train/b/1.png"), photo(t, 99))
	if err := os.Chtimes(filepath.Join(dir, "train/b/1.png"), time.Time{}, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	third := openFolder(t, source, Train)
	if third.Fingerprint() == first.Fingerprint() {
		t.Error("a changed file is not seen")
	}
	names := cached()
	if len(names) != 1 {
		t.Errorf("the cache holds %v, want one state", names)
	}

	// A damaged cache is made again.
	content, err := os.ReadFile(filepath.Join(source.Cache, names[0]))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 10, len(content) - 1} {
		write(t, filepath.Join(source.Cache, names[0]), content[:n])
		if again := openFolder(t, source, Train); again.Fingerprint() != third.Fingerprint() {
			t.Errorf("with a cache of %d bytes: another set", n)
		}
	}
}

// TestImageFolderWithoutCache opens into memory where nothing can be written.
func TestImageFolderWithoutCache(t *testing.T) {
	dir := tree{"train/a/1.png": photo(t, 1)}.folder(t)
	file := write(t, filepath.Join(t.TempDir(), "file"), nil)
	source := ImageFolder{Path: dir, Cache: filepath.Join(file, "cache")}
	if set := openFolder(t, source, Train); set.Len() != 1 {
		t.Errorf("%d images", set.Len())
	}
	source.Memory = 1
	wantError(t, openError(t, source, Train), "Memory of 1 bytes", "cache cannot be written")
}

func TestImageFolderCheck(t *testing.T) {
	for _, c := range []struct {
		source ImageFolder
		field  string
	}{
		{ImageFolder{}, "Path"},
		{ImageFolder{Path: "x", Size: -1}, "Size"},
		{ImageFolder{Path: "x", Size: 5000}, "Size"},
		{ImageFolder{Path: "x", Train: -1}, "Train"},
		{ImageFolder{Path: "x", Test: -1}, "Test"},
		{ImageFolder{Path: "x", Validation: -1}, "Validation"},
		{ImageFolder{Path: "x", TestFraction: 1}, "TestFraction"},
		{ImageFolder{Path: "x", TestFraction: math.NaN()}, "TestFraction"},
		{ImageFolder{Path: "x", ValidationFraction: -0.1}, "ValidationFraction"},
		{ImageFolder{Path: "x", TestFraction: 0.5, ValidationFraction: 0.5}, "ValidationFraction"},
		{ImageFolder{Path: "x", OnBad: 7}, "OnBad"},
		{ImageFolder{Path: "x", Encoding: 2}, "Encoding"},
		{ImageFolder{Path: "x", Quality: 90}, "Quality"},
		{ImageFolder{Path: "x", Encoding: JPEG, Quality: 101}, "Quality"},
		{ImageFolder{Path: "x", Encoding: JPEG, Quality: -1}, "Quality"},
		{ImageFolder{Path: "x", MaxPixels: -1}, "MaxPixels"},
		{ImageFolder{Path: "x", Memory: -1}, "Memory"},
	} {
		_, err := c.source.Open(Train)
		wantError(t, err, "data.ImageFolder: "+c.field)
	}
	_, err := ImageFolder{Path: "x"}.Open(Split(-1))
	wantError(t, err, "the split is -1")
}

func TestImageFolderName(t *testing.T) {
	for path, want := range map[string]string{"/a/pets": "pets", "/a/pets/": "pets", "pets.tar.gz": "pets", "pets.v2.zip": "pets.v2", "x.tgz": "x"} {
		if got := (ImageFolder{Path: path}).Name(); got != want {
			t.Errorf("%s is named %q, want %q", path, got, want)
		}
	}
}

package data

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// tarHeader is the header of an entry, which archive/tar would not write.
func tarHeader(t *testing.T, name string, kind byte, size int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := tar.NewWriter(&b).WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(size), Format: tar.FormatUSTAR, Typeflag: tar.TypeReg}); err != nil {
		t.Fatal(err)
	}
	header := b.Bytes()
	header[156] = kind
	return withTarSum(header)
}

// withTarSum corrects the checksum of a header: the sum of its bytes, its own being spaces.
func withTarSum(header []byte) []byte {
	copy(header[148:], "        ")
	sum := 0
	for _, b := range header {
		sum += int(b)
	}
	copy(header[148:], fmt.Sprintf("%06o\x00 ", sum))
	return header
}

// sparseEntry is a file of which a .tar holds 512 bytes, and which has as many zeros behind them as
// it likes: as POSIX archives write it.
func sparseEntry(t *testing.T, name string, content []byte, size int) []byte {
	t.Helper()
	var records strings.Builder
	for _, record := range []string{
		"GNU.sparse.major=0", "GNU.sparse.minor=1", "GNU.sparse.name=" + name, fmt.Sprintf("GNU.sparse.size=%d", size),
		"GNU.sparse.numblocks=1", "GNU.sparse.map=0,512",
	} {
		fmt.Fprintf(&records, "%d %s\n", len(record)+4, record) // All are of two digits with their length.
	}
	entry := append(tarHeader(t, "pax", tar.TypeXHeader, records.Len()), padTo512([]byte(records.String()))...)
	return append(append(entry, tarHeader(t, name, tar.TypeReg, 512)...), padTo512(content)...)
}

// oldSparseEntry is one as GNU's own archives write it.
func oldSparseEntry(t *testing.T, name string, content []byte, size int) []byte {
	t.Helper()
	header := tarHeader(t, name, tar.TypeGNUSparse, 512)
	copy(header[257:], "ustar  \x00")
	clear(header[345:500])
	copy(header[386:], fmt.Sprintf("%011o\x00%011o\x00", 0, 512))
	copy(header[483:], fmt.Sprintf("%011o\x00", size))
	return append(withTarSum(header), padTo512(content)...)
}

func padTo512(content []byte) []byte {
	return append(bytes.Clone(content), make([]byte, (512-len(content)%512)%512)...)
}

// TestArchivesHoldWhatTheyClaim: what an archive cannot hold is refused before anything of that size
// is allocated. It is not parallel, since it measures the memory of all.
func TestArchivesHoldWhatTheyClaim(t *testing.T) {
	const entries, size = 16, 200 << 20
	head := append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 504)...)
	image := photo(t, 1)
	sparse := func(entry func(*testing.T, string, []byte, int) []byte) []byte {
		var b []byte
		for _, name := range []string{"test/a/good.png", "train/a/good.png"} {
			b = append(append(b, tarHeader(t, name, tar.TypeReg, len(image))...), padTo512(image)...)
		}
		b = append(b, entry(t, "train/a/sparse.png", image, 4096)...)
		for i := range entries {
			b = append(b, entry(t, fmt.Sprintf("train/a/%d.png", i), head, size)...)
		}
		return append(b, make([]byte, 1024)...)
	}
	var zipped bytes.Buffer
	z := zip.NewWriter(&zipped)
	for _, name := range []string{"test/a/good.png", "train/a/good.png", "train/a/sparse.png"} {
		if f, err := z.Create(name); err != nil {
			t.Fatal(err)
		} else if _, err := f.Write(image); err != nil {
			t.Fatal(err)
		}
	}
	for i := range entries {
		f, err := z.CreateRaw(&zip.FileHeader{
			Name: fmt.Sprintf("train/a/%d.png", i), Method: zip.Store, CompressedSize64: 512, UncompressedSize64: size,
		})
		if err != nil {
			t.Fatal(err)
		}
		f.Write(head)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		content []byte
	}{
		{"tar", sparse(sparseEntry)},
		{"tar of GNU", sparse(oldSparseEntry)},
		{"tar.gz", gzipBytes(t, sparse(sparseEntry))},
		{"zip", zipped.Bytes()},
	} {
		t.Run(c.name, func(t *testing.T) {
			source := ImageFolder{Path: write(t, filepath.Join(t.TempDir(), "pets"), c.content), Size: 8, Cache: t.TempDir()}
			used := allocated(func() {
				set := openFolder(t, source, Train)
				skipped := set.Skipped()
				if set.Len() != 2 || len(skipped) != entries || !strings.Contains(skipped[0].Reason, "it claims 209715200 bytes") {
					t.Errorf("%d images, skipped %v", set.Len(), skipped)
				}
			})
			if used > 20<<20 {
				t.Errorf("it allocated %d MiB", used>>20)
			}
		})
	}
}

// TestArchivesReadAPathOnce: whatever is there a second time takes no memory either.
func TestArchivesReadAPathOnce(t *testing.T) {
	image := photo(t, 1)
	const entries, size = 32, 4 << 20
	again := append(bytes.Clone(image), make([]byte, size)...)
	var tarred, zipped bytes.Buffer
	w, z := tar.NewWriter(&tarred), zip.NewWriter(&zipped)
	for i := range 1 + entries {
		content := again
		if i == 0 {
			content = image
		}
		if err := w.WriteHeader(&tar.Header{Name: "a/1.png", Mode: 0o644, Size: int64(len(content)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		w.Write(content)
		f, err := z.Create("a/1.png")
		if err != nil {
			t.Fatal(err)
		}
		f.Write(content)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		content []byte
	}{{"tar", tarred.Bytes()}, {"tar.gz", gzipBytes(t, tarred.Bytes())}, {"zip", zipped.Bytes()}} {
		t.Run(c.name, func(t *testing.T) {
			source := ImageFolder{Path: write(t, filepath.Join(t.TempDir(), "pets"), c.content), Size: 8, Cache: t.TempDir()}
			used := allocated(func() {
				set := openFolder(t, source, Train)
				if n := set.Ignored().Reasons[twiceInIt]; set.Len() != 1 || n != entries {
					t.Errorf("%d images, %d twice", set.Len(), n)
				}
			})
			if used > 8<<20 {
				t.Errorf("it allocated %d MiB", used>>20)
			}
		})
	}
}

// TestArchivesAreReadToTheirEnd: damage that only the sum at the end shows, and what is appended, are
// no less than damage before.
func TestArchivesAreReadToTheirEnd(t *testing.T) {
	t.Parallel()
	one, two := tree{"a/1.png": photo(t, 1)}, tree{"b/1.png": photo(t, 2)}
	flipped := gzipBytes(t, tarOf(t, one))
	flipped[len(flipped)-6] ^= 1 // In the sum.
	for _, c := range []struct {
		name    string
		content []byte
		err     string
	}{
		{"tar", tarOf(t, one), ""},
		{"tar and zeros", append(tarOf(t, one), make([]byte, 100_000)...), ""},
		{"tar and tar", append(tarOf(t, one), tarOf(t, two)...), "goes on behind its end"},
		{"tar.gz", gzipBytes(t, tarOf(t, one)), ""},
		{"tar.gz and another file", append(gzipBytes(t, tarOf(t, one)), "something else"...), ""},
		{"tar.gz and tar.gz", append(gzipBytes(t, tarOf(t, one)), gzipBytes(t, tarOf(t, two))...), "goes on behind its end"},
		{"tar.gz of another sum", flipped, "invalid checksum"},
		{"tar.gz without the sum", gzipBytes(t, tarOf(t, one))[:len(flipped)-8], "unexpected EOF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			source := ImageFolder{Path: write(t, filepath.Join(t.TempDir(), "pets"), c.content), Cache: t.TempDir()}
			if _, err := source.Open(Train); c.err != "" {
				wantError(t, err, "is damaged", c.err)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

// TestZipEntriesOfAllKinds: folders as Windows writes them, and what cannot be read.
func TestZipEntriesOfAllKinds(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	image := photo(t, 1)
	for _, e := range []struct {
		header  zip.FileHeader
		content []byte
	}{
		{zip.FileHeader{Name: "test/a/9.png"}, image},
		{zip.FileHeader{Name: `train\a\1.png`}, image},
		{zip.FileHeader{Name: `train\a\`, ExternalAttrs: 0x10}, nil}, // The attribute of a folder.
		{zip.FileHeader{Name: `train\a\more\`}, nil},
		{zip.FileHeader{Name: "train/a/secret.png", Flags: 1}, image},
		{zip.FileHeader{Name: "train/a/secret", Flags: 1}, image},
		{zip.FileHeader{Name: "train/a/broken", Method: zip.Deflate}, []byte("\xff\xff\xff\xff")},
	} {
		e.header.CRC32 = crc32.ChecksumIEEE(e.content)
		e.header.CompressedSize64, e.header.UncompressedSize64 = uint64(len(e.content)), uint64(len(e.content))
		f, err := z.CreateRaw(&e.header)
		if err != nil {
			t.Fatal(err)
		}
		f.Write(e.content)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	set := openFolder(t, ImageFolder{Path: write(t, filepath.Join(t.TempDir(), "pets.zip"), b.Bytes())}, Train)
	left := set.LeftOut()
	if got := paths(set); !slices.Equal(got, []string{"train/a/1.png"}) || left.NotFollowed.Count() > 0 {
		t.Errorf("images %q, not followed %s", got, left.NotFollowed)
	}
	if len(left.Skipped.First) != 1 || left.Skipped.First[0] != (Skipped{"train/a/secret.png", "it is encrypted"}) {
		t.Errorf("skipped: %v", left.Skipped.First)
	}
	if got := fmt.Sprint(left.Ignored.First); !strings.Contains(got, "train/a/secret it cannot be opened: it is encrypted") ||
		!strings.Contains(got, "train/a/broken it cannot be read: flate") || left.Ignored.Count() != 2 {
		t.Errorf("ignored: %v", got)
	}
}

func TestArchivesRefuseLongNames(t *testing.T) {
	t.Parallel()
	path := tree{"a/1.png": photo(t, 1), "a/" + strings.Repeat("x/", 3000) + "1.png": photo(t, 1)}.tar(t, true)
	wantError(t, openError(t, ImageFolder{Path: path}, Train), "a name of 6007 bytes", "at most 4096")
}

// TestNamesThatAreNoText are the same when they are read from the cache, where two of them must not
// become one.
func TestNamesThatAreNoText(t *testing.T) {
	t.Parallel()
	files := tree{}
	for i := range 2 {
		files["train/caf\xe8/"+fmt.Sprint(i)+".png"] = photo(t, 1+i)
		files["train/caf\xe9/"+fmt.Sprint(i)+".png"] = photo(t, 3+i)
	}
	files["test/caf\xe8/9.png"] = photo(t, 9)
	want := []string{`train/caf\xe8/0.png`, `train/caf\xe8/1.png`, `train/caf\xe9/0.png`, `train/caf\xe9/1.png`}
	open := map[string]func() string{
		"tar": func() string { return files.tar(t, false) }, "zip": func() string { return files.zip(t) },
	}
	if runtime.GOOS == "linux" {
		open["folder"] = func() string { return files.folder(t) }
	}
	for kind, path := range open {
		source := ImageFolder{Path: path(), Size: 8, Cache: t.TempDir()}
		frames := FrameFolder{Path: source.Path, Size: 8, Frames: 2, Cache: source.Cache}
		for _, when := range []string{"first", "again"} {
			set := openFolder(t, source, Train)
			if got := paths(set); !slices.Equal(got, want) || !slices.Equal(set.Classes(), []string{`caf\xe8`, `caf\xe9`}) {
				t.Errorf("%s, %s: images %q of classes %q", kind, when, got, set.Classes())
			}
			clips, err := frames.Open(Train)
			if err != nil {
				t.Fatal(err)
			}
			defer clips.Close()
			if clips.Len() != 2 {
				t.Errorf("%s, %s: %d clips of two videos of two frames", kind, when, clips.Len())
			}
		}
	}
}

func TestPathThatLeadsNowhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Symlink(filepath.Join(dir, "away"), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		path string
		want string
	}{
		"the last folder":   {filepath.Join(dir, "catz"), fmt.Sprintf(`%s has no "catz"; it must be a folder or an archive`, dir)},
		"a folder above it": {filepath.Join(dir, "no", "such", "catz"), fmt.Sprintf(`%s has no "no"`, dir)},
		"a link to nothing": {filepath.Join(dir, "link", "cats"), filepath.Join(dir, "link") + " is a link to what is not there"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, source := range []Source{ImageFolder{Path: c.path}, WebDataset{From: ImageFolder{Path: c.path}}} {
				_, err := source.Open(Train)
				if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "Path leads nowhere") || !strings.Contains(err.Error(), c.want) {
					t.Errorf("%T: error %v, want one that says %q", source, err, c.want)
				}
			}
		})
	}
	t.Run("a relative path", func(t *testing.T) {
		here, err := os.Getwd()
		if err != nil {
			t.Fatal(err)
		}
		_, err = ImageFolder{Path: "no/such"}.Open(Train)
		if err == nil || !strings.Contains(err.Error(), here+` has no "no"`) {
			t.Errorf("error %v does not say that it was looked for in %s", err, here)
		}
	})
}

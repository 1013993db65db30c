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

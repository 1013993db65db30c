package data

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// cifarRecords are n records with labels in turn; every pixel of record i is
// (i, i+1, i+2), but for the first, which is (0, 0, i).
func cifarRecords(format cifarFormat, n int) []byte {
	var raw []byte
	for i := range n {
		head := make([]byte, format.labels)
		head[format.label] = byte(i % len(format.classes))
		raw = append(raw, head...)
		for c := range 3 {
			plane := bytes.Repeat([]byte{byte(i + c)}, 1024)
			plane[0] = 0
			if c == 2 {
				plane[0] = byte(i)
			}
			raw = append(raw, plane...)
		}
	}
	return raw
}

// cifarArchive is a small archive in the published layout: n training images
// in every file, 20 test images.
func cifarArchive(t *testing.T, format cifarFormat, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	add := func(name string, content []byte) {
		if err := w.WriteHeader(&tar.Header{Name: format.folder + "/" + name, Mode: 0o644, Size: int64(len(content)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	add("readme.html", []byte("about"))
	for _, name := range format.train {
		add(name, cifarRecords(format, n))
	}
	for _, name := range format.test {
		add(name, cifarRecords(format, 20))
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func write(t *testing.T, path string, content []byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCIFAR10Archive(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "cifar.tar.gz"), cifarArchive(t, cifar10Format, 30))
	set, err := CIFAR10{Path: path}.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	if set.Len() != 150 || set.Name() != "cifar10/train" || set.Label(13) != 3 || set.Classes()[3] != "cat" {
		t.Fatalf("%s: %d images, image 13 is a %s", set.Name(), set.Len(), set.Classes()[set.Label(13)])
	}
	pix := make([]uint8, 3072)
	if err := set.Read(30+7, pix); err != nil { // image 7 of the second file
		t.Fatal(err)
	}
	if !bytes.Equal(pix[:6], []byte{0, 0, 7, 7, 8, 9}) || !bytes.Equal(pix[3069:], []byte{7, 8, 9}) {
		t.Errorf("image 37 begins %v: planes are not interleaved", pix[:6])
	}
	test, err := CIFAR10{Path: path, Test: 10}.Open(Test)
	if err != nil {
		t.Fatal(err)
	}
	if labels := slices.Sorted(slices.Values(Labels(test))); !slices.Equal(labels, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}) {
		t.Errorf("10 of 20 test images have labels %v, want one of each class", labels)
	}
	if test.Fingerprint() == set.Fingerprint() || len(test.Fingerprint()) != 64 {
		t.Errorf("fingerprint %q", test.Fingerprint())
	}
}

func TestCIFAR10ValidationIsHeldOut(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "cifar.tar.gz"), cifarArchive(t, cifar10Format, 20))
	_, err := CIFAR10{Path: path}.Open(Validation)
	if !errors.Is(err, ErrNoSplit) {
		t.Errorf("validation without any: %v, want ErrNoSplit", err)
	}
	source := CIFAR10{Path: path, Validation: 30}
	train, err := source.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	validation, err := source.Open(Validation)
	if err != nil {
		t.Fatal(err)
	}
	if train.Len() != 70 || validation.Len() != 30 {
		t.Errorf("%d and %d images, want 70 and 30", train.Len(), validation.Len())
	}
	count := make([]int, 10)
	for _, label := range Labels(validation) {
		count[label]++
	}
	if !slices.Equal(count, []int{3, 3, 3, 3, 3, 3, 3, 3, 3, 3}) {
		t.Errorf("validation classes %v, want 3 of each", count)
	}
	_, err = CIFAR10{Path: path, Validation: 100}.Open(Train)
	wantError(t, err, "Validation is 100", "data.CIFAR10: Validation is 100; it must be below the 100")
}

func TestComplement(t *testing.T) {
	if got := complement([]int{0, 3, 4}, 6); !slices.Equal(got, []int{1, 2, 5}) {
		t.Errorf("complement %v", got)
	}
}

func TestCIFAR100Labels(t *testing.T) {
	if len(cifar100Classes) != 100 || !slices.IsSorted(cifar100Classes) || len(cifar100Superclasses) != 20 {
		t.Fatalf("%d classes, %d superclasses", len(cifar100Classes), len(cifar100Superclasses))
	}
	path := write(t, filepath.Join(t.TempDir(), "cifar.tar.gz"), cifarArchive(t, cifar100Format, 200))
	fine, err := CIFAR100{Path: path}.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	coarse, err := CIFAR100{Path: path, Coarse: true}.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	if fine.Label(142) != 42 || fine.Classes()[42] != "leopard" || coarse.Label(142) != 0 || coarse.Name() != "cifar100-coarse/train" {
		t.Errorf("image 142 is class %d, superclass %d", fine.Label(142), coarse.Label(142))
	}
	// https://www.cs.toronto.edu/~kriz/cifar.html: a record is <coarse><fine><3072 pixels>.
	pix := make([]uint8, 3072)
	if err := fine.Read(1, pix); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(pix[3:6], []byte{1, 2, 3}) {
		t.Errorf("pixels %v begin at the wrong byte", pix[:6])
	}
}

func TestCIFARBadInput(t *testing.T) {
	dir := t.TempDir()
	open := func(path string) error {
		_, err := CIFAR10{Path: path}.Open(Train)
		return err
	}
	wantError(t, open(filepath.Join(dir, "absent")), "cifar10", "absent")
	wantError(t, open(dir), "cifar10", "data_batch_1.bin")
	wantError(t, open(write(t, filepath.Join(dir, "text"), []byte("hello"))), "not a .tar.gz")

	whole := cifarArchive(t, cifar10Format, 30)
	wantError(t, open(write(t, filepath.Join(dir, "short.tar.gz"), whole[:len(whole)/2])), "short.tar.gz", "EOF")
	wantError(t, open(write(t, filepath.Join(dir, "other.tar.gz"), cifarArchive(t, cifar100Format, 30))), "no file data_batch_1.bin")

	folder := filepath.Join(dir, "folder")
	for _, name := range cifar10Format.train {
		write(t, filepath.Join(folder, name), cifarRecords(cifar10Format, 10))
	}
	if err := open(folder); err != nil {
		t.Errorf("an unpacked folder: %v", err)
	}
	write(t, filepath.Join(folder, "data_batch_3.bin"), make([]byte, 3073+5))
	wantError(t, open(folder), "data_batch_3.bin", "3078 bytes", "cut short")
	bad := cifarRecords(cifar10Format, 10)
	bad[3073*4] = 77
	write(t, filepath.Join(folder, "data_batch_3.bin"), bad)
	wantError(t, open(folder), "record 24", "label 77")

	_, err := CIFAR10{Path: folder, Train: -1}.Open(Train)
	wantError(t, err, "Train is -1")
	_, err = CIFAR10{Path: folder}.Open(Split(5))
	wantError(t, err, "the split is 5")
}

// TestCIFARBelievesNoClaims opens archives that claim more than they can hold: in one file, or in all
// together.
func TestCIFARBelievesNoClaims(t *testing.T) { // Not parallel: it measures the memory of all.
	var together []byte
	for i := range 5 {
		together = append(together, sparseEntry(t, fmt.Sprintf("data_batch_%d.bin", i+1), make([]byte, 512), 100*3073)...)
	}
	for _, c := range []struct {
		name    string
		tar     []byte
		claimed []string
	}{
		{"one", tarHeader(t, "data_batch_1.bin", tar.TypeReg, 1<<30), []string{"data_batch_1.bin", "claims 1073741824 bytes"}},
		{"together", together, []string{"claims 307300 bytes", "more than its archive can hold"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := write(t, filepath.Join(t.TempDir(), "cifar.tar.gz"), gzipBytes(t, c.tar))
			var err error
			used := allocated(func() { _, err = CIFAR10{Path: path}.Open(Train) })
			wantError(t, err, c.claimed...)
			if used > 1<<20 {
				t.Errorf("it took %d bytes", used)
			}
		})
	}
}

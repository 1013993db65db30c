package data

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// idx is a file of the given magic number, dimensions and values.
func idx(magic uint32, shape []uint32, values []byte) []byte {
	file := binary.BigEndian.AppendUint32(nil, magic)
	for _, n := range shape {
		file = binary.BigEndian.AppendUint32(file, n)
	}
	return append(file, values...)
}

func gzipped(t *testing.T, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(content)
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// mnistFiles are the four files with n training and 20 test images: image i is
// all of value i but for its first pixel, which is 0, and of class i mod 10.
func mnistFiles(n int) map[string][]byte {
	files := map[string][]byte{}
	for stem, n := range map[string]int{"train": n, "t10k": 20} {
		var pix, labels []byte
		for i := range n {
			pix = append(append(pix, 0), bytes.Repeat([]byte{byte(i)}, 28*28-1)...)
			labels = append(labels, byte(i%10))
		}
		files[stem+"-images-idx3-ubyte"] = idx(0x803, []uint32{uint32(n), 28, 28}, pix)
		files[stem+"-labels-idx1-ubyte"] = idx(0x801, []uint32{uint32(n)}, labels)
	}
	return files
}

func writeAll(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		write(t, filepath.Join(dir, name), content)
	}
	return dir
}

func TestMNIST(t *testing.T) {
	plain := mnistFiles(60)
	zipped, pointed := map[string][]byte{}, map[string][]byte{}
	for name, content := range plain {
		zipped[name+".gz"] = gzipped(t, content)
		pointed[name[:len(name)-len("-idx3-ubyte")]+"."+name[len(name)-len("idx3-ubyte"):]] = gzipped(t, content)
	}
	var fingerprint string
	for kind, files := range map[string]map[string][]byte{"plain": plain, "compressed": zipped, "with a point": pointed} {
		dir := writeAll(t, files)
		train, err := MNIST{Path: dir}.Open(Train)
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		test, err := MNIST{Path: dir}.Open(Test)
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		height, width := train.Size()
		if train.Name() != "mnist/train" || train.Len() != 60 || test.Len() != 20 || height != 28 || width != 28 ||
			train.Label(37) != 7 || len(train.Classes()) != 10 {
			t.Errorf("%s: %d and %d images of %d×%d", kind, train.Len(), test.Len(), height, width)
		}
		pix := make([]uint8, 28*28*3)
		if err := train.Read(37, pix); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(pix[:6], []byte{0, 0, 0, 37, 37, 37}) {
			t.Errorf("%s: image 37 begins %v", kind, pix[:6])
		}
		if fingerprint == "" {
			fingerprint = train.Fingerprint()
		}
		if train.Fingerprint() != fingerprint || test.Fingerprint() == fingerprint {
			t.Errorf("%s: fingerprint %s", kind, train.Fingerprint())
		}
	}
}

func TestFashionMNIST(t *testing.T) {
	dir := writeAll(t, mnistFiles(60))
	set, err := FashionMNIST{Path: dir, Size: 32, Test: 10}.Open(Test)
	if err != nil {
		t.Fatal(err)
	}
	height, width := set.Size()
	if set.Name() != "fashion-mnist/test" || set.Len() != 10 || height != 32 || width != 32 || set.Classes()[9] != "ankle boot" {
		t.Errorf("%s: %d images of %d×%d, classes %v", set.Name(), set.Len(), height, width, set.Classes())
	}
	if labels := slices.Sorted(slices.Values(Labels(set))); !slices.Equal(labels, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}) {
		t.Errorf("10 of 20 test images have labels %v, want one of each class", labels)
	}
}

func TestMNISTValidationIsHeldOut(t *testing.T) {
	dir := writeAll(t, mnistFiles(60))
	_, err := MNIST{Path: dir}.Open(Validation)
	if !errors.Is(err, ErrNoSplit) {
		t.Errorf("validation without any: %v, want ErrNoSplit", err)
	}
	seen := map[uint8]bool{}
	for split, want := range map[Split]int{Train: 30, Validation: 20} {
		set, err := MNIST{Path: dir, Validation: 20, Train: 30}.Open(split)
		if err != nil {
			t.Fatal(err)
		}
		if set.Len() != want {
			t.Errorf("%s has %d images, want %d", split, set.Len(), want)
		}
		count := make([]int, 10)
		pix := make([]uint8, 28*28*3)
		for i := range set.Len() {
			count[set.Label(i)]++
			if err := set.Read(i, pix); err != nil {
				t.Fatal(err)
			}
			if seen[pix[3]] {
				t.Errorf("image %d is in both splits", pix[3])
			}
			seen[pix[3]] = true
		}
		if slices.Min(count) != want/10 || slices.Max(count) != want/10 {
			t.Errorf("%s: classes %v, want %d of each", split, count, want/10)
		}
	}
	_, err = MNIST{Path: dir, Validation: 60}.Open(Train)
	wantError(t, err, "Validation is 60", "Validation is 60; it must be below the 60")
}

func TestMNISTBadInput(t *testing.T) {
	open := func(change map[string][]byte) error {
		files := mnistFiles(60)
		maps.Copy(files, change)
		_, err := MNIST{Path: writeAll(t, files)}.Open(Train)
		return err
	}
	const images, labels = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
	good := mnistFiles(60)
	wantError(t, open(map[string][]byte{images: good[images][:1000]}), images, "cut short")
	wantError(t, open(map[string][]byte{images: good[images][:10]}), images, "header", "EOF")
	wantError(t, open(map[string][]byte{images: nil}), images, "header", "EOF")
	wantError(t, open(map[string][]byte{images: append(slices.Clone(good[images]), 0)}), images, "too long")
	wantError(t, open(map[string][]byte{images: good[labels]}), images, "0x00000801", "0x00000803")
	wantError(t, open(map[string][]byte{images: idx(0xd03, []uint32{1, 28, 28}, nil)}), images, "0x00000d03")
	wantError(t, open(map[string][]byte{images: idx(0x803, []uint32{0, 28, 28}, nil)}), images, "dimension 0 is 0")
	huge := idx(0x803, []uint32{1 << 31, 1 << 31, 1 << 31}, nil)
	wantError(t, open(map[string][]byte{images: huge}), images, "dimension 1", "at most")
	wantError(t, open(map[string][]byte{labels: good["t10k-labels-idx1-ubyte"]}), "60 images", "20 labels")
	bad := slices.Clone(good[labels])
	bad[8+41] = 10
	wantError(t, open(map[string][]byte{labels: bad}), labels, "label 41 is 10", "10 classes")
	whole := gzipped(t, good[images])
	wantError(t, open(map[string][]byte{images: whole[:len(whole)/2]}), images, "cut short", "EOF")
	wantError(t, open(map[string][]byte{images: append([]byte{0x1f, 0x8b}, "hello"...)}), images, "damaged .gz")

	_, err := MNIST{Path: t.TempDir()}.Open(Train)
	wantError(t, err, "mnist", images, ".gz")
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v is not os.ErrNotExist", err)
	}
	_, err = MNIST{Train: -1}.Open(Train)
	wantError(t, err, "data.MNIST: Train is -1")
	_, err = FashionMNIST{Size: -2}.Open(Train)
	wantError(t, err, "data.FashionMNIST: Size is -2")
	_, err = MNIST{}.Open(Split(7))
	wantError(t, err, "the split is 7")
}

func TestMNISTBelievesNoClaims(t *testing.T) {
	files := mnistFiles(60)
	files["train-images-idx3-ubyte"] = idx(0x803, []uint32{1 << 20, 28, 28}, make([]byte, 1000))
	path := writeAll(t, files)
	var err error
	used := allocated(func() { _, err = MNIST{Path: path}.Open(Train) })
	wantError(t, err, "train-images-idx3-ubyte", "cut short")
	if used > 1<<20 {
		t.Errorf("it took %d bytes", used)
	}
}

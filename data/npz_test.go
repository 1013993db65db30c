package data

import (
	"archive/zip"
	"bytes"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
)

// npyFile is a .npy file, version 1.0, of that type and shape.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
func npyFile(kind, fortran, shape string, values []byte) []byte {
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': %s, }", kind, fortran, shape)
	for (10+len(header)+1)%64 != 0 {
		header += " "
	}
	header += "\n"
	file := append([]byte("\x93NUMPY\x01\x00"), byte(len(header)), byte(len(header)>>8))
	return append(append(file, header...), values...)
}

// npzArchive is a .npz of the given .npy files.
func npzArchive(t *testing.T, arrays map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, content := range arrays {
		file, err := w.Create(name + ".npy")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestNPZBytes(t *testing.T) {
	values := []byte{0, 1, 2, 3, 4, 255}
	path := write(t, filepath.Join(t.TempDir(), "x.npz"), npzArchive(t, map[string][]byte{
		"good":      npyFile("|u1", "False", "(3, 2)", values),
		"vector":    npyFile("|u1", "True", "(6,)", values),
		"scalar":    npyFile("|u1", "False", "()", values[5:]),
		"empty":     npyFile("|u1", "False", "(0, 28, 28)", nil),
		"float":     npyFile("<f4", "False", "(3, 2)", values),
		"fortran":   npyFile("|u1", "True", "(3, 2)", values),
		"short":     npyFile("|u1", "False", "(3, 2)", values[:5]),
		"long":      npyFile("|u1", "False", "(3, 2)", append(values, 1)),
		"huge":      npyFile("|u1", "False", "(4294967296, 4294967296)", values),
		"negative":  npyFile("|u1", "False", "(-1, 2)", values),
		"text":      []byte("hello, world"),
		"nothing":   nil,
		"no-shape":  npyFile("|u1", "False", "x", values),
		"no-line":   []byte("\x93NUMPY\x01\x00\x03\x00abc"),
		"truncated": npyFile("|u1", "False", "(3, 2)", nil)[:40],
	}))
	file, err := openNPZ(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for name, want := range map[string][]int{"good": {3, 2}, "vector": {6}} {
		got, shape, err := file.bytes(name)
		if err != nil || !slices.Equal(shape, want) || !bytes.Equal(got, values) {
			t.Errorf("%s: %v of shape %v, %v", name, got, shape, err)
		}
	}
	if got, shape, err := file.bytes("scalar"); err != nil || len(shape) != 0 || !bytes.Equal(got, values[5:]) {
		t.Errorf("scalar: %v of shape %v, %v", got, shape, err)
	}
	if got, shape, err := file.bytes("empty"); err != nil || len(got) != 0 || len(shape) != 3 {
		t.Errorf("empty: %v of shape %v, %v", got, shape, err)
	}
	for name, part := range map[string]string{
		"absent": "could not find", "float": "<f4", "fortran": "Fortran order", "short": "cut short", "long": "too long",
		"huge": "at most", "negative": "shape", "text": "", "nothing": "", "no-shape": "", "no-line": "damaged", "truncated": "",
	} {
		_, _, err := file.bytes(name)
		wantError(t, err, "x.npz", "array "+name, part)
	}
	var twice bytes.Buffer
	w := zip.NewWriter(&twice)
	for i := range 2 {
		if f, err := w.Create("a.npy"); err != nil {
			t.Fatal(err)
		} else if _, err := f.Write(npyFile("|u1", "False", "(1,)", values[i:i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = openNPZ(write(t, filepath.Join(t.TempDir(), "twice.npz"), twice.Bytes()))
	wantError(t, err, "twice.npz is damaged: it holds a.npy twice")
	_, err = openNPZ(write(t, filepath.Join(t.TempDir(), "y.npz"), []byte("hello")))
	wantError(t, err, "y.npz")
}

// TestNPZBelievesNoClaims reads small files that claim to be large.
func TestNPZBelievesNoClaims(t *testing.T) {
	header := append([]byte("\x93NUMPY\x02\x00\xff\xff\xff\xff"), make([]byte, 1<<20)...)
	path := write(t, filepath.Join(t.TempDir(), "x.npz"), npzArchive(t, map[string][]byte{
		"header": header,
		"values": npyFile("|u1", "False", "(10000000000,)", make([]byte, 1<<20)),
	}))
	file, err := openNPZ(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for name, part := range map[string]string{"header": "claims 4294967295 bytes", "values": "cut short"} {
		used := allocated(func() { _, _, err = file.bytes(name) })
		wantError(t, err, "x.npz", "array "+name, part)
		if used > 1<<20 {
			t.Errorf("%s: it took %d bytes", name, used)
		}
	}
}

// allocated is how many bytes do took, which must use no other goroutines.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

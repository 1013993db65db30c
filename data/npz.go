package data

import (
	"archive/zip"
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"codeberg.org/sbinet/npyio/npy"
)

// npzFile reads arrays of bytes out of NumPy's .npz: a .zip of arrays, one a
// .npy file.
//
// The headers are npyio's to understand. The values are read here, since npyio
// takes the end of a file that was cut short for the end of the array and
// leaves zeros, and since images are read whole rather than a value at a time.
type npzFile struct {
	path string
	zip  *zip.Reader
	size int64 // of the file, in bytes
	io.Closer
}

const (
	// maxArray bounds the values of an array: a header can claim any number.
	maxArray = 1 << 34
	// maxNPYHeader bounds the bytes of an array's header: it names the type and
	// the shape, and takes 118 with one of bytes.
	maxNPYHeader = 64 << 10
	// maxRatio is how much DEFLATE, the compression of .zip and .gz, can save at
	// the most: a file that claims to hold more than that times its size lies.
	// https://zlib.net/zlib_tech.html
	maxRatio = 1032
)

func openNPZ(path string) (npzFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return npzFile{}, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return npzFile{}, err
	}
	archive, err := zip.NewReader(f, info.Size())
	if err != nil {
		f.Close()
		return npzFile{}, fmt.Errorf("%s is not a .npz, or damaged: %w", path, err)
	}
	names := map[string]bool{}
	for _, entry := range archive.File {
		if names[entry.Name] {
			f.Close()
			return npzFile{}, fmt.Errorf("%s is damaged: it holds %s twice", path, entry.Name)
		}
		names[entry.Name] = true
	}
	return npzFile{path, archive, info.Size(), f}, nil
}

// find returns the .zip's entry of an array, and nil where there is none.
func (f npzFile) find(name string) *zip.File {
	if i := slices.IndexFunc(f.zip.File, func(entry *zip.File) bool { return entry.Name == name+".npy" }); i >= 0 {
		return f.zip.File[i]
	}
	return nil
}

// has tells whether there is an array of that name.
func (f npzFile) has(name string) bool { return f.find(name) != nil }

// bytes reads the uint8 array of that name: its values in C order, and its
// shape. An array that is absent, of another type, in Fortran order or cut
// short is an error that names it.
func (f npzFile) bytes(name string) (values []uint8, shape []int, err error) {
	defer func() {
		// npyio slices a header's text where it expects the next key: on
		// damaged files that panics.
		if p := recover(); p != nil {
			err = fmt.Errorf("the header is damaged: %v", p)
		}
		if err != nil {
			err = fmt.Errorf("%s, array %s: %w", f.path, name, err)
		}
	}()
	entry := f.find(name)
	if entry == nil {
		return nil, nil, errors.New("could not find it in the archive")
	}
	opened, err := entry.Open()
	if err != nil {
		return nil, nil, err
	}
	defer opened.Close()
	content := bufio.NewReader(opened)
	if err := checkNPYHeader(content); err != nil {
		return nil, nil, err
	}
	array, err := npy.NewReader(content)
	if err != nil {
		return nil, nil, err
	}
	shape = array.Header.Descr.Shape
	if kind := array.Header.Descr.Type; kind != "'|u1'" && kind != "'u1'" {
		return nil, nil, fmt.Errorf("its type is %s; it must be '|u1' (uint8)", kind)
	}
	if array.Header.Descr.Fortran && len(shape) > 1 {
		return nil, nil, fmt.Errorf("it is in Fortran order; it must be in C order: numpy.ascontiguousarray makes it so")
	}
	want := 1
	for _, n := range shape {
		if n < 0 || (n > 0 && want > maxArray/n) {
			return nil, nil, fmt.Errorf("its shape is %v; it must hold at most %d values", shape, maxArray)
		}
		want *= n
	}
	values, err = readValues(content, want, f.size)
	if err != nil {
		return nil, nil, fmt.Errorf("its shape is %v: %w", shape, err)
	}
	return values, shape, nil
}

// checkNPYHeader looks at the length of a .npy file's header before any of it is
// read. https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
func checkNPYHeader(content *bufio.Reader) error {
	begin, err := content.Peek(12)
	if err != nil {
		return fmt.Errorf("it is cut short, in the header: %w", err)
	}
	// Version 1 has two bytes for it, others have four.
	if n := binary.LittleEndian.Uint32(begin[8:]); begin[6] > 1 && n > maxNPYHeader {
		return fmt.Errorf("its header claims %d bytes; it may have %d", n, maxNPYHeader)
	}
	return nil
}

// readValues reads the n values that are the rest of a content, which a file of
// size bytes holds, compressed or not.
func readValues(content io.Reader, n int, size int64) ([]uint8, error) {
	// Before anything of that size is allocated.
	if int64(n) > maxRatio*size {
		return nil, fmt.Errorf("it does not hold the %d values: the file has %d bytes, and is cut short", n, size)
	}
	values := make([]uint8, n)
	if _, err := io.ReadFull(content, values); err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil, fmt.Errorf("it does not hold the %d values: it is cut short: %w", n, err)
	} else if err != nil {
		return nil, err
	}
	// Only behind the last value are the checksums of .zip and .gz compared.
	if more, err := io.Copy(io.Discard, io.LimitReader(content, 1)); err != nil {
		return nil, err
	} else if more > 0 {
		return nil, fmt.Errorf("it holds more than the %d values: it is too long", n)
	}
	return values, nil
}

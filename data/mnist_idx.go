package data

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// idxArray is an array of bytes in the IDX format of MNIST's page: two zero
// bytes, the type (8 is unsigned byte), the number of dimensions, each of these
// as a big-endian uint32, then the values in C order.
type idxArray struct {
	path   string
	shape  []int
	values []uint8
}

// readIDX reads a file such as train-images-idx3-ubyte of a folder, by the part
// of its name before idx, and by its dimensions.
func readIDX(folder, stem string, dimensions int) (idxArray, error) {
	plain := fmt.Sprintf("%s-idx%d-ubyte", stem, dimensions)
	point := strings.Replace(plain, "-idx", ".idx", 1)
	for _, name := range []string{plain, plain + ".gz", point, point + ".gz"} {
		path := filepath.Join(folder, name)
		f, err := os.Open(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return idxArray{}, err
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return idxArray{}, err
		}
		array, err := parseIDX(f, info.Size(), dimensions)
		if err != nil {
			return idxArray{}, fmt.Errorf("%s: %w", path, err)
		}
		array.path = path
		return array, nil
	}
	return idxArray{}, fmt.Errorf("%s holds neither %s nor %s.gz: %w", folder, plain, plain, os.ErrNotExist)
}

// parseIDX reads an array out of a file of size bytes, compressed or not: by the
// first bytes, since .gz files are often unpacked without being renamed.
func parseIDX(f io.Reader, size int64, dimensions int) (idxArray, error) {
	in := bufio.NewReader(f)
	var content io.Reader = in
	if head, err := in.Peek(2); err == nil && head[0] == 0x1f && head[1] == 0x8b {
		unzipped, err := gzip.NewReader(in)
		if err != nil {
			return idxArray{}, fmt.Errorf("it is a damaged .gz: %w", err)
		}
		content = unzipped
	}
	header := make([]byte, 4+4*dimensions)
	if _, err := io.ReadFull(content, header); err != nil {
		return idxArray{}, fmt.Errorf("it is cut short, in the header: %w", err)
	}
	if magic, want := binary.BigEndian.Uint32(header), uint32(0x800+dimensions); magic != want {
		return idxArray{}, fmt.Errorf("it begins with %#08x; it must be %#08x: not an IDX file of bytes with %d dimensions",
			magic, want, dimensions)
	}
	array, want := idxArray{shape: make([]int, dimensions)}, 1
	for d := range array.shape {
		n := int(binary.BigEndian.Uint32(header[4+4*d:]))
		if n < 1 || want > maxArray/n {
			return idxArray{}, fmt.Errorf("dimension %d is %d; it must be at least 1, and at most %d values in all", d, n, maxArray)
		}
		array.shape[d], want = n, want*n
	}
	var err error
	if array.values, err = readValues(content, want, size); err != nil {
		return idxArray{}, fmt.Errorf("its shape is %v: %w", array.shape, err)
	}
	return array, nil
}

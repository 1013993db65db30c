package data

import (
	"bufio"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// matArray is an array of small whole numbers of a MATLAB file, in the order of MATLAB: the first index
// changes fastest.
type matArray struct {
	shape  []int
	values []uint8
}

// Kinds of elements in a MATLAB file of version 5
// (https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf, table 1-1).
const (
	matInt8       = 1
	matUint8      = 2
	matInt32      = 5
	matUint32     = 6
	matMatrix     = 14
	matCompressed = 15
)

const (
	matHeader  = 128
	maxMATName = 63 // that of MATLAB for a variable
	maxMATDims = 8
)

// readMAT reads the arrays of those names out of a MATLAB file of version 5. They must hold bytes; the
// other arrays of the file are passed over.
func readMAT(path string, names ...string) (map[string]matArray, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return parseMAT(f, info.Size(), names...)
}

// parseMAT reads a file of size bytes.
func parseMAT(content io.Reader, size int64, names ...string) (map[string]matArray, error) {
	in := bufio.NewReader(content)
	header := make([]byte, matHeader)
	if _, err := io.ReadFull(in, header); err != nil {
		return nil, errors.New("it is no MATLAB file of version 5, or cut short")
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch string(header[126:]) {
	case "IM":
	case "MI":
		order = binary.BigEndian
	default:
		return nil, errors.New("it is no MATLAB file of version 5")
	}
	if version := order.Uint16(header[124:]); version != 0x0100 {
		return nil, fmt.Errorf("it is a MATLAB file of another version than 5 (%#x)", version)
	}
	found := map[string]matArray{}
	for len(found) < len(names) {
		r := &matReader{in: in, order: order, most: maxRatio * size}
		kind, length, _, err := r.tag()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("it is damaged: %w", shorter(err))
		}
		element := io.LimitReader(in, int64(length))
		if err := r.element(kind, element, names, found); err != nil {
			return nil, err
		}
		if _, err := io.Copy(io.Discard, element); err != nil {
			return nil, err
		}
	}
	for _, name := range names {
		if _, ok := found[name]; !ok {
			return nil, fmt.Errorf("it holds no array %s", name)
		}
	}
	return found, nil
}

// matReader reads elements.
type matReader struct {
	in    io.Reader
	order binary.ByteOrder
	most  int64 // bytes that an array can have, in a file of that size
}

// tag reads the kind and the length of an element. In a short one the content is in the tag itself.
func (r *matReader) tag() (kind, length uint32, short []byte, err error) {
	tag := make([]byte, 8)
	if _, err := io.ReadFull(r.in, tag); err != nil {
		return 0, 0, nil, err
	}
	kind, length = r.order.Uint32(tag), r.order.Uint32(tag[4:])
	if kind>>16 != 0 {
		kind, length = kind&0xffff, kind>>16
		if length > 4 {
			return 0, 0, nil, fmt.Errorf("a short element claims %d bytes", length)
		}
		return kind, length, tag[4 : 4+length], nil
	}
	return kind, length, nil, nil
}

// element reads one of the file.
func (r *matReader) element(kind uint32, content io.Reader, names []string, found map[string]matArray) error {
	switch kind {
	case matMatrix:
		return r.matrix(content, names, found)
	case matCompressed:
		unzipped, err := zlib.NewReader(content)
		if err != nil {
			return fmt.Errorf("it is damaged: %w", shorter(err))
		}
		defer unzipped.Close()
		inner := &matReader{in: unzipped, order: r.order, most: r.most}
		kind, length, _, err := inner.tag()
		if err != nil {
			return fmt.Errorf("it is damaged: %w", shorter(err))
		}
		if kind != matMatrix {
			return nil
		}
		before := len(found)
		if err := r.matrix(io.LimitReader(unzipped, int64(length)), names, found); err != nil || len(found) == before {
			return err
		}
		// Only behind the last byte is the checksum compared.
		if more, err := io.Copy(io.Discard, io.LimitReader(unzipped, 64)); err != nil {
			return fmt.Errorf("it is damaged: %w", shorter(err))
		} else if more == 64 {
			return errors.New("it is damaged: an array is longer than it says")
		}
	}
	return nil
}

// matrix reads an array, unless it has another name.
func (r *matReader) matrix(content io.Reader, names []string, found map[string]matArray) error {
	in := &matReader{in: content, order: r.order, most: r.most}
	if _, err := in.part(matUint32, 8); err != nil {
		return fmt.Errorf("it is damaged, in the flags of an array: %w", err)
	}
	dims, err := in.part(matInt32, 4*maxMATDims)
	if err != nil {
		return fmt.Errorf("it is damaged, in the shape of an array: %w", err)
	}
	text, err := in.part(matInt8, maxMATName)
	if err != nil {
		return fmt.Errorf("it is damaged, in the name of an array: %w", err)
	}
	name := string(text)
	if _, twice := found[name]; twice || !slices.Contains(names, name) {
		return nil
	}
	var array matArray
	want := int64(1)
	for at := 0; at+4 <= len(dims); at += 4 {
		n := int32(r.order.Uint32(dims[at:]))
		if n < 0 || (n > 0 && want > r.most/int64(n)) {
			return fmt.Errorf("%s claims more values than the file can hold", name)
		}
		array.shape = append(array.shape, int(n))
		want *= int64(n)
	}
	if array.values, err = in.part(matUint8, want); err != nil {
		return fmt.Errorf("array %s of shape %v: %w", name, array.shape, err)
	}
	if int64(len(array.values)) != want {
		return fmt.Errorf("array %s of shape %v has %d values", name, array.shape, len(array.values))
	}
	found[name] = array
	return nil
}

// part reads an element of that kind and at most that many bytes, with the bytes that fill up eight.
func (r *matReader) part(kind uint32, most int64) ([]byte, error) {
	got, length, short, err := r.tag()
	if err != nil {
		return nil, shorter(err)
	}
	if got != kind {
		return nil, fmt.Errorf("it is an element of kind %d; it must be of kind %d", got, kind)
	}
	if int64(length) > most {
		return nil, fmt.Errorf("it claims %d bytes; it must have at most %d", length, most)
	}
	if short != nil || length == 0 {
		return short, nil
	}
	content := make([]byte, length)
	if _, err := io.ReadFull(r.in, content); err != nil {
		return nil, fmt.Errorf("it is cut short: %w", shorter(err))
	}
	_, err = io.CopyN(io.Discard, r.in, int64(-length&7))
	if err == io.EOF {
		err = nil // Behind the last part there may be nothing.
	}
	return content, err
}

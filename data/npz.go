package data

import (
	"fmt"
	"io"
	"slices"

	"codeberg.org/sbinet/npyio/npy"
	"codeberg.org/sbinet/npyio/npz"
)

// npzFile reads arrays of bytes out of NumPy's .npz: a .zip of arrays, one a
// .npy file.
//
// The headers are npyio's to understand. The values are read here, since npyio
// takes the end of a file that was cut short for the end of the array and
// leaves zeros, and since images are read whole rather than a value at a time.
type npzFile struct {
	path string
	zip  *npz.Reader
}

// maxArray bounds the values of an array: a header can claim any number.
const maxArray = 1 << 34

func openNPZ(path string) (npzFile, error) {
	zip, err := npz.Open(path)
	if err != nil {
		return npzFile{}, err
	}
	return npzFile{path, zip}, nil
}

func (f npzFile) close() error { return f.zip.Close() }

// has tells whether there is an array of that name.
func (f npzFile) has(name string) bool { return slices.Contains(f.zip.Keys(), name+".npy") }

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
	content, err := f.zip.Open(name + ".npy")
	if err != nil {
		return nil, nil, err
	}
	defer content.Close()
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
	// Not allocated by what the header claims: the file may be short.
	values, err = io.ReadAll(io.LimitReader(content, int64(want)+1))
	if err != nil {
		return nil, nil, err
	}
	if len(values) != want {
		return nil, nil, fmt.Errorf("it does not hold the %d values of its shape %v: it is cut short or too long", want, shape)
	}
	return values, shape, nil
}

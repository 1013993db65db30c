package encoder

import (
	"archive/zip"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path"
	"slices"
	"unicode/utf8"

	"github.com/gomlx/compute/dtypes/bfloat16"
	"github.com/gomlx/compute/dtypes/float16"
)

// maxSafetensorsHeader is the format's own limit in bytes, against files that claim a header larger
// than memory.
const maxSafetensorsHeader = 100_000_000

// safetensorsEntry is one tensor's entry in the header of the format.
type safetensorsEntry struct {
	DType       string  `json:"dtype"`
	Shape       []int   `json:"shape"`
	DataOffsets []int64 `json:"data_offsets"` // The first byte, and the one after the last, of the data.
}

// ReadSafetensors reads the tensors of a file of the safetensors format, by name, and its metadata.
// F16 and BF16 become float32. A tensor of integers or booleans, such as the counter of a batch-norm,
// is named and its values are passed over: see [Tensor.Integers]. Any other dtype is an error that
// names the tensor. So are NaN and infinite values, data that overlap, and data that belong to no
// tensor.
//
// A file of [WriteSafetensors] that has changed since is an error that wraps [ErrDamaged]. A file
// without its checksum is of another program, and read unverified: for files that only sslkit
// writes, use [ReadOwnSafetensors].
func ReadSafetensors(path string) (tensors map[string]Tensor, metadata map[string]string, err error) {
	return readSafetensors(path, false)
}

// ReadOwnSafetensors is [ReadSafetensors] for a file of [WriteSafetensors]: one without a checksum
// is damaged too.
func ReadOwnSafetensors(path string) (tensors map[string]Tensor, metadata map[string]string, err error) {
	return readSafetensors(path, true)
}

func readSafetensors(path string, own bool) (tensors map[string]Tensor, metadata map[string]string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("reading %s: %w", path, err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err == nil {
		tensors, metadata, err = decodeSafetensors(file, info.Size(), own)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return tensors, metadata, nil
}

// decodeSafetensors reads the content of a file.
func decodeSafetensors(file io.ReaderAt, size int64, own bool) (tensors map[string]Tensor, metadata map[string]string, err error) {
	// Before anything else is read: what is damaged can't be trusted to say what it is.
	verified := false
	if begin := make([]byte, sumAt+sumDigits); size >= int64(len(begin)) {
		if _, err := file.ReadAt(begin, 0); err != nil {
			return nil, nil, err
		}
		if verified = nearSumPrefix(begin[8:sumAt]); verified {
			if err := verifySum(file, size, int64(sumAt), begin[sumAt:]); err != nil {
				return nil, nil, err
			}
		}
	}
	if own && !verified {
		return nil, nil, fmt.Errorf("%w: it holds no checksum, as all such files do", ErrDamaged)
	}

	encoded, err := readHeader(file, size)
	if err != nil {
		return nil, nil, err
	}
	entries, metadata, err := parseHeader(encoded)
	if err != nil {
		return nil, nil, fmt.Errorf("the header: %w", err)
	}
	if sum, ok := metadata[sumKey]; ok {
		if !verified { // Another program has put it elsewhere.
			at := bytes.Index(encoded, []byte(`"`+sum+`"`)) + 1
			if err := verifySum(file, size, int64(8+at), []byte(sum)); err != nil {
				return nil, nil, err
			}
		}
		delete(metadata, sumKey)
	}
	dataAt := int64(8 + len(encoded))
	tensors, err = readTensors(io.NewSectionReader(file, dataAt, size-dataAt), size-dataAt, entries)
	return tensors, metadata, err
}

// nearSumPrefix tells whether a header begins as those of ours do. One that differs in one byte is
// damaged there: else a file whose key "sha256" is hit would pass for another program's.
func nearSumPrefix(begin []byte) bool {
	differ := 0
	for i := range begin {
		if begin[i] != sumPrefix[i] {
			differ++
		}
	}
	return differ <= 1
}

// verifySum checks the sum in a file, whose digits are at at.
func verifySum(file io.ReaderAt, size, at int64, digits []byte) error {
	want, err := hex.DecodeString(string(digits))
	if err != nil || len(want) != sha256.Size {
		return fmt.Errorf("%w: its checksum is not one", ErrDamaged)
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(file, 0, at)); err != nil {
		return err
	}
	sum.Write(bytes.Repeat([]byte{'0'}, len(digits)))
	end := at + int64(len(digits))
	if _, err := io.Copy(sum, io.NewSectionReader(file, end, size-end)); err != nil {
		return err
	}
	// Compared as text: a digit in upper case is a flipped bit too.
	if hex.EncodeToString(sum.Sum(nil)) != string(digits) {
		return fmt.Errorf("%w: its content does not have the SHA-256 that its metadata hold (where another program has changed it, "+
			"have that leave out the metadata's key %q)", ErrDamaged, sumKey)
	}
	return nil
}

// readHeader reads the header's JSON.
func readHeader(file io.ReaderAt, size int64) ([]byte, error) {
	var length [8]byte
	if size < int64(len(length)) {
		return nil, fmt.Errorf("it is cut short: it has %d bytes", size)
	}
	if _, err := file.ReadAt(length[:], 0); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint64(length[:])
	if n > maxSafetensorsHeader || int64(n) > size-8 {
		if err := foreign(file, size, length); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("it is no safetensors file, or cut short: its header claims %d bytes in a file of %d", n, size)
	}
	encoded := make([]byte, n)
	if _, err := file.ReadAt(encoded, 8); err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(encoded, []byte("{")) {
		if err := foreign(file, size, length); err != nil {
			return nil, err
		}
		return nil, errors.New("it is no safetensors file: its header does not begin with {")
	}
	return encoded, nil
}

// foreign is the error of PyTorch's own files, told by their content: those of torch.save, which
// are a zip archive with a pickle in it, or a pickle alone before PyTorch 1.6.
func foreign(file io.ReaderAt, size int64, begin [8]byte) error {
	pickle := begin[0] == 0x80 && begin[1] >= 2 && begin[1] <= 5 // The opcode PROTO and its version.
	if bytes.HasPrefix(begin[:], []byte("PK\x03\x04")) {
		archive, err := zip.NewReader(file, size)
		if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // Nothing is unpacked.
			return fmt.Errorf("it is a damaged zip archive: %w", err)
		}
		pickle = slices.ContainsFunc(archive.File, func(f *zip.File) bool { return path.Base(f.Name) == "data.pkl" })
	}
	if !pickle {
		return nil
	}
	return errors.New(`it is a pickle of PyTorch, which may run any program when it is read; convert it with Python:
	import torch; from safetensors.torch import save_file
	save_file(torch.load("weights.pth", map_location="cpu", weights_only=True), "weights.safetensors")
where the file holds more than weights, of the part that has them, such as torch.load(...)["model"], ["state_dict"] or ["teacher"]`)
}

// parseHeader reads the header: its tensors by the order of their data, and the metadata.
func parseHeader(encoded []byte) (entries []namedEntry, metadata map[string]string, err error) {
	if !utf8.Valid(encoded) {
		return nil, nil, errors.New("it is not valid UTF-8")
	}
	if err := uniqueNames(encoded); err != nil {
		return nil, nil, err
	}
	var header map[string]json.RawMessage
	if err := json.Unmarshal(encoded, &header); err != nil {
		return nil, nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(header)) {
		if name == metadataKey {
			if err := json.Unmarshal(header[name], &metadata); err != nil {
				return nil, nil, fmt.Errorf("%s: %w", metadataKey, err)
			}
			continue
		}
		entry := namedEntry{name: name}
		if err := json.Unmarshal(header[name], &entry.safetensorsEntry); err != nil {
			return nil, nil, fmt.Errorf("tensor %q: %w", name, err)
		}
		if entry.DType == "" || entry.Shape == nil || len(entry.DataOffsets) != 2 {
			return nil, nil, fmt.Errorf("tensor %q: its entry is %s; it must hold dtype, shape and two data_offsets", name, header[name])
		}
		entries = append(entries, entry)
	}
	slices.SortStableFunc(entries, func(a, b namedEntry) int {
		return cmp.Or(cmp.Compare(a.DataOffsets[0], b.DataOffsets[0]), cmp.Compare(a.DataOffsets[1], b.DataOffsets[1]))
	})
	return entries, metadata, nil
}

// uniqueNames returns an error if an object of the JSON text has a name twice: encoding/json would
// take the last in silence.
func uniqueNames(text []byte) error {
	tokens := json.NewDecoder(bytes.NewReader(text))
	tokens.UseNumber()
	type object struct {
		names map[string]bool // Nil in an array.
		value bool            // The next token is the value of a name.
	}
	var open []object
	for {
		token, err := tokens.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if token == json.Delim('}') || token == json.Delim(']') {
			open = open[:len(open)-1]
			continue
		}
		if n := len(open) - 1; n >= 0 && open[n].names != nil {
			if !open[n].value {
				name := token.(string)
				if open[n].names[name] {
					return fmt.Errorf("the name %q is there twice", name)
				}
				open[n].names[name] = true
			}
			open[n].value = !open[n].value
		}
		switch token {
		case json.Delim('{'):
			open = append(open, object{names: map[string]bool{}})
		case json.Delim('['):
			open = append(open, object{})
		}
	}
}

// namedEntry is an entry of the header with its name.
type namedEntry struct {
	name string
	safetensorsEntry
}

// readTensors reads the values of all tensors out of the data of a file, of size bytes, which they
// must fill: one behind the other, without gaps.
func readTensors(data io.Reader, size int64, entries []namedEntry) (map[string]Tensor, error) {
	tensors := make(map[string]Tensor, len(entries))
	var at int64
	for i, e := range entries {
		start, end := e.DataOffsets[0], e.DataOffsets[1]
		switch {
		case start < 0 || end < start || end > size:
			return nil, fmt.Errorf("tensor %q: its data are bytes %d to %d of %d: it is cut short, or the header is wrong", e.name, start, end, size)
		case start < at:
			return nil, fmt.Errorf("tensor %q: its data begin at byte %d, inside those of %q, which end at %d", e.name, start, entries[i-1].name, at)
		case start > at:
			return nil, fmt.Errorf("tensor %q: its data begin at byte %d, and bytes %d to %d belong to no tensor", e.name, start, at, start)
		}
		tensor := Tensor{Name: e.name, Shape: e.Shape}
		var err error
		if width, ok := integerWidths[e.DType]; ok {
			tensor.Integers = e.DType
			err = e.passOver(data, width)
		} else {
			tensor.Data, err = e.values(data)
		}
		if err != nil {
			return nil, fmt.Errorf("tensor %q: %w", e.name, err)
		}
		tensors[e.name] = tensor
		at = end
	}
	if at != size {
		return nil, fmt.Errorf("bytes %d to %d of the data belong to no tensor", at, size)
	}
	return tensors, nil
}

// elements is the product of a shape; false where a dimension is negative or the product above
// limit.
func elements(shape []int, limit int64) (int64, bool) {
	if slices.ContainsFunc(shape, func(dim int) bool { return dim < 0 }) {
		return 0, false
	}
	if slices.Contains(shape, 0) {
		return 0, true
	}
	n := int64(1)
	for _, dim := range shape {
		if n > limit/int64(dim) {
			return 0, false
		}
		n *= int64(dim)
	}
	return n, true
}

// integerWidths are the bytes of a value of the dtypes whose tensors are passed over.
var integerWidths = map[string]int64{
	"I64": 8, "I32": 4, "I16": 2, "I8": 1, "U64": 8, "U32": 4, "U16": 2, "U8": 1, "BOOL": 1,
}

// passOver skips the values of a tensor, which come next in the data.
func (e namedEntry) passOver(data io.Reader, width int64) error {
	length, err := e.length(width)
	if err != nil {
		return err
	}
	_, err = io.CopyN(io.Discard, data, length)
	return err
}

// length is the number of bytes of a tensor's data, which its shape must take.
func (e namedEntry) length(width int64) (int64, error) {
	length := e.DataOffsets[1] - e.DataOffsets[0]
	if n, ok := elements(e.Shape, length/width); !ok || n*width != length {
		return 0, fmt.Errorf("its shape is %v of %s, which does not take the %d bytes of its data", e.Shape, e.DType, length)
	}
	return length, nil
}

// values decodes the values of a tensor, which come next in the data.
func (e namedEntry) values(data io.Reader) ([]float32, error) {
	var width int64
	var decode func([]byte) float32
	switch e.DType {
	case "F32":
		width, decode = 4, func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) }
	case "F16":
		width, decode = 2, func(b []byte) float32 { return float16.FromBits(binary.LittleEndian.Uint16(b)).Float32() }
	case "BF16":
		width, decode = 2, func(b []byte) float32 { return bfloat16.FromBits(binary.LittleEndian.Uint16(b)).Float32() }
	default:
		return nil, fmt.Errorf("its dtype is %s; only F32, F16 and BF16 are read", e.DType)
	}
	length, err := e.length(width)
	if err != nil {
		return nil, err
	}
	values := make([]float32, 0, length/width)
	block := make([]byte, min(length, 1<<16))
	for left := length; left > 0; left -= int64(len(block)) {
		block = block[:min(left, int64(len(block)))]
		if _, err := io.ReadFull(data, block); err != nil {
			return nil, err
		}
		for at := int64(0); at < int64(len(block)); at += width {
			v := decode(block[at:])
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return nil, fmt.Errorf("value %d is %g; it must be finite", len(values), v)
			}
			values = append(values, v)
		}
	}
	return values, nil
}

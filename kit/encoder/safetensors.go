package encoder

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"sslkit/kit/wholefile"
)

// Tensor is a named float32 array, row-major.
type Tensor struct {
	Name  string    // As timm names it: "layer1.0.conv1.weight".
	Shape []int     // Its dimensions, the slowest first.
	Data  []float32 // Its values: as many as the product of Shape.
	// Integers is the dtype, such as "I64", of a tensor of a file that holds integers or booleans;
	// Data is nil then. Else it is "".
	Integers string
}

// ErrDamaged is wrapped by the error of reading a file whose bytes are not those that
// [WriteSafetensors] wrote.
var ErrDamaged = errors.New("the file is damaged")

const (
	// metadataKey is where the header of the format keeps what is no tensor.
	metadataKey = "__metadata__"
	// sumKey is where the metadata keep the SHA-256, in hex, of the whole file with those digits
	// replaced by zeros.
	sumKey = "sha256"
	// sumPrefix is what the header of a file of ours begins with. The sum follows: always at one
	// place, so that it is found however the rest is damaged.
	sumPrefix = `{"` + metadataKey + `":{"` + sumKey + `":"`
	sumDigits = 2 * sha256.Size
	// sumAt is where the sum is in a file of ours: behind the header's length and sumPrefix.
	sumAt = 8 + len(sumPrefix)
)

// WriteSafetensors writes tensors, in float32 and in the order of their names, to a file of the
// safetensors format (https://github.com/huggingface/safetensors), with a checksum in its metadata
// by which [ReadSafetensors] notices damage. Equal tensors and metadata make equal bytes. The file
// is written whole beside path and then renamed: on an error, what was at path before stays. Two
// tensors of one name, one whose Data do not fill its Shape, and metadata with the key "sha256",
// which is the checksum's, are errors.
func WriteSafetensors(path string, tensors []Tensor, metadata map[string]string) error {
	return wholefile.Write(path, func(w io.Writer) error { return encodeSafetensors(w, tensors, metadata) })
}

// encodeSafetensors writes the content of a file. The tensors are encoded twice, since their sum
// stands before them: that takes less than a second copy in memory would.
func encodeSafetensors(w io.Writer, tensors []Tensor, metadata map[string]string) error {
	tensors = slices.SortedFunc(slices.Values(tensors), func(a, b Tensor) int { return strings.Compare(a.Name, b.Name) })
	head, err := safetensorsHead(tensors, metadata)
	if err != nil {
		return err
	}
	sum := sha256.New()
	sum.Write(head)
	if err := encodeValues(sum, tensors); err != nil {
		return err
	}
	hex.Encode(head[sumAt:], sum.Sum(nil))
	if _, err := w.Write(head); err != nil {
		return err
	}
	return encodeValues(w, tensors)
}

// safetensorsHead is the header and its length, with zeros for the sum.
func safetensorsHead(tensors []Tensor, metadata map[string]string) ([]byte, error) {
	if _, taken := metadata[sumKey]; taken {
		return nil, fmt.Errorf("the metadata hold the key %q, which is the checksum's", sumKey)
	}
	head := append(make([]byte, 8), sumPrefix...)
	head = append(head, bytes.Repeat([]byte{'0'}, sumDigits)...)
	head = append(head, '"')
	rest, err := json.Marshal(metadata) // Maps are written in the order of their keys.
	if err != nil {
		return nil, err
	}
	if len(metadata) > 0 {
		head = append(append(head, ','), rest[1:]...)
	} else {
		head = append(head, '}')
	}
	var offset int64
	for i, t := range tensors {
		switch {
		case t.Name == metadataKey || !utf8.ValidString(t.Name):
			return nil, fmt.Errorf("%q is no name of a tensor", t.Name)
		case i > 0 && t.Name == tensors[i-1].Name:
			return nil, fmt.Errorf("two tensors have the name %q", t.Name)
		}
		if n, ok := elements(t.Shape, int64(len(t.Data))); !ok || n != int64(len(t.Data)) {
			return nil, fmt.Errorf("tensor %q: its shape is %v, which its %d values do not fill", t.Name, t.Shape, len(t.Data))
		}
		name, err := json.Marshal(t.Name)
		if err != nil {
			return nil, err
		}
		end := offset + 4*int64(len(t.Data))
		entry, err := json.Marshal(safetensorsEntry{"F32", append([]int{}, t.Shape...), []int64{offset, end}})
		if err != nil {
			return nil, err
		}
		head = append(append(append(append(head, ','), name...), ':'), entry...)
		offset = end
	}
	head = append(head, '}')
	for len(head)%8 != 0 { // The format aligns the data to 8 bytes with spaces.
		head = append(head, ' ')
	}
	if len(head)-8 > maxSafetensorsHeader {
		return nil, fmt.Errorf("the header takes %d bytes; the format allows %d", len(head)-8, maxSafetensorsHeader)
	}
	binary.LittleEndian.PutUint64(head, uint64(len(head)-8))
	return head, nil
}

func encodeValues(w io.Writer, tensors []Tensor) error {
	buffered := bufio.NewWriterSize(w, 1<<16)
	var word [4]byte
	for _, t := range tensors {
		for _, v := range t.Data {
			binary.LittleEndian.PutUint32(word[:], math.Float32bits(v))
			if _, err := buffered.Write(word[:]); err != nil {
				return err
			}
		}
	}
	return buffered.Flush()
}

package encoder

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Tensor is a named float32 array, row-major.
type Tensor struct {
	Name  string    // As timm names it: "layer1.0.conv1.weight".
	Shape []int     // Its dimensions, the slowest first.
	Data  []float32 // Its values: as many as the product of Shape.
}

// safetensorsEntry is one tensor's entry in the header of the format
// (https://github.com/huggingface/safetensors).
type safetensorsEntry struct {
	DType       string   `json:"dtype"`
	Shape       []int    `json:"shape"`
	DataOffsets [2]int64 `json:"data_offsets"`
}

// maxSafetensorsHeader is the format's own limit, against files that claim a header larger than
// memory.
const maxSafetensorsHeader = 100 << 20

// WriteSafetensors writes tensors, in float32 and in the order of their names, to a file of the
// safetensors format. Equal tensors and metadata make equal bytes. The file is written whole beside
// path and then renamed: on an error, what was at path before stays.
func WriteSafetensors(path string, tensors []Tensor, metadata map[string]string) (err error) {
	tensors = slices.SortedFunc(slices.Values(tensors), func(a, b Tensor) int { return strings.Compare(a.Name, b.Name) })
	header := map[string]any{}
	if len(metadata) > 0 {
		header["__metadata__"] = metadata
	}
	var offset int64
	for _, t := range tensors {
		size := int64(4 * len(t.Data))
		header[t.Name] = safetensorsEntry{"F32", t.Shape, [2]int64{offset, offset + size}}
		offset += size
	}
	encoded, err := json.Marshal(header) // Maps are written in the order of their keys.
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	for len(encoded)%8 != 0 { // The format aligns the data to 8 bytes with spaces.
		encoded = append(encoded, ' ')
	}

	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			file.Close()
			os.Remove(file.Name())
			err = fmt.Errorf("writing %s: %w", path, err)
		}
	}()
	w := bufio.NewWriterSize(file, 1<<20)
	if err = binary.Write(w, binary.LittleEndian, uint64(len(encoded))); err != nil {
		return err
	}
	if _, err = w.Write(encoded); err != nil {
		return err
	}
	var word [4]byte
	for _, t := range tensors {
		for _, v := range t.Data {
			binary.LittleEndian.PutUint32(word[:], math.Float32bits(v))
			if _, err = w.Write(word[:]); err != nil {
				return err
			}
		}
	}
	if err = w.Flush(); err != nil {
		return err
	}
	if err = file.Sync(); err != nil {
		return err
	}
	if err = file.Close(); err != nil {
		return err
	}
	if err = os.Chmod(file.Name(), 0o644); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// ReadSafetensors reads the float32 tensors of a file of the safetensors format, by name, and its
// metadata.
func ReadSafetensors(path string) (tensors map[string]Tensor, metadata map[string]string, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("reading %s: %w", path, err)
		}
	}()
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, nil, err
	}
	var headerLen uint64
	if err = binary.Read(file, binary.LittleEndian, &headerLen); err != nil {
		return nil, nil, err
	}
	if headerLen > maxSafetensorsHeader || int64(headerLen)+8 > info.Size() {
		return nil, nil, fmt.Errorf("its header claims %d bytes in a file of %d", headerLen, info.Size())
	}
	encoded := make([]byte, headerLen)
	if _, err = io.ReadFull(file, encoded); err != nil {
		return nil, nil, err
	}
	var header map[string]json.RawMessage
	if err = json.Unmarshal(encoded, &header); err != nil {
		return nil, nil, err
	}
	data := make([]byte, info.Size()-8-int64(headerLen))
	if _, err = io.ReadFull(file, data); err != nil {
		return nil, nil, err
	}
	tensors = make(map[string]Tensor, len(header))
	for name, raw := range header {
		if name == "__metadata__" {
			if err = json.Unmarshal(raw, &metadata); err != nil {
				return nil, nil, err
			}
			continue
		}
		var entry safetensorsEntry
		if err = json.Unmarshal(raw, &entry); err != nil {
			return nil, nil, err
		}
		values, err := entry.values(data)
		if err != nil {
			return nil, nil, fmt.Errorf("tensor %q: %w", name, err)
		}
		tensors[name] = Tensor{Name: name, Shape: entry.Shape, Data: values}
	}
	return tensors, metadata, nil
}

// values decodes the entry's part of the data.
func (e safetensorsEntry) values(data []byte) ([]float32, error) {
	if e.DType != "F32" {
		return nil, fmt.Errorf("its dtype is %s; only F32 is read", e.DType)
	}
	size := 1
	for _, dim := range e.Shape {
		if dim < 0 || (dim > 0 && size > len(data)/dim) {
			return nil, fmt.Errorf("its shape %v is larger than the file", e.Shape)
		}
		size *= dim
	}
	start, end := e.DataOffsets[0], e.DataOffsets[1]
	if start < 0 || end > int64(len(data)) || end-start != int64(4*size) {
		return nil, fmt.Errorf("bytes %d to %d do not hold its shape %v", start, end, e.Shape)
	}
	values := make([]float32, size)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[start+int64(4*i):]))
	}
	return values, nil
}

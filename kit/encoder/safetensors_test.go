package encoder

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// twoTensors are small weights.
func twoTensors() []Tensor {
	return []Tensor{{Name: "b", Shape: []int{2, 2}, Data: []float32{1, -2, 3.5, 0}}, {Name: "a", Shape: []int{}, Data: []float32{7}}}
}

// written is the content of a file with them.
func written(t testing.TB, tensors []Tensor, metadata map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encodeSafetensors(&b, tensors, metadata); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// foreignFile is a file of another program: without a checksum.
func foreignFile(header string, data ...byte) []byte {
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), data...)
}

func decodeContent(content []byte, own bool) (map[string]Tensor, map[string]string, error) {
	return decodeSafetensors(bytes.NewReader(content), int64(len(content)), own)
}

func TestSafetensorsHoldWhatWasWritten(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.safetensors")
	metadata := map[string]string{"architecture": "resnet", "<": "\""}
	if err := WriteSafetensors(path, twoTensors(), metadata); err != nil {
		t.Fatal(err)
	}
	for name, read := range map[string]func(string) (map[string]Tensor, map[string]string, error){"any": ReadSafetensors, "own": ReadOwnSafetensors} {
		tensors, got, err := read(path)
		if err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(got, metadata) {
			t.Errorf("%s: metadata %v, want %v", name, got, metadata)
		}
		for _, want := range twoTensors() {
			if got := tensors[want.Name]; !slices.Equal(got.Shape, want.Shape) || !slices.Equal(got.Data, want.Data) {
				t.Errorf("%s: tensor %v, want %v", name, got, want)
			}
		}
	}
	swapped := twoTensors()
	slices.Reverse(swapped)
	if !bytes.Equal(written(t, twoTensors(), metadata), written(t, swapped, maps.Clone(metadata))) {
		t.Error("equal tensors and metadata made other bytes")
	}
	if empty := written(t, nil, nil); len(empty)%8 != 0 {
		t.Errorf("a file without tensors has %d bytes", len(empty))
	} else if _, _, err := decodeContent(empty, true); err != nil {
		t.Errorf("a file without tensors: %v", err)
	}
}

// TestSafetensorsNoticeDamage flips every bit and cuts at every byte.
func TestSafetensorsNoticeDamage(t *testing.T) {
	t.Parallel()
	whole := written(t, twoTensors(), map[string]string{"architecture": "resnet"})
	for at := range whole {
		for bit := range 8 {
			flipped := bytes.Clone(whole)
			flipped[at] ^= 1 << bit
			for _, own := range []bool{false, true} {
				if _, _, err := decodeContent(flipped, own); !errors.Is(err, ErrDamaged) {
					t.Fatalf("bit %d of byte %d flipped, own %t: %v", bit, at, own, err)
				}
			}
		}
		if _, _, err := decodeContent(whole[:at], false); err == nil {
			t.Fatalf("cut to %d bytes: no error", at)
		}
		if _, _, err := decodeContent(whole[:at], true); !errors.Is(err, ErrDamaged) {
			t.Fatalf("cut to %d bytes: %v", at, err)
		}
	}
	path := filepath.Join(t.TempDir(), "x.safetensors")
	if err := os.WriteFile(path, append(whole, 0), 0o644); err != nil {
		t.Fatal(err)
	}
	_, _, err := ReadSafetensors(path)
	if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), path) {
		t.Errorf("a byte too many: %v", err)
	}
}

func TestSafetensorsOfOtherPrograms(t *testing.T) {
	t.Parallel()
	one := []byte{0, 0, 128, 63}
	content := foreignFile(`{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, one...)
	if tensors, _, err := decodeContent(content, false); err != nil || tensors["w"].Data[0] != 1 {
		t.Errorf("a file without a checksum: %v, %v", tensors, err)
	}
	if _, _, err := decodeContent(content, true); !errors.Is(err, ErrDamaged) {
		t.Errorf("a file of ours without a checksum: %v", err)
	}
	// The checksum counts wherever another program has put it.
	digits := strings.Repeat("0", 64)
	moved := foreignFile(`{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"__metadata__":{"sha256":"`+digits+`"}}`, one...)
	if _, _, err := decodeContent(moved, false); !errors.Is(err, ErrDamaged) {
		t.Errorf("a wrong checksum behind the tensors: %v", err)
	}

	halves := foreignFile(`{"half":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"brain":{"dtype":"BF16","shape":[1,2],"data_offsets":[4,8]}}`,
		0x00, 0x3e, 0x01, 0x00, 0xc0, 0x3f, 0x00, 0xc0)
	tensors, _, err := decodeContent(halves, false)
	if err != nil {
		t.Fatal(err)
	}
	if got := tensors["half"].Data; !slices.Equal(got, []float32{1.5, 1.0 / (1 << 24)}) {
		t.Errorf("F16 is read as %v", got)
	}
	if got := tensors["brain"].Data; !slices.Equal(got, []float32{1.5, -2}) {
		t.Errorf("BF16 is read as %v", got)
	}
}

func TestSafetensorsRefusesBrokenFiles(t *testing.T) {
	t.Parallel()
	entry := func(name, shape, offsets string) string {
		return `"` + name + `":{"dtype":"F32","shape":` + shape + `,"data_offsets":` + offsets + `}`
	}
	nan := binary.LittleEndian.AppendUint32(make([]byte, 4), math.Float32bits(float32(math.NaN())))
	var archive, other bytes.Buffer
	for name, b := range map[string]*bytes.Buffer{"weights/data.pkl": &archive, "array.npy": &other} {
		w := zip.NewWriter(b)
		if _, err := w.Create(name); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	four, eight := make([]byte, 4), make([]byte, 8)
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"empty":              {nil, "cut short"},
		"cut in the header":  {foreignFile(`{` + entry("w", "[1]", "[0,4]") + `}`)[:20], "claims"},
		"cut in the data":    {foreignFile(`{`+entry("w", "[1]", "[0,4]")+`}`, four[:3]...), `"w"`},
		"huge header":        {append(bytes.Repeat([]byte{255}, 7), foreignFile(`{}`)...), "claims"},
		"not an object":      {foreignFile(`[{}]`), "begin with {"},
		"space first":        {foreignFile(` {}`), "begin with {"},
		"text behind":        {foreignFile(`{}{}`), "header"},
		"bad UTF-8":          {foreignFile("{\"\xff\":1}"), "UTF-8"},
		"name twice":         {foreignFile(`{`+entry("w", "[1]", "[0,4]")+`,`+entry("w", "[1]", "[4,8]")+`}`, eight...), `"w" is there twice`},
		"field twice":        {foreignFile(`{"w":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, four...), "twice"},
		"overlap":            {foreignFile(`{`+entry("a", "[2]", "[0,8]")+`,`+entry("w", "[1]", "[4,8]")+`}`, eight...), `"w": its data begin at byte 4, inside those of "a"`},
		"the same bytes":     {foreignFile(`{`+entry("a", "[1]", "[0,4]")+`,`+entry("w", "[1]", "[0,4]")+`}`, four...), `"w"`},
		"a hole":             {foreignFile(`{`+entry("w", "[1]", "[4,8]")+`}`, eight...), `"w": its data begin at byte 4, and bytes 0 to 4`},
		"bytes behind":       {foreignFile(`{`+entry("w", "[1]", "[0,4]")+`}`, eight...), "bytes 4 to 8"},
		"outside":            {foreignFile(`{`+entry("w", "[2]", "[0,8]")+`}`, four...), `"w"`},
		"before the data":    {foreignFile(`{`+entry("w", "[1]", "[-4,0]")+`}`, four...), `"w"`},
		"backwards":          {foreignFile(`{`+entry("w", "[1]", "[4,0]")+`}`, four...), `"w"`},
		"one offset":         {foreignFile(`{`+entry("w", "[1]", "[0]")+`}`, four...), `"w"`},
		"three offsets":      {foreignFile(`{`+entry("w", "[1]", "[0,4,8]")+`}`, four...), `"w"`},
		"no shape":           {foreignFile(`{"w":{"dtype":"F32","data_offsets":[0,4]}}`, four...), `"w"`},
		"larger shape":       {foreignFile(`{`+entry("w", "[9,2]", "[0,4]")+`}`, four...), `"w"`},
		"overflowing shape":  {foreignFile(`{`+entry("w", "[4294967296,4294967296,4294967296]", "[0,4]")+`}`, four...), `"w"`},
		"negative shape":     {foreignFile(`{`+entry("w", "[-1]", "[0,4]")+`}`, four...), `"w"`},
		"fraction":           {foreignFile(`{`+entry("w", "[1.5]", "[0,4]")+`}`, four...), `"w"`},
		"other dtype":        {foreignFile(`{"w":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}`, eight...), `"w": its dtype is F64`},
		"integers' shape":    {foreignFile(`{"w":{"dtype":"I64","shape":[2],"data_offsets":[0,8]}}`, eight...), `"w": its shape is [2] of I64`},
		"not a number":       {foreignFile(`{`+entry("w", "[2]", "[0,8]")+`}`, nan...), `"w": value 1 is NaN`},
		"infinite":           {foreignFile(`{`+entry("w", "[1]", "[0,4]")+`}`, 0, 0, 0x80, 0xff), `"w": value 0 is -Inf`},
		"infinite half":      {foreignFile(`{"w":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}`, 0, 0x7c), `"w": value 0 is +Inf`},
		"metadata of a list": {foreignFile(`{"__metadata__":{"a":[]}}`), "__metadata__"},
		"pickle in a zip":    {archive.Bytes(), "torch.load("},
		"old pickle":         {[]byte("\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02"), "torch.load("},
		"other zip":          {other.Bytes(), "no safetensors file"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.safetensors")
			if err := os.WriteFile(path, c.content, 0o644); err != nil {
				t.Fatal(err)
			}
			_, _, err := ReadSafetensors(path)
			if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}

	// 640 bytes of header begin as a pickle of version 2 does.
	header := `{"__metadata__":{"a":"` + strings.Repeat("x", 640-25) + `"}}`
	if _, _, err := decodeContent(foreignFile(header), false); err != nil {
		t.Errorf("a header of %d bytes: %v", len(header), err)
	}
}

func TestSafetensorsRefusesWhatItCannotHold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		tensors  []Tensor
		metadata map[string]string
	}{
		"name twice":         {[]Tensor{{Name: "w", Shape: []int{1}, Data: []float32{1}}, {Name: "w", Shape: []int{1}, Data: []float32{2}}}, nil},
		"the metadata's":     {[]Tensor{{Name: "__metadata__", Shape: []int{1}, Data: []float32{1}}}, nil},
		"bad UTF-8":          {[]Tensor{{Name: "\xff", Shape: []int{1}, Data: []float32{1}}}, nil},
		"too few values":     {[]Tensor{{Name: "w", Shape: []int{2}, Data: []float32{1}}}, nil},
		"too many values":    {[]Tensor{{Name: "w", Shape: []int{2}, Data: []float32{1, 2, 3}}}, nil},
		"a negative shape":   {[]Tensor{{Name: "w", Shape: []int{-1, -1}, Data: []float32{1}}}, nil},
		"the checksum's key": {nil, map[string]string{"sha256": "mine"}},
	} {
		path := filepath.Join(t.TempDir(), "x.safetensors")
		if err := WriteSafetensors(path, c.tensors, c.metadata); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// TestSafetensorsAreWrittenInBlocks: a large file is not put together in memory.
func TestSafetensorsAreWrittenInBlocks(t *testing.T) { // Not parallel: it counts what is allocated.
	large := []Tensor{{Name: "w", Shape: []int{4 << 20}, Data: make([]float32, 4<<20)}}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := encodeSafetensors(io.Discard, large, nil); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20 {
		t.Errorf("writing 16 MiB took %d bytes", used)
	}
}

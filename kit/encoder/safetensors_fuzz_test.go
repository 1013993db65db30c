package encoder

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"sslkit/data/datatest"
)

// FuzzSafetensors: whatever the bytes, an error or tensors that can be written and read again. To
// look for more such bytes: go test ./kit/encoder -fuzz FuzzSafetensors -fuzztime 10m
func FuzzSafetensors(f *testing.F) {
	f.Add(written(f, twoTensors(), map[string]string{"architecture": "resnet"}))
	f.Add(foreignFile(`{"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"BF16","shape":[1,2],"data_offsets":[4,8]}}`,
		0, 0x3e, 1, 0, 0xc0, 0x3f, 0, 0xc0))
	f.Add(foreignFile(`{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"e":{"dtype":"F32","shape":[0,3],"data_offsets":[4,4]}}  `,
		0, 0, 128, 63))
	f.Add([]byte("PK\x03\x04"))
	f.Add([]byte("\x80\x02\x8a\x0a"))
	f.Fuzz(func(t *testing.T, content []byte) {
		datatest.Bounded(t, func() {
			_, _, _ = decodeContent(content, true)
			tensors, metadata, err := decodeContent(content, false)
			if err != nil {
				return
			}
			var b bytes.Buffer
			if err := encodeSafetensors(&b, slices.Collect(maps.Values(tensors)), metadata); err != nil {
				t.Fatalf("what was read can't be written: %v", err)
			}
			again, metadataAgain, err := decodeContent(b.Bytes(), true)
			if err != nil || !maps.Equal(metadata, metadataAgain) || len(again) != len(tensors) {
				t.Fatalf("what was read is read again as %v, %v, %v", again, metadataAgain, err)
			}
			for name, want := range tensors {
				if got := again[name]; !slices.Equal(got.Shape, want.Shape) || !slices.Equal(got.Data, want.Data) {
					t.Fatalf("tensor %q was %v and is %v", name, want, got)
				}
			}
		})
	})
}

//go:build linux

package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// entry is a file of an archive.
type entry struct {
	name    string
	content []byte
	link    string // Where it points to, for a link.
}

func (s *stage) archived(pack func([]entry) []byte) ([]byte, error) {
	var entries []entry
	for _, name := range s.pictures() {
		content, err := os.ReadFile(filepath.Join(s.images, name))
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry{name: name, content: content})
	}
	return pack(entries), nil
}

func zipOf(entries []entry) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, e := range entries {
		header := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		if e.link != "" {
			header.SetMode(os.ModeSymlink | 0o777)
			e.content = []byte(e.link)
		}
		if f, err := w.CreateHeader(header); err == nil {
			f.Write(e.content)
		}
	}
	w.Close()
	return out.Bytes()
}

func tarOf(entries []entry) []byte {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range entries {
		header := &tar.Header{Name: e.name, Mode: 0o644, Size: int64(len(e.content))}
		if e.link != "" {
			header.Typeflag, header.Linkname, header.Size = tar.TypeSymlink, e.link, 0
		}
		if w.WriteHeader(header) == nil && e.link == "" {
			w.Write(e.content)
		}
	}
	w.Close()
	return out.Bytes()
}

func gzipped(content []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(content)
	w.Close()
	return out.Bytes()
}

// npzOf is a .npz of arrays of bytes.
func npzOf(shapes map[string][]int) []byte {
	var entries []entry
	for _, name := range slices.Sorted(maps.Keys(shapes)) {
		size, dims := 1, ""
		for _, n := range shapes[name] {
			size *= n
			dims += fmt.Sprintf("%d, ", n)
		}
		values := make([]byte, size)
		for i := range values {
			values[i] = byte(i * 7)
			if strings.HasSuffix(name, "labels") {
				values[i] = byte(i % 2)
			}
		}
		entries = append(entries, entry{name: name + ".npy", content: append(npyHeader("|u1", dims), values...)})
	}
	return zipOf(entries)
}

// npyHeader is the header of a .npy of format 1.
func npyHeader(kind, dims string) []byte {
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", kind, dims)
	for (10+len(text)+1)%64 != 0 {
		text += " "
	}
	text += "\n"
	header := binary.LittleEndian.AppendUint16([]byte("\x93NUMPY\x01\x00"), uint16(len(text)))
	return append(header, text...)
}

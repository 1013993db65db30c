//go:build linux

package main

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// input is a file or folder from elsewhere that is not as it should be.
type input struct {
	name   string
	source string                                            // As call.Source.
	file   string                                            // Its name; "" for a folder.
	make   func(good []byte, random *rand.Rand) []byte       // What is in it, out of one that is as it should be.
	fill   func(s *stage, folder string, r *rand.Rand) error // The folder.
	extra  func(s *stage) ([]byte, error)                    // The content, where it is made of the stage's pictures.
	names  []string                                          // Words of which the error must hold one.
}

// hostile are archives, images, arrays, captions and weights that are damaged or meant to harm: they
// must end in an error that names them, be listed as left out, or give what an undamaged one gives.
func hostile() []fault {
	var all []fault
	for _, in := range inputs() {
		all = append(all, fault{"hostile/" + in.source + "/" + in.name, "a hostile or damaged " + what[in.source],
			func(s *stage, folder string, random *rand.Rand) (outcome, error) { return s.give(folder, in, random) }})
	}
	return all
}

// what names the kinds of input.
var what = map[string]string{
	"zip": "archive", "tar": "archive", "targz": "archive", "folder": "image", "medmnist": "array file", "mnist": "array file",
	"cifar10": "array file", "captions": "file of captions", "weights": "file of weights",
}

// give opens an input, and what it was made of, and compares.
func (s *stage) give(folder string, in input, random *rand.Rand) (outcome, error) {
	good, err := s.good(in.source)
	if err != nil {
		return outcome{}, err
	}
	read := func(part string) (exit, error) {
		path := filepath.Join(folder, part, in.file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return exit{}, err
		}
		c := call{Do: "open", Source: in.source, Path: path, Run: filepath.Join(folder, part, "run"), Images: s.images, Cache: filepath.Join(folder, part, "cache")}
		switch in.source {
		case "zip", "tar", "targz":
			c.Source = "folder"
		}
		if in.fill == nil {
			content := good
			var err error
			switch {
			case part == "good":
			case in.extra != nil:
				content, err = in.extra(s)
			default:
				content = in.make(good, random)
			}
			return s.runWith(c, errors.Join(err, os.WriteFile(path, content, 0o644)))
		}
		c.Path = filepath.Join(folder, part, "pictures")
		if err := os.CopyFS(c.Path, os.DirFS(s.images)); err != nil {
			return exit{}, err
		}
		if part == "good" {
			return s.runWith(c, nil)
		}
		return s.runWith(c, in.fill(s, c.Path, random))
	}
	want, err := read("good")
	if err != nil {
		return outcome{}, err
	}
	if want.status != 0 {
		return outcome{}, fmt.Errorf("what is as it should be is an error: %s", want.words())
	}
	got, err := read("bad")
	if err != nil {
		return outcome{}, err
	}
	o := judge(got, want.state, slices.Concat(in.names, []string{in.file + ":", in.file + ",", in.file + " ", "pictures"})...)
	if o.Result == wrong && strings.Contains(got.output, "left out of") {
		return outcome{left, got.words()}, nil
	}
	return o, nil
}

func (s *stage) runWith(c call, err error) (exit, error) {
	if err != nil {
		return exit{}, err
	}
	return s.run(c)
}

// good is an input as it should be.
func (s *stage) good(source string) ([]byte, error) {
	switch source {
	case "zip":
		return s.archived(zipOf)
	case "tar":
		return s.archived(tarOf)
	case "targz":
		content, err := s.archived(tarOf)
		return gzipped(content), err
	case "medmnist":
		return npzOf(map[string][]int{"train_images": {6, 8, 8}, "train_labels": {6, 1}, "val_images": {4, 8, 8}, "val_labels": {4, 1},
			"test_images": {4, 8, 8}, "test_labels": {4, 1}}), nil
	case "captions":
		var text strings.Builder
		for _, name := range s.pictures() {
			fmt.Fprintf(&text, "%s\ta picture of %s\n", name, filepath.Dir(name))
		}
		return []byte(text.String()), nil
	case "weights":
		_, folder, err := s.unbroken("byol")
		if err != nil {
			return nil, err
		}
		return os.ReadFile(filepath.Join(folder, "run", "encoder.safetensors"))
	}
	return nil, nil
}

// pictures are the paths of the stage's images.
func (s *stage) pictures() []string {
	found, _ := filepath.Glob(filepath.Join(s.images, "*", "*.png"))
	for i := range found {
		found[i], _ = filepath.Rel(s.images, found[i])
	}
	return found
}

// inputs are all of them.
func inputs() []input {
	var all []input
	// In every format: a flipped bit, a cut, zeros, an empty file.
	for _, format := range []struct{ source, file string }{
		{"zip", "pets.zip"}, {"targz", "pets.tar.gz"}, {"medmnist", "set.npz"}, {"weights", "start.safetensors"},
	} {
		for i := range 6 {
			all = append(all, input{name: fmt.Sprintf("flip-%d", i), source: format.source, file: format.file, make: flip})
		}
	}
	for _, format := range []struct{ source, file string }{
		{"zip", "pets.zip"}, {"tar", "pets.tar"}, {"targz", "pets.tar.gz"}, {"medmnist", "set.npz"}, {"weights", "start.safetensors"},
	} {
		for i := range 2 {
			all = append(all, input{name: fmt.Sprintf("cut-%d", i), source: format.source, file: format.file,
				make: func(c []byte, r *rand.Rand) []byte { return c[:r.IntN(len(c)*9/10)] }})
		}
		all = append(all,
			input{name: "empty", source: format.source, file: format.file, make: func([]byte, *rand.Rand) []byte { return nil }},
			input{name: "zeros", source: format.source, file: format.file, make: func(c []byte, _ *rand.Rand) []byte { return make([]byte, len(c)) }})
	}
	for i := range 8 { // PNG has a sum for each chunk.
		all = append(all, input{name: fmt.Sprintf("flip-%d", i), source: "folder", fill: func(s *stage, folder string, r *rand.Rand) error {
			_, err := injure(filepath.Join(folder, s.pictures()[r.IntN(40)]), flip, r)
			return err
		}})
	}
	all = append(all, pictureInputs()...)
	all = append(all, archiveInputs()...)
	all = append(all, arrayInputs()...)
	return append(all, weightInputs()...)
}

// pictureInputs are folders with what is no picture, or too much of one.
func pictureInputs() []input {
	one := func(name string, content func(*stage) []byte) input {
		return input{name: name, source: "folder", fill: func(s *stage, folder string, _ *rand.Rand) error {
			return os.WriteFile(filepath.Join(folder, "cats", "x.png"), content(s), 0o644)
		}}
	}
	bytesOf := func(text string) func(*stage) []byte { return func(*stage) []byte { return []byte(text) } }
	return []input{
		one("empty.png", bytesOf("")), one("text.png", bytesOf("this is no picture")), one("zeros.png", func(*stage) []byte { return make([]byte, 1<<20) }),
		one("heic.png", bytesOf("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic")),
		one("huge.png", func(s *stage) []byte { // Claims 60,000 × 60,000 pixels.
			content, _ := os.ReadFile(filepath.Join(s.images, s.pictures()[0]))
			binary.BigEndian.PutUint32(content[16:], 60000)
			binary.BigEndian.PutUint32(content[20:], 60000)
			return content
		}),
		{name: "link-to-nothing", source: "folder", fill: func(_ *stage, folder string, _ *rand.Rand) error {
			return os.Symlink("nowhere.png", filepath.Join(folder, "cats", "x.png"))
		}},
		{name: "link-cycle", source: "folder", fill: func(_ *stage, folder string, _ *rand.Rand) error {
			return os.Symlink("..", filepath.Join(folder, "cats", "x"))
		}},
		{name: "empty-class", source: "folder", names: []string{"birds"}, fill: func(_ *stage, folder string, _ *rand.Rand) error {
			return os.Mkdir(filepath.Join(folder, "birds"), 0o755)
		}},
	}
}

// archiveInputs are archives that would write or read elsewhere, or that grow.
func archiveInputs() []input {
	var all []input
	for _, format := range []struct {
		source, file string
		pack         func([]entry) []byte
	}{{"zip", "pets.zip", zipOf}, {"tar", "pets.tar", tarOf}} {
		more := func(name string, e func(*stage) entry, names ...string) input {
			return input{name: name, source: format.source, file: format.file, names: names}.withEntry(format.pack, e)
		}
		fixed := func(e entry) func(*stage) entry { return func(*stage) entry { return e } }
		all = append(all,
			more("climbs-out", fixed(entry{name: "../../x.png", content: []byte("x")})),
			more("absolute", fixed(entry{name: "/etc/x.png", content: []byte("x")})),
			more("drive", fixed(entry{name: `C:\x.png`, content: []byte("x")})),
			more("link-out", fixed(entry{name: "cats/x.png", link: "/etc/passwd"})),
			more("link-in", fixed(entry{name: "cats/x.png", link: "../dogs/01.png"})),
			more("zeros", fixed(entry{name: "cats/x.png", content: make([]byte, 64<<20)})),
			more("twice", func(s *stage) entry { return entry{name: s.pictures()[0], content: []byte("another")} }),
			more("no-picture", fixed(entry{name: "cats/x.png", content: []byte("text")})),
		)
	}
	return all
}

// withEntry makes an archive of the pictures and one entry more.
func (in input) withEntry(pack func([]entry) []byte, e func(*stage) entry) input {
	in.extra = func(s *stage) ([]byte, error) {
		return s.archived(func(entries []entry) []byte { return pack(append(entries, e(s))) })
	}
	return in
}

// arrayInputs are arrays whose headers lie, and captions that are none.
func arrayInputs() []input {
	npz := func(name string, change func(entries map[string][]byte), names ...string) input {
		return input{name: name, source: "medmnist", file: "set.npz", names: names, make: func(good []byte, _ *rand.Rand) []byte {
			r, err := zip.NewReader(bytes.NewReader(good), int64(len(good)))
			if err != nil {
				return nil
			}
			content := map[string][]byte{}
			for _, f := range r.File {
				in, err := f.Open()
				if err != nil {
					return nil
				}
				var all bytes.Buffer
				all.ReadFrom(in)
				content[f.Name] = all.Bytes()
			}
			change(content)
			var entries []entry
			for _, name := range slices.Sorted(maps.Keys(content)) {
				entries = append(entries, entry{name: name, content: content[name]})
			}
			return zipOf(entries)
		}}
	}
	const images = "train_images.npy"
	captions := func(name string, make func([]byte) []byte) input {
		return input{name: name, source: "captions", file: "captions.tsv", make: func(good []byte, _ *rand.Rand) []byte { return make(good) }}
	}
	return []input{
		npz("claims-more", func(c map[string][]byte) { c[images] = append(npyHeader("|u1", "6000000, 8, 8"), c[images][128:]...) }),
		npz("claims-all-memory", func(c map[string][]byte) { c[images] = npyHeader("|u1", "4294967296, 4294967296, 3") }),
		npz("header-of-4-gib", func(c map[string][]byte) { c[images] = []byte("\x93NUMPY\x02\x00\xff\xff\xff\xff{'descr'") }),
		npz("other-type", func(c map[string][]byte) { c[images] = append(npyHeader("<f8", "6, 8, 8"), make([]byte, 8*6*64)...) }),
		npz("negative", func(c map[string][]byte) { c[images] = append(npyHeader("|u1", "-6, 8, 8"), make([]byte, 6*64)...) }),
		npz("no-labels", func(c map[string][]byte) { delete(c, "train_labels.npy") }),
		npz("fewer-labels", func(c map[string][]byte) {
			c["train_labels.npy"] = append(npyHeader("|u1", "5, 1"), make([]byte, 5)...)
		}),
		captions("one-missing", func(c []byte) []byte { return c[bytes.IndexByte(c, '\n')+1:] }),
		captions("no-tab", func(c []byte) []byte { return append(c, "cats/00.png a cat\n"...) }),
		captions("not-utf8", func(c []byte) []byte { return append(c, "cats/00.png\t\xff\xfe\n"...) }),
		captions("empty", func([]byte) []byte { return nil }),
	}
}

// weightInputs are files of weights that say one thing and hold another.
func weightInputs() []input {
	file := func(name, header string, data []byte, names ...string) input {
		return input{name: name, source: "weights", file: "start.safetensors", names: names, make: func([]byte, *rand.Rand) []byte {
			return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), data...)
		}}
	}
	nan := binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(math.NaN())))
	return []input{
		file("overlap", `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, make([]byte, 4)),
		file("left-over", `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, make([]byte, 8)),
		file("twice", `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, make([]byte, 4)),
		file("not-a-number", `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, nan),
		file("not-utf8", "{\"\xff\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", make([]byte, 4)),
		file("negative", `{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,-4]}}`, make([]byte, 4)),
		file("huge-shape", `{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]}}`, make([]byte, 4)),
		{name: "huge-header", source: "weights", file: "start.safetensors", make: func([]byte, *rand.Rand) []byte {
			return binary.LittleEndian.AppendUint64(nil, 1<<60)
		}},
		{name: "pickle", source: "weights", file: "start.pth", names: []string{"pickle", "PyTorch"}, make: func([]byte, *rand.Rand) []byte {
			return zipOf([]entry{{name: "archive/data.pkl", content: []byte("\x80\x02}q\x00.")}})
		}},
		{name: "old-pickle", source: "weights", file: "start.pth", names: []string{"pickle", "PyTorch"}, make: func([]byte, *rand.Rand) []byte {
			return []byte("\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.")
		}},
	}
}

package data

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/image/tiff"

	"sslkit/data/datatest"
)

// Whatever the bytes of a file are, reading it gives an error or what it holds: it doesn't panic,
// nor take long, nor much memory. To look for more such bytes:
//
//	go test ./data -fuzz FuzzDecodeTIFF -fuzztime 10m

// fuzzDecode feeds the decoder of images.
func fuzzDecode(f *testing.F, seeds ...[]byte) {
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		datatest.Bounded(t, func() {
			d := &decoder{size: 4, maxPixels: 1 << 16}
			_, _ = d.decode(content, make([]uint8, 4*4*3))
		})
	})
}

// smallImage has two colours.
func smallImage(f *testing.F) *image.NRGBA {
	img := solid(image.NewNRGBA(image.Rect(0, 0, 9, 7)), orange).(*image.NRGBA)
	img.SetNRGBA(3, 3, color.NRGBA{1, 2, 3, 255})
	return img
}

func smallPalette(f *testing.F) *image.Paletted {
	return solid(image.NewPaletted(image.Rect(0, 0, 9, 7), color.Palette{orange, color.White}), orange).(*image.Paletted)
}

func FuzzDecodeJPEG(f *testing.F) {
	img := smallImage(f)
	fuzzDecode(f, jpegOf(f, img), exifJPEG(jpegOf(f, img), binary.BigEndian, 6), unhex(f, orangeCMYKJPEG),
		jpegOf(f, solid(image.NewGray(image.Rect(0, 0, 9, 7)), orange)))
}

func FuzzDecodePNG(f *testing.F) {
	img := smallImage(f)
	fuzzDecode(f, pngOf(f, img), exifPNG(pngOf(f, img), binary.LittleEndian, 6), pngOf(f, smallPalette(f)),
		pngOf(f, solid(image.NewRGBA64(image.Rect(0, 0, 9, 7)), orange)))
}

func FuzzDecodeGIF(f *testing.F) { fuzzDecode(f, gifOf(f, smallPalette(f))) }

func FuzzDecodeWebP(f *testing.F) {
	fuzzDecode(f, webpOf(f, smallImage(f)), webpOf(f, smallImage(f), riffChunk("EXIF", exifOf(binary.BigEndian, 6))), unhex(f, whiteWebP),
		unhex(f, orangeWebP), unhex(f, halfWebP))
}

func FuzzDecodeBMP(f *testing.F) {
	fuzzDecode(f, bmpOf(f, smallImage(f)), bmpOf(f, smallPalette(f)), alphaBMP(f, 128), alphaBMP(f, 0))
}

func FuzzDecodeTIFF(f *testing.F) {
	img := smallImage(f)
	tiled := tiffOf(f, solid(image.NewNRGBA(image.Rect(0, 0, 16, 16)), orange), tiff.Uncompressed)
	for _, field := range [][2]uint16{{0x0142, 16}, {0x0143, 16}, {0x0144, 8}, {0x0145, 16 * 16 * 4}} {
		tiled = withField(tiled, field[0], field[1])
	}
	fax := tiffOf(f, solid(image.NewGray(image.Rect(0, 0, 9, 7)), color.White), tiff.Uncompressed)
	for _, field := range [][2]uint16{{0x0102, 1}, {0x0103, 4}, {0x0106, 0}} {
		fax = withField(fax, field[0], field[1])
	}
	lzw := withField(tiffOf(f, img, tiff.Uncompressed), 0x0103, 5)
	packed := withField(tiffOf(f, img, tiff.Uncompressed), 0x0103, 32773)
	fuzzDecode(f, tiffOf(f, img, tiff.Uncompressed), tiffOf(f, img, tiff.Deflate), tiffOf(f, smallPalette(f), tiff.Uncompressed),
		tiffOf(f, solid(image.NewGray16(image.Rect(0, 0, 9, 7)), orange), tiff.Deflate), tiled, fax, lzw, packed)
}

func FuzzEXIF(f *testing.F) {
	img := smallImage(f)
	f.Add(exifJPEG(jpegOf(f, img), binary.BigEndian, 6))
	f.Add(exifPNG(pngOf(f, img), binary.LittleEndian, 6))
	f.Add(webpOf(f, img, riffChunk("EXIF", exifOf(binary.BigEndian, 6))))
	f.Add(withField(tiffOf(f, img, tiff.Uncompressed), 0x0112, 6))
	f.Fuzz(func(t *testing.T, content []byte) {
		datatest.Bounded(t, func() {
			if o := orientation(content); o < 1 || o > 8 {
				t.Errorf("orientation %d", o)
			}
			_ = misleading(content)
		})
	})
}

// fuzzFile feeds what opens a file by its path.
func fuzzFile(f *testing.F, name string, open func(path string)) {
	path := filepath.Join(f.TempDir(), name)
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		datatest.Bounded(t, func() { open(path) })
	})
}

// fuzzArchive opens archives as folders of classes and of videos, without a cache.
func fuzzArchive(f *testing.F) {
	cache := filepath.Join(f.TempDir(), "file", "cache")
	if err := os.WriteFile(filepath.Dir(cache), nil, 0o644); err != nil {
		f.Fatal(err)
	}
	fuzzFile(f, "archive", func(path string) {
		for _, split := range []Split{Train, Validation, Test} {
			if set, err := (ImageFolder{Path: path, Size: 2, MaxPixels: 1 << 12, Cache: cache}).Open(split); err == nil {
				set.Close()
			}
		}
		if set, err := (FrameFolder{Path: path, Size: 2, MaxPixels: 1 << 12, Cache: cache}).Open(Train); err == nil {
			set.Close()
		}
	})
}

// smallTrees are of splits and classes, of classes, and of neither.
func smallTrees(f *testing.F) []tree {
	img := pngOf(f, smallImage(f))
	return []tree{
		{"x/train/a/1.png": img, "x/train/b/1.png": img, "x/val/a/2.png": img, "x/test/b/2.png": img, "x/notes.txt": []byte("1")},
		{"a/1.png": img, "a/2.png": img, "b/1": img, "b/2.png": img[:20]},
		{"1.png": img, "2.png": img, "3.png": img},
	}
}

func FuzzArchiveTar(f *testing.F) {
	for _, tree := range smallTrees(f) {
		f.Add(tarOf(f, tree))
	}
	fuzzArchive(f)
}

func FuzzArchiveZip(f *testing.F) {
	for _, tree := range smallTrees(f) {
		f.Add(zipOf(f, tree))
	}
	fuzzArchive(f)
}

// FuzzArchiveTarGz compresses what it is given, without which few changes would get through.
func FuzzArchiveTarGz(f *testing.F) {
	for _, tree := range smallTrees(f) {
		f.Add(tarOf(f, tree), true)
		f.Add(gzipBytes(f, tarOf(f, tree)), false)
	}
	cache := filepath.Join(f.TempDir(), "file", "cache")
	if err := os.WriteFile(filepath.Dir(cache), nil, 0o644); err != nil {
		f.Fatal(err)
	}
	path := filepath.Join(f.TempDir(), "archive")
	f.Fuzz(func(t *testing.T, content []byte, plain bool) {
		if plain {
			content = gzipBytes(t, content)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		datatest.Bounded(t, func() {
			if set, err := (ImageFolder{Path: path, Size: 2, MaxPixels: 1 << 12, Cache: cache}).Open(Train); err == nil {
				set.Close()
			}
		})
	})
}

func tarOf(t testing.TB, tree tree) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range tree.sorted() {
		content := tree[name]
		err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content)), Typeflag: tar.TypeReg})
		if err == nil {
			_, err = w.Write(content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipBytes(t testing.TB, content []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// FuzzNPZ opens archives of arrays.
func FuzzNPZ(f *testing.F) {
	f.Add(zipOf(f, tree{
		"train_images.npy": npyFile("|u1", "False", "(2, 2, 2)", make([]byte, 8)), "train_labels.npy": npyFile("|u1", "False", "(2, 1)", []byte{0, 1}),
	}))
	fuzzFile(f, "x.npz", func(path string) {
		if set, err := (MedMNIST{Path: path}).Open(Train); err == nil {
			set.Close()
		}
	})
}

// FuzzNPY puts images and labels into an archive.
func FuzzNPY(f *testing.F) {
	images, labels := npyFile("|u1", "False", "(2, 2, 2)", make([]byte, 8)), npyFile("|u1", "False", "(2, 1)", []byte{0, 1})
	f.Add(images, labels)
	f.Add(npyFile("|u1", "False", "(2, 2, 2, 3)", make([]byte, 24)), labels)
	second := append([]byte("\x93NUMPY\x02\x00"), 118, 0, 0, 0)
	f.Add(append(second, images[10:]...), labels)
	f.Add([]byte("\x93NUMPY\x02\x00\xff\xff\xff\x7f{'descr': '|u1'"), labels) // A header that claims 2 GiB.
	path := filepath.Join(f.TempDir(), "x.npz")
	f.Fuzz(func(t *testing.T, images, labels []byte) {
		if err := os.WriteFile(path, zipOf(t, tree{"train_images.npy": images, "train_labels.npy": labels}), 0o644); err != nil {
			t.Fatal(err)
		}
		datatest.Bounded(t, func() {
			if set, err := (MedMNIST{Path: path, Size: 2}).Open(Train); err == nil {
				set.Close()
			}
		})
	})
}

// zipOf is an archive whose files are stored as they are.
func zipOf(t testing.TB, files tree) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range files.sorted() {
		file, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err == nil {
			_, err = file.Write(files[name])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func FuzzIDX(f *testing.F) {
	files := tree(mnistFiles(2))
	for _, name := range files.sorted() {
		f.Add(files[name])
		f.Add(gzipBytes(f, files[name]))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		datatest.Bounded(t, func() {
			for _, dimensions := range []int{1, 3} {
				_, _ = parseIDX(bytes.NewReader(content), int64(len(content)), dimensions)
			}
		})
	})
}

// FuzzCIFAR opens records, and archives of them.
func FuzzCIFAR(f *testing.F) {
	f.Add(cifarRecords(cifar10Format, 2))
	f.Add(gzipBytes(f, tarOf(f, tree{"cifar-10-batches-bin/test_batch.bin": cifarRecords(cifar10Format, 2)})))
	folder := f.TempDir()
	path := filepath.Join(folder, "test_batch.bin")
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		datatest.Bounded(t, func() {
			for _, path := range []string{folder, path} {
				if set, err := (CIFAR10{Path: path}).Open(Test); err == nil {
					set.Close()
				}
			}
		})
	})
}

// FuzzPixelCache opens cache files: as they are, or of pixels and an index whose sum is right.
func FuzzPixelCache(f *testing.F) {
	index, err := json.Marshal(smallIndex(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(smallSlots(), index, false)
	jpegIndex, jpegs := smallJPEGs(f, 90)
	if index, err = json.Marshal(jpegIndex); err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(jpegs), index, true)
	caches := map[bool]pixelCache{}
	for jpeg, quality := range map[bool]int{false: 0, true: 90} {
		caches[jpeg] = savedPixels(f, f.TempDir(), quality)
		whole, err := os.ReadFile(caches[jpeg].path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(whole, []byte(nil), jpeg)
	}
	f.Fuzz(func(t *testing.T, content, index []byte, jpeg bool) {
		c := caches[jpeg]
		if len(index) > 0 {
			sum := sha256.Sum256(index)
			content = append(append([]byte(nil), content...), index...)
			content = binary.LittleEndian.AppendUint64(content, uint64(len(index)))
			content = append(append(content, sum[:]...), pixelMagic...)
		}
		if err := os.WriteFile(c.path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		datatest.Bounded(t, func() {
			for _, memory := range []int64{1 << 20, 1} {
				set, err := openPixels(c, memory)
				if err != nil {
					continue
				}
				pix := make([]byte, c.size*c.size*3)
				for i := range set.Len() {
					_ = set.Read(i, pix)
				}
				set.Close()
			}
		})
	})
}

func FuzzCaptionLines(f *testing.F) {
	f.Add([]byte("# captions\ncats/1.jpg\ta black cat\n\n2.jpg\ttwo kittens\r\n2.jpg\tasleep"))
	f.Fuzz(func(t *testing.T, content []byte) {
		datatest.Bounded(t, func() { checkCaptions(t, parseCaptionLines, content) })
	})
}

func FuzzCaptionsCOCO(f *testing.F) {
	f.Add([]byte(`{"images":[{"id":1,"file_name":"1.jpg"}],"annotations":[{"image_id":1,"caption":" a cat "},{"image_id":1,"caption":"cat"}]}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		datatest.Bounded(t, func() { checkCaptions(t, parseCOCOCaptions, content) })
	})
}

// checkCaptions: an image that is named has captions, none of which is empty.
func checkCaptions(t *testing.T, parse func([]byte) (map[string][]string, error), content []byte) {
	byImage, err := parse(content)
	if err != nil {
		return
	}
	for image, captions := range byImage {
		if image == "" || len(captions) == 0 {
			t.Errorf("image %q has captions %q", image, captions)
		}
		for _, caption := range captions {
			if caption == "" {
				t.Errorf("image %q has captions %q", image, captions)
			}
		}
	}
}

// FuzzCOCO: whatever the bytes of a file of annotations, an error, or objects in their images, whose
// masks can be drawn.
func FuzzCOCO(f *testing.F) {
	f.Add([]byte(`{"images":[{"id":1,"file_name":"1.jpg","width":12,"height":10}],"categories":[{"id":3,"name":"car"}],"annotations":[` +
		`{"id":1,"image_id":1,"category_id":3,"bbox":[1,2,3.5,4],"area":9,"iscrowd":0,"segmentation":[[1,2,4,2,4,6]]},` +
		`{"id":2,"image_id":1,"category_id":3,"bbox":[1,2,NaN,4],"iscrowd":1,"segmentation":{"size":[10,12],"counts":[50,70]}},` +
		`{"id":3,"image_id":1,"category_id":3,"bbox":[1,2,3,4],"segmentation":{"size":[10,12],"counts":"b1V2"}}]}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		datatest.Bounded(t, func() {
			found, err := COCO{}.parse(content, "annotations.json")
			if err != nil {
				return
			}
			for _, image := range found.images {
				for _, o := range image.objects {
					if !(o.box[0] >= 0 && o.box[1] >= 0 && o.box[2] <= float64(image.size.X) && o.box[3] <= float64(image.size.Y) &&
						o.box[0] < o.box[2] && o.box[1] < o.box[3] && o.area > 0) || o.class < 0 || o.class >= len(found.classes) {
						t.Errorf("object %+v of an image of %v", o, image.size)
					}
					if image.size.X+image.size.Y < 1<<9 {
						o.mask.draw(make([]uint8, image.size.X*image.size.Y), image.size.Y, image.size.X)
					}
				}
			}
		})
	})
}

// FuzzImageTable: whatever the bytes of a table, an error, or rows whose images lie in the folder.
func FuzzImageTable(f *testing.F) {
	f.Add([]byte(listTable(",")), uint8(0))
	f.Add([]byte(listTable("\t")), uint8(1))
	f.Add([]byte(jsonTable10()), uint8(2))
	for _, bad := range badRows {
		f.Add([]byte("path,label\n"+bad.row+"\n"), uint8(0))
	}
	f.Fuzz(func(t *testing.T, content []byte, kind uint8) {
		name := []string{"list.csv", "list.tsv", "list.jsonl"}[kind%3]
		datatest.Bounded(t, func() {
			rows := &listRows{ImageList: ImageList{List: name}.WithDefaults(), known: map[string]listRow{}, trained: map[string]bool{}}
			if err := rows.read(content, name, "", Train); err != nil {
				return
			}
			list, err := rows.listing(Train)
			if err != nil {
				return
			}
			for _, image := range list.images {
				if !filepath.IsLocal(image.path) || image.class < 0 || image.class >= len(list.classes) {
					t.Errorf("image %q of class %d", image.path, image.class)
				}
			}
		})
	})
}

// FuzzWebDataset looks through shards, plain and compressed.
func FuzzWebDataset(f *testing.F) {
	img := pngOf(f, smallImage(f))
	for _, bad := range badSamples(f, img) {
		files := tree{"a.png": img, "a.cls": []byte("0")}
		for name, content := range bad.files {
			files[name] = content
		}
		f.Add(tarOf(f, files), false)
		f.Add(tarOf(f, files), true)
	}
	folder := f.TempDir()
	cache := filepath.Join(f.TempDir(), "file", "cache")
	if err := os.WriteFile(filepath.Dir(cache), nil, 0o644); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, content []byte, zipped bool) {
		if zipped {
			content = gzipBytes(t, content)
		}
		if err := os.WriteFile(filepath.Join(folder, "0.tar"), content, 0o644); err != nil {
			t.Fatal(err)
		}
		datatest.Bounded(t, func() {
			set, err := (WebDataset{From: ImageFolder{Path: folder, Size: 2, MaxPixels: 1 << 12, Cache: cache}}).Open(Train)
			if err != nil {
				return
			}
			defer set.Close()
			for i := range set.Len() {
				if label := set.Label(i); label < -1 || label >= max(len(set.Classes()), 0) {
					t.Errorf("label %d of %d classes", label, len(set.Classes()))
				}
			}
		})
	})
}

// FuzzParquet opens files, each alone.
func FuzzParquet(f *testing.F) {
	for _, name := range []string{"train-00000-of-00002", "train-00001-of-00002", "test-00000-of-00001"} {
		content, err := os.ReadFile(filepath.Join("testdata", "parquet", name+".parquet"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Add(parquetOf(f, parquetRows(f)))
	cache := filepath.Join(f.TempDir(), "file", "cache")
	if err := os.WriteFile(filepath.Dir(cache), nil, 0o644); err != nil {
		f.Fatal(err)
	}
	fuzzFile(f, "train.parquet", func(path string) {
		for _, source := range []Parquet{{}, {Image: "photo", Label: "kind"}} {
			source.From = ImageFolder{Path: path, Size: 2, MaxPixels: 1 << 12, Cache: cache}
			if set, err := source.Open(Train); err == nil {
				set.Close()
			}
		}
	})
}

func FuzzMAT(f *testing.F) {
	content, err := os.ReadFile("testdata/train_32x32.mat")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(content)
	f.Add(content[:matHeader])
	f.Fuzz(func(t *testing.T, content []byte) {
		datatest.Bounded(t, func() {
			arrays, err := parseMAT(bytes.NewReader(content), int64(len(content)), "X", "y")
			if err != nil {
				return
			}
			for name, array := range arrays {
				n := 1
				for _, side := range array.shape {
					n *= side
				}
				if n != len(array.values) {
					t.Errorf("%s: %d values of shape %v", name, len(array.values), array.shape)
				}
			}
		})
	})
}

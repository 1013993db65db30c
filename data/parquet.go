package data

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
)

// Parquet is a folder of Parquet files with images in a column, as data sets lie on the Hugging Face hub
// (train-00000-of-00004.parquet): the column image holds bytes, the content of a file such as a JPEG,
// and label a number, of which the schema tells the names.
//
//	data.Parquet{From: data.ImageFolder{Path: "mnist/mnist", Size: 28}}
//	data.Parquet{From: data.ImageFolder{Path: "cifar100/cifar100", Size: 32}, Image: "img", Label: "fine_label"}
//
// Files are read by row group and page, each once, and the images are decoded into the cache, from
// where each is read at random, as those of [ImageFolder] are; a set is in the order of the names of
// files and of rows. Labels of -1, by which the hub hides those of test images, are none. Where no row
// has a label, the images are unlabelled. Paths in the image column are not read.
//
// Compressed pages may be of Snappy, gzip or Zstandard. Where a file claims more than it can hold, that
// is an error before memory is taken for it.
//
// The format: https://parquet.apache.org/docs/file-format/; the features of the hub:
// https://huggingface.co/docs/datasets/about_dataset_features.
type Parquet struct {
	// From is the folder of the files, or one file, and the settings of the images. Of these Object must
	// be left out. Rows are held out by TestFraction and ValidationFraction where there are no files of
	// these splits. OnBad also says what to do about rows that cannot be used: without an image, with a
	// label of no class, or without one where others have one.
	From ImageFolder

	// TrainShards, ValidationShards and TestShards are the files of the splits, by their paths in the
	// folder: names and patterns as in [WebDataset]. Default: all .parquet files, at any depth, of the
	// split that a word of their name says, such as train-00000-of-00004.parquet; where no name says
	// one, all are training files.
	TrainShards, ValidationShards, TestShards []string

	// Image is the column of the images: of bytes, or a struct with a field "bytes"; default "image".
	Image string
	// Label is the column of the labels, of whole numbers or text. Default: "label", or where the files
	// have no such column, the one that the hub's schema calls one of classes; where it has several, one
	// must be named, and where it has none, the images are unlabelled. Fields of structs are separated
	// by dots.
	Label string

	// Classes are the names of the classes in the order of their numbers, each once. Default: those of
	// the hub's schema; without one, what the labels of the training files say.
	Classes []string
	// Unlabelled keeps images without a label, where others have one, as unlabelled ones. By default
	// they are rows that cannot be used.
	Unlabelled bool
}

// Name is that of the folder, or of the file without .parquet.
func (p Parquet) Name() string { return strings.TrimSuffix(p.From.Name(), ".parquet") }

// WithDefaults fills in the settings that were left at zero. Label stays: a column that is asked for
// must be there.
func (p Parquet) WithDefaults() Parquet {
	p.From = p.From.WithDefaults()
	p.Image = cmp.Or(p.Image, "image")
	return p
}

// Check returns an error that names the field of a bad setting. It does not look at the path.
func (p Parquet) Check() error { return p.source().check() }

// Open reads the labels and decodes the images of a split, or finds these in the cache. The set is a
// *[FolderSet]. A file that is missing or damaged is an error that names it, and so is a column that is
// not there.
func (p Parquet) Open(split Split) (Set, error) { return p.source().open(split) }

func (p Parquet) source() shardSource {
	p = p.WithDefaults()
	return shardSource{
		of: "data.Parquet", from: p.From, shards: [3][]string{p.TrainShards, p.ValidationShards, p.TestShards},
		classes: p.Classes, unlabelled: p.Unlabelled, format: parquetShards{p.Image, p.Label},
	}
}

// parquetShards are the files of a Parquet.
type parquetShards struct{ image, label string }

func (p parquetShards) endings() []string { return []string{".parquet"} }

// key is another where the column of the labels is found since that of classes counts: caches of before
// are of images without a label.
func (p parquetShards) key() string {
	return fmt.Sprintf("parquet %q %q", p.image, cmp.Or(p.label, "label, or that of classes"))
}

// parquetFile is an opened file.
type parquetFile struct {
	*parquet.File
	disk  *os.File
	size  int64
	image parquet.LeafColumn
	label *parquet.LeafColumn // nil: none
}

// guarded calls do. The library takes what it reads for sound in places, and panics on damaged files.
func guarded(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("it is damaged: %v", p)
		}
	}()
	return do()
}

func (p parquetShards) open(name string, do func(f *parquetFile) error) error {
	disk, err := os.Open(name)
	if err != nil {
		return err
	}
	defer disk.Close()
	info, err := disk.Stat()
	if err != nil {
		return err
	}
	return guarded(func() error {
		if err := checkParquetFooter(disk, info.Size()); err != nil {
			return err
		}
		opened, err := parquet.OpenFile(disk, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
		if err != nil {
			return fmt.Errorf("it is no Parquet file, or damaged: %w", err)
		}
		f := &parquetFile{File: opened, disk: disk, size: info.Size()}
		if err := f.columns(p); err != nil {
			return err
		}
		return do(f)
	})
}

// columns finds the columns that are read.
func (f *parquetFile) columns(p parquetShards) error {
	at := strings.Split(p.image, ".")
	var ok bool
	if f.image, ok = f.Schema().Lookup(append(at, "bytes")...); !ok {
		if f.image, ok = f.Schema().Lookup(at...); !ok {
			return f.noColumn(p.image)
		}
	}
	if kind := f.image.Node.Type().Kind(); kind != parquet.ByteArray || f.image.MaxRepetitionLevel > 0 {
		return fmt.Errorf("its column %s is no column of bytes", p.image)
	}
	if at = strings.Split(p.label, "."); p.label == "" {
		column, err := f.labelColumn()
		if column == "" {
			return err
		}
		at = []string{column}
	}
	label, ok := f.Schema().Lookup(at...)
	if !ok {
		return f.noColumn(p.label)
	}
	switch kind := label.Node.Type().Kind(); {
	case label.MaxRepetitionLevel > 0:
		return fmt.Errorf("its column %s is of lists; an image must have one label", strings.Join(label.Path, "."))
	case kind != parquet.Int32 && kind != parquet.Int64 && kind != parquet.ByteArray && kind != parquet.Boolean:
		return fmt.Errorf("its column %s is of %s; it must be of whole numbers or text", strings.Join(label.Path, "."), kind)
	}
	f.label = &label
	return nil
}

// labelColumn is the column of the labels where none was named: label, or the only one of classes; "" where
// there is none. The schema of the hub stays as it is where columns are taken away.
func (f *parquetFile) labelColumn() (string, error) {
	if _, ok := f.Schema().Lookup("label"); ok {
		return "label", nil
	}
	features, err := f.features()
	if err != nil {
		return "", err
	}
	var columns []string
	for column, feature := range features {
		if _, ok := f.Schema().Lookup(column); ok && classNames(feature) != nil {
			columns = append(columns, column)
		}
	}
	slices.Sort(columns)
	switch len(columns) {
	case 0:
		return "", nil
	case 1:
		return columns[0], nil
	}
	return "", fmt.Errorf("it has classes in the columns %s; name one in Label", strings.Join(columns, ", "))
}

// features are those of the columns in the hub's schema, if there is one.
func (f *parquetFile) features() (map[string]json.RawMessage, error) {
	content, ok := f.File.Lookup("huggingface")
	if !ok {
		return nil, nil
	}
	var schema struct {
		Info struct {
			Features map[string]json.RawMessage
		}
	}
	if err := json.Unmarshal([]byte(content), &schema); err != nil {
		return nil, fmt.Errorf("the schema of the hub in it cannot be read: %w", err)
	}
	return schema.Info.Features, nil
}

// classNames are those of a feature of the hub's schema, nil where it is none of classes.
func classNames(feature json.RawMessage) []string {
	var label struct {
		Type  string `json:"_type"`
		Names []string
	}
	if json.Unmarshal(feature, &label) != nil || label.Type != "ClassLabel" || len(label.Names) == 0 {
		return nil
	}
	return label.Names
}

func (f *parquetFile) noColumn(name string) error {
	var names []string
	for _, path := range f.Schema().Columns() {
		names = append(names, strings.Join(path, "."))
	}
	return noColumn(name, names)
}

// classes are the names that the hub's schema has for the labels.
func (p parquetShards) classes(name string) (names []string, err error) {
	err = p.open(name, func(f *parquetFile) error {
		if f.label == nil {
			return nil
		}
		features, err := f.features()
		if err != nil {
			return err
		}
		feature := features[f.label.Path[0]]
		for _, field := range f.label.Path[1:] {
			var fields map[string]json.RawMessage
			if json.Unmarshal(feature, &fields) != nil {
				return nil
			}
			feature = fields[field]
		}
		if names = classNames(feature); names != nil {
			return checkClasses("the schema of the hub in it", names)
		}
		return nil
	})
	return names, err
}

func (p parquetShards) samples(name string) (samples []shardSample, err error) {
	err = p.open(name, func(f *parquetFile) error {
		// Every row that can be used takes at least a byte of the file.
		if f.NumRows() < 0 || f.NumRows() > f.size {
			return fmt.Errorf("it claims %d rows, more than its %d bytes can hold", f.NumRows(), f.size)
		}
		samples = make([]shardSample, f.NumRows())
		for i := range samples {
			samples[i].name, samples[i].at = fmt.Sprintf("%08d", i), int64(i)
		}
		if f.label == nil {
			return nil
		}
		return f.values(*f.label, func(row int64, v parquet.Value) error {
			s := &samples[row]
			switch kind := v.Kind(); {
			case v.IsNull():
			case kind == parquet.ByteArray && (len(v.ByteArray()) > maxLabel || !utf8.Valid(v.ByteArray())):
				s.why = errors.New("its label is no text, or a long one")
			case kind == parquet.ByteArray:
				s.label = strings.TrimSpace(string(v.ByteArray()))
			case kind == parquet.Boolean:
				s.label = strconv.FormatBool(v.Boolean())
			default:
				n := int64(v.Int32())
				if kind == parquet.Int64 {
					n = v.Int64()
				}
				if n != -1 {
					s.label, s.numbered = strconv.FormatInt(n, 10), true
				}
			}
			return nil
		})
	})
	return samples, err
}

func (p parquetShards) visit(name string, samples []shardSample, do func(shardSample, io.Reader, uint64, error) error) error {
	var failed error // of do: not that the file is damaged
	err := p.open(name, func(f *parquetFile) error {
		left := room(maxRatio * f.size)
		return f.values(f.image, func(row int64, v parquet.Value) error {
			if len(samples) == 0 || samples[0].at != row {
				return nil
			}
			s := samples[0]
			samples = samples[1:]
			var full error
			if v.IsNull() {
				full = errors.New("it has no image: no bytes")
			} else {
				full = left.take(uint64(len(v.ByteArray())))
			}
			failed = do(s, bytes.NewReader(v.ByteArray()), uint64(len(v.ByteArray())), full)
			return failed
		})
	})
	return cmp.Or(failed, err)
}

// values calls do for the value of every row of a column, page by page.
func (f *parquetFile) values(column parquet.LeafColumn, do func(row int64, v parquet.Value) error) error {
	row := int64(0)
	buffer := make([]parquet.Value, 64)
	for g, group := range f.RowGroups() {
		end := row + group.NumRows()
		if group.NumRows() < 0 || end > f.NumRows() {
			return errors.New("it is damaged: its row groups have more rows than the file")
		}
		meta := &f.Metadata().RowGroups[g].Columns[column.ColumnIndex].MetaData
		if err := checkParquetPages(f.disk, f.size, meta, group.NumRows()); err != nil {
			return fmt.Errorf("row group %d, column %s: %w", g, strings.Join(column.Path, "."), err)
		}
		pages := group.ColumnChunks()[column.ColumnIndex].Pages()
		err := func() error {
			defer pages.Close()
			for {
				page, err := pages.ReadPage()
				if err == io.EOF {
					return nil
				}
				if err != nil {
					return fmt.Errorf("row group %d, column %s: it is damaged: %w", g, strings.Join(column.Path, "."), err)
				}
				values := page.Values()
				for err == nil {
					var n int
					n, err = values.ReadValues(buffer)
					for _, v := range buffer[:n] {
						if row >= end {
							err = errors.New("it is damaged: a column has more values than rows")
							break
						}
						if doErr := do(row, v); doErr != nil {
							err = doErr
							break
						}
						row++
					}
				}
				parquet.Release(page)
				if err != io.EOF {
					return err
				}
			}
		}()
		if err != nil {
			return err
		}
		if row != end {
			return fmt.Errorf("row group %d, column %s: it is damaged: it has %d values for %d rows", g, strings.Join(column.Path, "."), row-(end-group.NumRows()), group.NumRows())
		}
	}
	return nil
}

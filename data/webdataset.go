package data

import (
	"archive/tar"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// WebDataset is a folder of .tar files in the convention of WebDataset: the files of a sample lie one
// behind the other and share their name up to the first dot, such as 000017.jpg and 000017.cls.
//
//	data.WebDataset{From: data.ImageFolder{Path: "imagenet-wds", Size: 64}}
//	data.WebDataset{
//		From: data.ImageFolder{Path: "birds", Size: 64}, TrainShards: []string{"birds-{000000..000012}.tar"}, TestShards: []string{"held-*.tar"},
//	}
//
// The label of a sample is the text of its .cls, else the field LabelField of its .json. Where all are
// whole numbers, these are the numbers of the classes; else they are their names. Where no sample has a
// label, the images are unlabelled. Other files of a sample are not read, compressed ones (.cls.gz,
// .json.gz) among them, nor is what lies in a folder such as __meta__, which the library passes over.
// Samples of two shards are two, whatever their names.
//
// Shards may be compressed (.tar.gz, .tgz). Of one that is not, the places of all images are found once,
// from its headers, and only the images that are wanted are read. Images are decoded once into the
// cache, from where each is read at random, as those of [ImageFolder] are; a set is in the order of the
// names of shards and samples.
//
// The convention: https://github.com/webdataset/webdataset, "The WebDataset Format".
type WebDataset struct {
	// From is the folder of the shards, or one shard, and the settings of the images. Of these Object
	// must be left out. Samples are held out by TestFraction and ValidationFraction where there are no
	// shards of these splits. OnBad also says what to do about samples that cannot be used: without an
	// image, with several, with a label that cannot be read or is of no class, or without one where
	// others have one.
	From ImageFolder

	// TrainShards, ValidationShards and TestShards are the shards of the splits, by their paths in the
	// folder: names, patterns with *, ? and [a-z], and {000000..000012} or {a,b} for each of these,
	// of which none may be missing. Default: all .tar, .tar.gz and .tgz files, at any depth, of the
	// split that a word of their name says, such as birds-train-000.tar; where no name says one, all
	// are training shards.
	TrainShards, ValidationShards, TestShards []string

	// Image is what follows the first dot in the name of a sample's image, such as "left.png". Default:
	// that of the only image which the sample has.
	Image string
	// LabelField is the field of a .json that holds the label; default "label".
	LabelField string

	// Classes are the names of the classes in the order of their numbers, each once. Default: what the
	// labels of the training shards say, so that these are looked through for every split.
	Classes []string
	// Unlabelled keeps images without a label, where others have one, as unlabelled ones. By default
	// they are samples that cannot be used.
	Unlabelled bool
}

// Name is that of the folder, or of the file without .tar.
func (w WebDataset) Name() string { return w.From.Name() }

// WithDefaults fills in the settings that were left at zero.
func (w WebDataset) WithDefaults() WebDataset {
	w.From = w.From.WithDefaults()
	w.LabelField = cmp.Or(w.LabelField, "label")
	return w
}

// Check returns an error that names the field of a bad setting. It does not look at the path.
func (w WebDataset) Check() error { return w.source().check() }

// Open looks through the shards and decodes the images of a split, or finds these in the cache. The set
// is a *[FolderSet]. A shard that is missing or damaged is an error that names it; so is one with a
// name that points outside of the archive.
func (w WebDataset) Open(split Split) (Set, error) { return w.source().open(split) }

func (w WebDataset) source() shardSource {
	w = w.WithDefaults()
	return shardSource{
		of: "data.WebDataset", from: w.From, shards: [3][]string{w.TrainShards, w.ValidationShards, w.TestShards},
		classes: w.Classes, unlabelled: w.Unlabelled, format: tarShards{w.Image, w.LabelField},
	}
}

// tarShards are the shards of a WebDataset.
type tarShards struct{ image, labelField string }

// The most bytes of a label, and of a .json that holds one.
const (
	maxLabel = 1 << 10
	maxJSON  = 1 << 20
)

func (t tarShards) key() string                      { return fmt.Sprintf("tar %q %q", t.image, t.labelField) }
func (t tarShards) endings() []string                { return []string{".tar", ".tar.gz", ".tgz"} }
func (t tarShards) classes(string) ([]string, error) { return nil, nil }

// openTar opens a shard.
func openTar(file string) (*tarArchive, error) {
	opened, err := openArchive(file)
	if err != nil {
		return nil, err
	}
	shard, ok := opened.(*tarArchive)
	if !ok {
		opened.close()
		return nil, errors.New("it is no .tar nor .tar.gz")
	}
	return shard, nil
}

// sampleKey cuts a path into what the files of a sample share and what follows the first dot, in lower
// case; false where it has none or is hidden.
func sampleKey(name string) (key, ending string, ok bool) {
	folder, base := path.Split(name)
	before, ending, ok := strings.Cut(base, ".")
	return folder + before, strings.ToLower(ending), ok && before != "" && !hiddenPath(name)
}

// tarSample is the files of a sample that are read.
type tarSample struct {
	key    string
	images []shardSample // by their endings, in the order of the archive
	cls    *string       // the text of the .cls
	json   *string       // the label of the .json
	noJSON error         // why it has none, which matters where there is no .cls
	why    error
}

func (t tarShards) samples(file string) ([]shardSample, error) {
	shard, err := openTar(file)
	if err != nil {
		return nil, err
	}
	defer shard.close()
	left := room(shard.info.Size())
	if shard.zipped {
		left *= maxRatio
	}
	byKey := map[string]*tarSample{}
	var keys []string
	var ignored []Skipped
	seen := map[string]bool{}
	err = shard.walk(func(name string, header *tar.Header, r *tar.Reader) error {
		key, ending, ok := sampleKey(name)
		if header.Typeflag == tar.TypeReg && shardMeta.MatchString(name) {
			ignored = append(ignored, Skipped{name, ofTheShard})
			return nil
		}
		if header.Typeflag != tar.TypeReg || !ok {
			if header.Typeflag != tar.TypeDir && !hiddenPath(name) {
				ignored = append(ignored, Skipped{name, notInSample})
			}
			return nil
		}
		if seen[name] {
			ignored = append(ignored, Skipped{name, twiceInIt})
			return nil
		}
		seen[name] = true
		s := byKey[key]
		if s == nil {
			s = &tarSample{key: key}
			byKey[key], keys = s, append(keys, key)
		}
		return t.add(s, name, ending, shard, header, r, &left)
	})
	if err != nil {
		return nil, err
	}
	var samples []shardSample
	for _, key := range keys {
		samples = append(samples, t.sample(byKey[key]))
	}
	if len(samples) > 0 {
		samples[0].ignored = ignored
	}
	return samples, nil
}

// Why files of a shard are ignored.
const (
	notInSample = "neither a file of a sample nor a folder"
	ofTheShard  = "it says something of the shard, not of a sample"
)

// shardMeta is the names that the library passes over (skip_meta in its tariterators.py).
var shardMeta = regexp.MustCompile(`^__[^/]*__($|/)`)

// add takes a file into its sample.
func (t tarShards) add(s *tarSample, name, ending string, shard *tarArchive, header *tar.Header, r *tar.Reader, left *room) error {
	text := func(most int64, before *string) ([]byte, error) {
		if before != nil { // Endings are compared in lower case, as the library does.
			return nil, fmt.Errorf("it has several .%s", ending)
		}
		if header.Size > most {
			return nil, fmt.Errorf("its .%s has %d bytes; it must have at most %d", ending, header.Size, most)
		}
		content, err := io.ReadAll(r)
		if err == nil && !utf8.Valid(content) {
			err = errors.New("it is not in UTF-8")
		}
		if err != nil {
			return nil, fmt.Errorf("its .%s cannot be read: %w", ending, err)
		}
		return content, nil
	}
	switch {
	case ending == "cls":
		content, err := text(maxLabel, s.cls)
		label := strings.TrimSpace(string(content))
		s.cls, s.why = &label, cmp.Or(s.why, err)
	case ending == "json":
		content, err := text(maxJSON, s.json)
		if err == nil {
			s.json, err = t.labelOf(content)
		}
		if s.noJSON = err; s.json == nil {
			s.json = new("")
		}
	case t.image == "" && imageName("."+ending), t.image != "" && ending == strings.ToLower(t.image):
		image := shardSample{entry: name, size: header.Size}
		if err := left.take(uint64(header.Size)); err != nil {
			image.why = err
		}
		if !shard.zipped {
			at, err := shard.file.Seek(0, io.SeekCurrent) // The reader of a .tar reads no more than it returns.
			if err != nil {
				return err
			}
			image.at = at
		}
		s.images = append(s.images, image)
	}
	return nil
}

// sample is what the files of a sample mean.
func (t tarShards) sample(files *tarSample) shardSample {
	s := shardSample{name: files.key}
	switch {
	case len(files.images) == 0:
		s.why = errors.New("it has no image")
		return s
	case len(files.images) > 1:
		var endings []string
		for _, image := range files.images {
			_, ending, _ := sampleKey(image.entry)
			endings = append(endings, ending)
		}
		slices.Sort(endings)
		s.why = fmt.Errorf("it has the images %s; Image must say which", firstFew(endings))
		return s
	}
	image := files.images[0]
	s.entry, s.at, s.size, s.why = image.entry, image.at, image.size, cmp.Or(files.why, image.why)
	if s.why != nil {
		return s
	}
	if files.cls != nil {
		if s.label = *files.cls; s.label == "" {
			s.why = errors.New("its .cls is empty")
		}
		return s
	}
	if files.json != nil {
		s.label, s.why = *files.json, files.noJSON
	}
	return s
}

// labelOf is the label in the content of a .json.
func (t tarShards) labelOf(content []byte) (*string, error) {
	var (
		fields map[string]json.RawMessage
		label  string
	)
	if err := json.Unmarshal(bytes.TrimPrefix(content, []byte("\ufeff")), &fields); err != nil {
		return &label, fmt.Errorf("its .json cannot be read: %w", err)
	}
	label, err := scalarText(fields[t.labelField])
	if err != nil {
		return &label, fmt.Errorf("the %s of its .json is %w", t.labelField, err)
	}
	return &label, nil
}

func (t tarShards) visit(file string, samples []shardSample, do func(shardSample, io.Reader, uint64, error) error) error {
	shard, err := openTar(file)
	if err != nil {
		return err
	}
	defer shard.close()
	if !shard.zipped {
		for _, s := range samples {
			if err := do(s, io.NewSectionReader(shard.file, s.at, s.size), uint64(s.size), nil); err != nil {
				return err
			}
		}
		return nil
	}
	byEntry := map[string]shardSample{}
	for _, s := range samples {
		byEntry[s.entry] = s
	}
	return shard.walk(func(name string, header *tar.Header, r *tar.Reader) error {
		s, ok := byEntry[name]
		if !ok || header.Typeflag != tar.TypeReg {
			return nil
		}
		delete(byEntry, name) // The first counts.
		return do(s, r, uint64(header.Size), nil)
	})
}

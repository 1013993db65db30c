package data

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"sslkit/kit/setting"
)

// ImageNet is a folder or an archive of class folders that are named by WordNet ids, such as
// train/n01440764, as ILSVRC, Imagenette and Imagewoof have them. It reads them as [ImageFolder] does,
// calls the classes by their names, and labels the flat folder of validation images of ILSVRC by a list.
// Classes stay in the order of their ids.
//
//	data.ImageNet{From: data.ImageFolder{Path: "imagenette2-160.tgz", Size: 64}}
//	data.ImageNet{
//		From:       data.ImageFolder{Path: "ILSVRC/Data/CLS-LOC", Size: 64},
//		ClassIndex: "LOC_synset_mapping.txt", ValidationLabels: "LOC_val_solution.csv",
//	}
//
// ImageNet itself (https://image-net.org) is for non-commercial research and education, by agreement
// with its authors, and must be fetched there. Imagenette and Imagewoof, ten classes of it each, are at
// https://github.com/fastai/imagenette under the Apache licence 2.0:
// https://s3.amazonaws.com/fast-ai-imageclas/imagenette2-160.tgz, imagewoof2-160.tgz and, with the
// shorter side of 320 pixels and as they were, imagenette2-320.tgz, imagenette2.tgz and so on. No hash
// of them is checked: fast.ai has published other files under the same addresses.
//
// Its test labels are not public: [ValidationAsTest] tests on the validation images.
//
// O. Russakovsky et al., "ImageNet large scale visual recognition challenge", IJCV 115, 2015
// (arXiv:1409.0575).
type ImageNet struct {
	From ImageFolder // the folder or archive, and the settings of the images

	// ClassIndex is a local file of the names of the classes: a .json such as imagenet_class_index.json,
	// {"0": ["n01440764", "tench"], ...}, or lines of an id, a blank and a name, such as
	// LOC_synset_mapping.txt. An id that it lacks is an error. A name that several classes share is
	// followed by the id of each, such as "crane (n02012849)". Default: the names of Imagenette's and
	// Imagewoof's classes; other classes are called by their ids.
	ClassIndex string `recipe:"path"`

	// ValidationLabels is a local file of the classes of validation images that lie in one flat folder,
	// val. It holds lines of an image and its class, separated by a comma or a blank, such as
	// LOC_val_solution.csv or Caffe's val.txt, where a class is an id or, from 0, its place among the
	// sorted ids; or lines of ids alone, in the order of the names of the images. The numbers of
	// ILSVRC2012_validation_ground_truth.txt are refused: they are in an order of their own.
	ValidationLabels string `recipe:"path"`
}

// wordNetNames are the classes of Imagenette and Imagewoof
// (https://github.com/fastai/imagenette, README).
var wordNetNames = map[string]string{
	"n01440764": "tench", "n02102040": "English springer", "n02979186": "cassette player", "n03000684": "chain saw", "n03028079": "church",
	"n03394916": "French horn", "n03417042": "garbage truck", "n03425413": "gas pump", "n03445777": "golf ball", "n03888257": "parachute",
	"n02086240": "Shih-Tzu", "n02087394": "Rhodesian ridgeback", "n02088364": "beagle", "n02089973": "English foxhound", "n02093754": "Border terrier",
	"n02096294": "Australian terrier", "n02099601": "golden retriever", "n02105641": "Old English sheepdog", "n02111889": "Samoyed", "n02115641": "dingo",
}

// wordNetID is a noun's.
var wordNetID = regexp.MustCompile(`^n\d{8}$`)

// Name is the folder's.
func (n ImageNet) Name() string { return n.From.Name() }

// WithDefaults fills in the settings that were left at zero.
func (n ImageNet) WithDefaults() ImageNet {
	n.From = n.From.WithDefaults()
	return n
}

// Check returns an error that names the field of a bad setting. It does not look at the paths.
func (n ImageNet) Check() error {
	return cmp.Or(n.From.check("data.ImageNet: From"),
		setting.Must(n.ValidationLabels == "" || n.From.ValidationFraction == 0, "data.ImageNet: From.ValidationFraction", n.From.ValidationFraction,
			"left out where ValidationLabels is given"))
}

// Open reads the names and decodes the images of a split, or finds these in the cache. A class folder
// that is not named by a WordNet id is an error that names it.
func (n ImageNet) Open(split Split) (Set, error) {
	if err := cmp.Or(n.Check(), split.check()); err != nil {
		return nil, err
	}
	n = n.WithDefaults()
	set, err := n.open(split)
	if err != nil {
		return nil, fmt.Errorf("data: opening %s of %s: %w", split, n.From.Path, err)
	}
	return set, nil
}

func (n ImageNet) open(split Split) (Set, error) {
	names := wordNetNames
	if n.ClassIndex != "" {
		var err error
		if names, err = readClassIndex(n.ClassIndex); err != nil {
			return nil, fmt.Errorf("%s: %w", n.ClassIndex, err)
		}
	}
	var (
		folder *FolderSet
		err    error
	)
	if split == Validation && n.ValidationLabels != "" {
		folder, err = n.validation()
	} else {
		folder, err = n.From.open(split, n.From.objects())
	}
	if err != nil {
		return nil, err
	}
	set := &wordNetSet{FolderSet: folder}
	if set.classes, err = nameClasses(folder.Classes(), names, n.ClassIndex != ""); err != nil {
		folder.Close()
		return nil, err
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "imagenet/1 %s %q", folder.Fingerprint(), set.classes))
	set.fingerprint = hex.EncodeToString(sum[:])
	return set, nil
}

// nameClasses are the names of ids. Names that several classes share, such as crane in ILSVRC and, in
// lists of first names alone, maillot, get their ids too.
func nameClasses(ids []string, names map[string]string, all bool) ([]string, error) {
	var classes []string
	count := map[string]int{}
	for _, id := range ids {
		if !wordNetID.MatchString(id) {
			return nil, fmt.Errorf("the class folder %s is not named by a WordNet id, such as n01440764", id)
		}
		name, ok := names[id]
		if !ok && all {
			return nil, fmt.Errorf("ClassIndex has no name for %s", id)
		}
		classes = append(classes, cmp.Or(name, id))
		count[cmp.Or(name, id)]++
	}
	for class, name := range classes {
		if count[name] > 1 {
			classes[class] = fmt.Sprintf("%s (%s)", name, ids[class])
		}
	}
	return classes, nil
}

// wordNetSet is a folder's split with other names of classes.
type wordNetSet struct {
	*FolderSet
	classes     []string
	fingerprint string
}

func (s *wordNetSet) Classes() []string   { return s.classes }
func (s *wordNetSet) Fingerprint() string { return s.fingerprint }

// validation opens the flat folder of validation images.
func (n ImageNet) validation() (*FolderSet, error) {
	tree, err := openArchive(n.From.Path)
	if err != nil {
		return nil, err
	}
	defer tree.close()
	entries, err := tree.list()
	if err != nil {
		return nil, err
	}
	found, err := newLayout(entries, true)
	if err != nil {
		return nil, err
	}
	images := found.images[Validation]
	if len(images) == 0 || found.labelled[Validation] || found.classes == nil {
		return nil, errors.New("ValidationLabels is given, and there is no flat folder val beside class folders in train")
	}
	content, err := readSmall(n.ValidationLabels)
	if err != nil {
		return nil, err
	}
	classOf, left, err := validationClasses(content, images, found.classes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n.ValidationLabels, err)
	}
	if len(left) > 0 && n.From.OnBad == Fail {
		return nil, fmt.Errorf("%s: %s", left[0].Path, left[0].Reason)
	}
	list := &listing{classes: found.classes, folder: path.Dir(images[0].path), unnamed: "not of the validation images", bad: left}
	for _, image := range images {
		if class, ok := classOf[image.path]; ok {
			list.images = append(list.images, listedImage{path: image.path, class: class})
		}
	}
	return n.From.openListed(Validation, list)
}

// maxNames bounds a file of names or labels: those of ImageNet have up to 20 MB.
const maxNames = 64 << 20

// readSmall reads a local file of text.
func readSmall(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxNames+1))
	if err != nil {
		return nil, err
	}
	if len(content) > maxNames {
		return nil, fmt.Errorf("%s: the file is longer than %d MiB", name, maxNames>>20)
	}
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	if !utf8.Valid(content) {
		return nil, fmt.Errorf("%s: it is not in UTF-8", name)
	}
	return content, nil
}

// readClassIndex reads the names of WordNet ids.
func readClassIndex(name string) (map[string]string, error) {
	content, err := readSmall(name)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	add := func(where, id, name string) error {
		id, name = strings.TrimSpace(id), strings.TrimSpace(name)
		if !wordNetID.MatchString(id) || name == "" {
			return fmt.Errorf("%s is %.40q, %.40q; it must be a WordNet id, such as n01440764, and a name", where, id, name)
		}
		if _, twice := names[id]; twice {
			return fmt.Errorf("%s: %s comes twice", where, id)
		}
		names[id] = name
		return nil
	}
	if strings.EqualFold(path.Ext(name), ".json") {
		var index map[string][]string
		if err := json.Unmarshal(content, &index); err != nil {
			return nil, err
		}
		for key, entry := range index {
			if len(entry) != 2 {
				return nil, fmt.Errorf("entry %.40q has %d texts; it must have an id and a name", key, len(entry))
			}
			if err := add("entry "+key, entry[0], entry[1]); err != nil {
				return nil, err
			}
		}
		return names, nil
	}
	number := 0
	for line := range strings.Lines(string(content)) {
		number++
		if strings.TrimSpace(line) == "" {
			continue
		}
		id, name := line, ""
		if at := strings.IndexAny(line, " \t,"); at >= 0 {
			id, name = line[:at], line[at+1:]
		}
		if err := add(fmt.Sprintf("line %d", number), id, name); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// validationClasses are the classes of images by their paths, and the images that have none. ids are
// sorted, as images are by their paths.
func validationClasses(content []byte, images []located, ids []string) (map[string]int, []Skipped, error) {
	classOf := map[string]int{}
	byStem := map[string]int{}
	alone := 0
	number := 0
	for line := range strings.Lines(string(content)) {
		number++
		fields := strings.FieldsFunc(line, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\r' || r == '\n' })
		if len(fields) == 0 || (number == 1 && strings.EqualFold(fields[0], "ImageId")) {
			continue
		}
		label := fields[min(1, len(fields)-1)]
		class, known := slices.BinarySearch(ids, label)
		switch place, err := strconv.Atoi(label); {
		case err == nil && len(fields) == 1:
			return nil, nil, fmt.Errorf("line %d is the number %d: the numbers of ILSVRC2012_validation_ground_truth.txt are in an order of their own "+
				"(meta.mat); give a list with WordNet ids, such as LOC_val_solution.csv", number, place)
		case err == nil && place >= 0 && place < len(ids):
			class, known = place, true
		}
		if !known {
			return nil, nil, fmt.Errorf("line %d has the class %.40q, which is none of the %d of train", number, label, len(ids))
		}
		if len(fields) == 1 {
			if alone++; alone <= len(images) {
				classOf[images[alone-1].path] = class
			}
			continue
		}
		stem := stemOf(path.Base(fields[0]))
		if before, twice := byStem[stem]; twice && before != class {
			return nil, nil, fmt.Errorf("line %d gives %.60s another class than a line before", number, stem)
		}
		byStem[stem] = class
	}
	if alone > 0 && (len(byStem) > 0 || alone != len(images)) {
		return nil, nil, fmt.Errorf("it has %d lines of classes alone, and there are %d validation images", alone, len(images))
	}
	var left []Skipped
	for _, image := range images {
		if class, ok := byStem[stemOf(path.Base(image.path))]; ok {
			classOf[image.path] = class
		}
		if _, ok := classOf[image.path]; !ok {
			left = append(left, Skipped{image.path, "it is not in ValidationLabels"})
		}
	}
	return classOf, left, nil
}
